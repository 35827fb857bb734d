"""Set files: round trip, and mistakes named."""

import copy

import pytest

from medsapiens_core.measurements.set_file import (
    MeasureSetError,
    load_set,
    set_from_json,
    set_to_json,
    shipped_sets,
)

GOOD = {
    "format": "msmeasures/1",
    "id": "mine",
    "name": "Mine",
    "measures": [
        {"id": "a", "name": "A", "kind": "distance", "points": ["p", ["q", "r"]], "unit": "mm"},
        {"id": "b", "name": "B", "kind": "combine", "terms": [["a", 2.0]], "unit": "mm"},
    ],
}


@pytest.mark.parametrize("set_id", list(shipped_sets()))
def test_shipped_sets_come_back_as_they_were(set_id):
    assert set_from_json(set_to_json(shipped_sets()[set_id])) == shipped_sets()[set_id]


def broken(**changes):
    value = copy.deepcopy(GOOD)
    value["measures"][0] |= changes
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (broken(points=["p"]), "needs 2 points"),
        (broken(unit="deg"), "unit is mm"),
        (broken(kind="angle", points=["p", "q", "r"]), "unit is deg"),
        (broken(kind="cobb", points=["p"] * 8, unit="deg"), "four corners"),
        (broken(kind="nonsense"), "kind"),
        (broken(id="b"), "twice"),
        (GOOD | {"measures": [GOOD["measures"][1]]}, "not in the set"),
        (GOOD | {"surprise": 1}, "surprise"),
        ([], "set"),
    ],
)
def test_mistakes_are_named(value, words):
    with pytest.raises(MeasureSetError, match=words):
        set_from_json(value)


def test_a_circle_of_terms_is_refused():
    value = copy.deepcopy(GOOD)
    value["measures"][0] = {"id": "a", "name": "A", "kind": "combine", "terms": [["b", 1.0]], "unit": "mm"}
    with pytest.raises(MeasureSetError, match="uses itself"):
        set_from_json(value)


def test_the_file_is_named(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("[1,")
    with pytest.raises(MeasureSetError, match=r"broken\.json"):
        load_set(path)
