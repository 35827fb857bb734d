from medsapiens_core.data.annotation import Decision, Place, absent, predicted
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, WriteOptions
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write

TEMPLATE = Template("t", 1, "T", tuple(Landmark(name, name, name, "") for name in ("A", "B", "C")))


def test_who_stands_behind_a_position():
    assert placed_state(1, 2, source="model", estimated=True) == predicted(1, 2)
    assert placed_state(1, 2, source="reader").decision is Decision.CORRECTED
    assert placed_state(1, 2, source="reader", estimated=True).place is Place.ESTIMATED


def test_undecided_points_of_a_reader_stay_out_unless_asked_for():
    points = {"A": placed_state(1, 2, source="reader"), "B": predicted(3, 4), "X": absent()}
    batch = Batch((Reading(ImageRef("a.png"), points), Reading(ImageRef("a.png"), points, source="model")), ("A",))
    written, losses = to_write(batch, WriteOptions(TEMPLATE))
    assert [set(reading.points) for reading in written.readings] == [{"A"}, {"A", "B"}]
    assert [loss[:2] for loss in losses] == ["1 ", "2 "]
    everything, losses = to_write(batch, WriteOptions(TEMPLATE, {"undecided": "include"}))
    assert state_of(everything.readings[0], "B") == predicted(3, 4)
    assert counts(everything.readings, TEMPLATE) == {"not_placed": 2, "visible": 4, "estimated": 0, "absent": 0}
    assert len(losses) == 1
