import json

import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.exchange.mapping import match_names, read_map, rename, require_known

CEPH = find_template("ceph-19")


def test_ids_names_and_abbreviations_match_exactly_and_nothing_else_does():
    names = match_names(["sella", "Nasion", "Or", "po", "sella turcica", "PORION"], CEPH)
    assert dict(names.landmarks) == {"sella": "sella", "Nasion": "nasion", "Or": "orbitale"}
    assert names.unknown == ("po", "sella turcica", "PORION")
    assert len(names.missing) == 16 and "porion" in names.missing
    with pytest.raises(UserError, match=r"3 names.*'po'.*--map"):
        require_known(names, CEPH)


def test_an_abbreviation_of_two_landmarks_is_unknown():
    twice = Template("t", 1, "T", (Landmark("a", "A", "X", "A."), Landmark("b", "B", "X", "B.")))
    assert match_names(["X"], twice).unknown == ("X",)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("map.csv", 'name,landmark\nK0,sella\nK1,\n"a,b",nasion\n'),
        ("map.json", json.dumps({"K0": "sella", "K1": None, "a,b": "nasion"})),
    ],
)
def test_a_map_file_names_the_rest_and_goes_before_exact_matches(tmp_path, file, text):
    (tmp_path / file).write_text(text, encoding="utf-8")
    given = read_map(tmp_path / file)
    names = match_names(["K0", "K1", "a,b", "menton"], CEPH, given)
    assert dict(names.landmarks) == {"K0": "sella", "a,b": "nasion", "menton": "menton"}
    assert (names.left_out, names.unknown) == (("K1",), ())
    points = {name: placed(k, k, None) for k, name in enumerate(("K0", "K1", "a,b"))}
    batch = rename(Batch((Reading(ImageRef("a"), points, scores={"K0": 0.5, "K1": 1}),), ("K0", "K1", "a,b")), names)
    assert dict(batch.readings[0].points) == {"sella": placed(0, 0, None), "nasion": placed(2, 2, None)}
    assert (dict(batch.readings[0].scores), batch.landmarks) == ({"sella": 0.5}, ("sella", "nasion"))
    assert dict(match_names(["sella"], CEPH, {"sella": "menton"}).landmarks) == {"sella": "menton"}


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (["K0"], {"K0": "sela"}, "'sela', which is no landmark"),
        (["S", "sella"], {}, "all mean landmark sella"),
        (["K0", "sella"], {"K0": "sella"}, "all mean landmark sella"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(names, given, message):
    with pytest.raises(UserError, match=message):
        match_names(names, CEPH, given)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("m.csv", "a,b,c\n1,2,3\n", "two columns"),
        ("m.csv", "name,landmark\nx,a\nx,b\n", "twice"),
        ("m.json", "[1]", "JSON object"),
        ("m.json", '{"x": 1}', "JSON object"),
        ("m.json", '{"x": "a", "x": "b"}', "twice"),
        ("m.json", "{", "not valid JSON"),
    ],
)
def test_a_damaged_map_file_is_refused(tmp_path, file, text, message):
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read_map(tmp_path / file)
