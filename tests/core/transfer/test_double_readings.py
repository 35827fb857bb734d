import csv
from dataclasses import replace

import numpy as np
import pytest

from medsapiens_core.data.annotation import AbsentReason, absent, placed
from medsapiens_core.data.readers import CONSENSUS, Reader
from medsapiens_core.errors import UserError
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet
from medsapiens_core.measurements.set_file import set_to_json
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.adjudicating import agreed, disputes, finish, in_order, rest_of, settle, take_back
from medsapiens_core.transfer.agreement_tables import write_agreement
from medsapiens_core.transfer.double_readings import pairs, read_cases, repeatability
from medsapiens_core.transfer.measure_limits import limits_of

from ..store.building import TEMPLATE, add_case

MM = np.array([0.2, 0.1])  # of the pictures of `building`: x, y


def read(project, case, reader, points, *, who="AB", reviewed=True):
    """One reading: landmark -> (x, y) px or None for absent."""
    annotation = project.annotations.load(case.id, reader=reader)
    states = {
        mark: absent(AbsentReason.OUTSIDE_FIELD) if xy is None else placed(*xy, None) for mark, xy in points.items()
    }
    edit = replace(annotation.change("place", states), reader=who)
    commit = project.annotations.commit
    annotation = commit(edit, case.id, expected_revision=annotation.revision, reader=reader)
    if reviewed:
        edit = replace(annotation.mark_reviewed(), reader=who)
        annotation = commit(edit, case.id, expected_revision=annotation.revision, reader=reader)
    return annotation


@pytest.fixture
def project(tmp_path):
    """Two cases read by AB and blindly by CD: `menton` lies 10 px to the right for CD, `left` is absent once."""
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        for code in ("AB", "CD"):
            made.readers.add(Reader(code))
        made.cases_ = [add_case(made, number) for number in range(2)]
        made.readings.assign([case.id for case in made.cases_], "CD", by="AB")
        for number, case in enumerate(made.cases_):
            first = {mark: (5.0 + 4 * k + number, 6.0) for k, mark in enumerate(TEMPLATE.ids)}
            second = {mark: (x + (10 if mark == "menton" else 1), y) for mark, (x, y) in first.items()}
            if number == 0:
                second["left"] = None
            read(made, case, "", first)
            read(made, case, "CD", second, who="CD")
        yield made


def test_points_of_two_readers_are_compared_in_mm(project):
    (pair,) = pairs(read_cases(project), TEMPLATE)
    assert (pair.first, pair.second, pair.unit, len(pair.cases)) == ("AB", "CD", "mm", 2)
    by_mark = {one.landmark: one for one in pair.agreement}
    assert by_mark["menton"].distance == pytest.approx(10 * 0.2)
    assert by_mark["sella"].bias == pytest.approx((0.2, 0.0))
    assert (by_mark["left"].n, by_mark["left"].missing) == (1, 1)
    assert not pair.is_repeat


def test_what_is_not_done_or_was_begun_after_looking_is_left_out(project):
    third = add_case(project, 7)
    project.readers.add(Reader("EF"))
    points = dict.fromkeys(TEMPLATE.ids, (3.0, 4.0))
    read(project, third, "", points)
    project.readings.assign([third.id], "EF", by="AB", blind=False)
    read(project, third, "EF", points, who="EF")
    fourth = add_case(project, 8)
    read(project, fourth, "", points)
    project.readings.assign([fourth.id], "CD", by="AB")
    read(project, fourth, "CD", points, who="CD", reviewed=False)
    assert {case.row.id for case in read_cases(project)} == {case.id for case in project.cases_}


def test_the_second_reading_of_the_same_person_is_a_repeat(project):
    case = project.cases_[0]
    project.readings.assign([case.id], "AB", by="AB")
    read(project, case, "AB", dict.fromkeys(TEMPLATE.ids, (5.0, 5.0)))
    found = pairs(read_cases(project), TEMPLATE)
    assert [(pair.first, pair.second, pair.is_repeat) for pair in found] == [
        ("AB", "CD", False),
        ("AB", "AB again", True),
        ("AB again", "CD", False),
    ]


def test_imported_readings_count_without_anybody_being_asked(project):
    case = add_case(project, 9)
    for name in ("junior", "senior"):
        read(project, case, name, dict.fromkeys(TEMPLATE.ids, (3.0, 4.0)), who=name, reviewed=False)
    assert ("junior", "senior") in [(pair.first, pair.second) for pair in pairs(read_cases(project), TEMPLATE)]


def test_repeatability_joins_the_pairs_and_counts_their_cases(project):
    found = repeatability(pairs(read_cases(project), TEMPLATE))
    assert found["menton"].n == 2 and found["menton"].unit == "mm"
    assert found["menton"].sd == pytest.approx(2.0 / 2)  # Dahlberg x 2/sqrt 2, y 0; over both axes / sqrt 2
    assert found["left"].n == 1


def test_a_dispute_is_settled_as_a_third_reading_and_both_stay(project):
    cases = read_cases(project)
    found = disputes(cases, TEMPLATE)
    assert [(one.case.row.id, one.landmark) for one in found] == [(project.cases_[0].id, "left")], (
        "10 px are 2.0 mm, which is still within"
    )
    (one,) = found
    before = [project.annotations.load(one.case.row.id, reader=reader) for reader in ("", "CD")]
    assert not one.can_mean
    with pytest.raises(UserError, match="reason"):
        settle(project, one, one.a, by="AB", reason=" ")
    side = one.a if one.a.x is not None else one.b
    settle(project, one, side, by="AB", reason="Clearer contour")
    assert [project.annotations.load(one.case.row.id, reader=reader) for reader in ("", "CD")] == before
    (edit,) = project.annotations.history(one.case.row.id, reader=CONSENSUS)
    assert (edit.kind, edit.reader, edit.context) == ("consensus", "AB", "Clearer contour")

    case = read_cases(project)[0]
    assert disputes([case], TEMPLATE) == [] and rest_of(case, TEMPLATE) == ["sella", "right", "menton"]
    consensus = finish(project, case, TEMPLATE, "mean", by="AB")
    assert consensus.reviewed and consensus["left"] == side
    a, b = in_order(case)
    assert consensus["menton"].x == pytest.approx((a["menton"].x + b["menton"].x) / 2)
    assert rest_of(read_cases(project)[0], TEMPLATE) == []
    assert project.cases.get(case.row.id).state == "reviewed"
    assert project.check() == []
    items = {item.case_id: item for item in project.snapshots.freeze().items}
    learned = {mark.id: (mark.x, mark.y) for mark in items[case.row.id].landmarks}
    assert learned["menton"] == (consensus["menton"].x, consensus["menton"].y), "models learn from the consensus"
    assert project.snapshots.new_corrections() == 0


def test_the_last_step_of_a_consensus_can_be_taken_back(project):
    (one,) = disputes(read_cases(project), TEMPLATE)
    settle(project, one, one.a, by="AB", reason="Both defensible")
    assert take_back(project, one.case.row.id, by="AB")
    assert [d.landmark for d in disputes(read_cases(project), TEMPLATE)] == ["left"]
    assert not take_back(project, one.case.row.id, by="AB")


def test_a_case_with_an_open_difference_cannot_be_finished(project):
    with pytest.raises(UserError, match="differences"):
        finish(project, read_cases(project)[0], TEMPLATE, "a", by="AB")


def limited(project, limit):
    """A distance that the readers give 1.8 mm apart, with a limit."""
    measure = Measure("sm", "S-Me", Kind.DISTANCE, (("sella",), ("menton",)), unit="mm")
    own = MeasureSet("own", "Own", (measure,), templates=(TEMPLATE.id,))
    project.measurements.save_set(set_to_json(own))
    project.measurements.choose(set_id="own", norms_id="")
    project.measurements.set_limit("own", "sm", limit)
    return limits_of(project)


def test_a_measurement_beyond_its_limit_waits_too_until_it_agrees(project):
    assert limits_of(project) is None and limited(project, None) is None, "without a limit nothing is compared"
    assert len(disputes(read_cases(project), TEMPLATE, limited(project, 2.0))) == 1, "1.8 mm is within 2.0"
    limits = limited(project, 1.0)
    found = disputes(read_cases(project), TEMPLATE, limits)
    first, second = (case.id for case in project.cases_)
    assert [(one.case.row.id, one.landmark) for one in found] == [
        (first, "left"), (first, "menton"), (first, "sella"), (second, "menton"), (second, "sella"),
    ], "what makes most of the difference comes first"  # fmt: skip
    told = found[3].measure
    assert (told.name, told.unit, told.limit) == ("S-Me", "mm", 1.0) and found[0].measure is None
    assert abs(told.a - told.b) == pytest.approx(1.8)
    case = found[3].case
    assert rest_of(case, TEMPLATE, limits) == ["left", "right"]
    with pytest.raises(UserError, match="differences"):
        finish(project, case, TEMPLATE, "a", by="AB", limits=limits)
    settle(project, found[3], agreed(found[3].a, found[3].b, "mean"), by="AB", reason="Both defensible")
    case = next(one for one in read_cases(project) if one.row.id == second)
    assert disputes([case], TEMPLATE, limits) == [], "with one of the two settled the measure agrees"
    assert finish(project, case, TEMPLATE, "b", by="AB", limits=limits).reviewed


def test_a_landmark_that_is_open_by_itself_is_settled_before_its_measurements(project):
    case = add_case(project, 5)
    points = {mark: (5.0 + 4 * k, 6.0) for k, mark in enumerate(TEMPLATE.ids)}
    project.readings.assign([case.id], "CD", by="AB")
    read(project, case, "", points)
    read(project, case, "CD", {**points, "menton": (31.0, 6.0)}, who="CD")
    found = disputes(read_cases(project), TEMPLATE, limited(project, 1.0))
    assert [(one.landmark, one.measure) for one in found if one.case.row.id == case.id] == [("menton", None)]


def test_what_taking_a_side_means():
    a, b = placed(1, 2, None), placed(3, 6, None, estimated=True)
    gone = absent(AbsentReason.OUTSIDE_FIELD)
    assert agreed(a, b, "a") == a and agreed(a, b, "b") == b
    mean = agreed(a, b, "mean")
    assert (mean.x, mean.y, mean.label) == (2, 4, "estimated")
    assert agreed(gone, gone, "mean") == gone
    assert agreed(a, gone, "mean") == a, "there is no mean of a place and none; disputes ask for it"


def test_tables_have_a_row_for_each_landmark_and_each_point(project, tmp_path):
    found = pairs(read_cases(project), TEMPLATE)
    path = tmp_path / "agreement.csv"
    files = write_agreement(path, found)
    with files[0].open(encoding="utf-8", newline="") as stream:
        rows = {row["landmark"]: row for row in csv.DictReader(stream)}
    assert rows["menton"]["unit"] == "mm" and float(rows["menton"]["mean_distance"]) == pytest.approx(2.0)
    assert rows["left"]["sd_x"] == "" and rows["left"]["n_one_reader_only"] == "1"
    with files[1].open(encoding="utf-8", newline="") as stream:
        points = list(csv.DictReader(stream))
    assert len(points) == 2 * len(TEMPLATE)
    assert {row["spacing_source"] for row in points} == {"detector"}
    assert sum(row["distance"] == "" for row in points) == 1
    with pytest.raises(UserError, match="already there"):
        write_agreement(path, found)
    with pytest.raises(UserError, match="nothing to write"):
        write_agreement(tmp_path / "other.csv", [])
