import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import (
    TemplateError,
    find_template,
    load_template,
    shipped_templates,
    template_from_json,
    template_to_json,
)
from medsapiens_core.errors import UserError
from medsapiens_core.resources import resource_path

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
KEYPOINT_FILES = {
    "ceph-19": "ceph/train_senior.json",
    "spine-68": "spine/train.json",
    "hand-37": "hand_dha/train.json",
    "hand-21": "hand_rsna/train.json",
    "chest-6": "chest/train.json",
}
COUNTS = {"ceph-19": 19, "spine-68": 68, "hand-37": 37, "hand-21": 21, "chest-6": 6}

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)
ids = st.lists(
    st.text(string.ascii_letters + string.digits, min_size=1, max_size=8), min_size=1, max_size=8, unique=True
)


@st.composite
def templates(draw):
    landmark_ids = draw(ids)
    paired = len(landmark_ids) // 2 if draw(st.booleans()) else 0
    pair = {landmark_ids[k]: landmark_ids[k ^ 1] for k in range(paired * 2)}
    marks = tuple(
        Landmark(i, draw(names), draw(names), draw(names), pair.get(i), draw(names), draw(st.floats(0.1, 100)))
        for i in landmark_ids
    )
    end = st.sampled_from(landmark_ids)
    lines = tuple(draw(st.lists(st.tuples(end, end), max_size=4)))
    return Template("t", draw(st.integers(1, 99)), draw(names), marks, lines, draw(names))


@pytest.fixture
def record():
    return json.loads(resource_path("templates", "chest-6.json").read_text(encoding="utf-8"))


def test_exactly_the_five_templates_are_shipped():
    assert {key: len(template) for key, template in shipped_templates().items()} == COUNTS
    assert {path.stem for path in resource_path("templates").glob("*.json")} == set(COUNTS)


@pytest.mark.parametrize("template_id", COUNTS)
def test_ids_and_order_are_those_of_the_public_annotations(template_id):
    path = DATA / KEYPOINT_FILES[template_id]
    if not path.exists():
        pytest.skip("the development images are not on this computer")
    (category,) = json.loads(path.read_text())["categories"]
    assert list(find_template(template_id).ids) == category["keypoints"]


@pytest.mark.parametrize("template_id", COUNTS)
def test_what_a_reader_sees_is_complete_and_distinct(template_id):
    template = find_template(template_id)
    for field in ("name", "abbreviation", "definition"):
        values = [getattr(mark, field) for mark in template.landmarks]
        assert len(set(values)) == len(values), field
    assert all(mark.definition[0].isupper() and mark.definition.endswith(".") for mark in template.landmarks)
    assert all(mark.definition.count(".") == 1 for mark in template.landmarks), "one sentence each"
    assert all(mark.group for mark in template.landmarks)
    assert template.description
    assert template.lines


@pytest.mark.parametrize(("template_id", "pairs"), {"ceph-19": 0, "hand-37": 0, "hand-21": 0}.items())
def test_one_sided_and_midline_templates_have_no_pairs(template_id, pairs):
    assert sum(mark.pair is not None for mark in find_template(template_id).landmarks) == pairs
    assert find_template(template_id).flip_index == tuple(range(COUNTS[template_id]))


def test_a_mirrored_vertebra_swaps_its_sides_and_keeps_its_endplates():
    spine = find_template("spine-68")
    assert spine.flip_index == tuple(k ^ 1 for k in range(68))
    assert all("left" in mark.id and mark.pair == mark.id.replace("left", "right") for mark in spine.landmarks[::2])


def test_a_mirrored_chest_swaps_its_lungs():
    assert find_template("chest-6").flip_index == (3, 4, 5, 0, 1, 2)


def test_the_spine_counts_from_t1_to_l5():
    marks = find_template("spine-68").landmarks
    assert [marks[4 * k].abbreviation.removesuffix("sup-L") for k in range(17)] == [
        *(f"T{n}" for n in range(1, 13)),
        *(f"L{n}" for n in range(1, 6)),
    ]


def test_an_unknown_template_lists_the_known_ones():
    with pytest.raises(UserError, match=r"'knee-9'.*ceph-19, chest-6, hand-21, hand-37, spine-68"):
        find_template("knee-9")


@given(templates())
def test_json_round_trip(template):
    assert template_from_json(json.loads(json.dumps(template_to_json(template)))) == template


def test_shipped_files_say_nothing_that_is_lost(record):
    assert template_to_json(template_from_json(record)) == record


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "mstemplate/9"}, "format"),
        ({"version": 0}, "version"),
        ({"version": "1"}, "version"),
        ({"id": "../up"}, "id"),
        ({"surprise": 1}, "surprise"),
        ({"landmarks": []}, "landmarks"),
        ({"lines": [["lung1_apex", "nowhere"]]}, "nowhere"),
        ({"lines": [["lung1_apex"]]}, "lines"),
    ],
)
def test_a_bad_template_names_the_field(record, change, message):
    with pytest.raises(TemplateError, match=message):
        template_from_json({**record, **change})


@pytest.mark.parametrize("field", ["abbreviation", "name"])
def test_a_landmark_must_be_described(record, field):
    record["landmarks"][0][field] = ""
    with pytest.raises(TemplateError, match=field):
        template_from_json(record)


def test_a_one_sided_pair_is_refused(record):
    record["landmarks"][3]["pair"] = None
    with pytest.raises(TemplateError, match="mutual pair"):
        template_from_json(record)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "NaN",
        '{"id": 1, "id": 2}',
        "[" * 100_000,
        '{"format": Infinity}',
        "\ud800".encode("utf-16", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TemplateError, match=r"mine\.json cannot be used"):
        load_template(path)


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "mine.json"
    with path.open("wb") as file:
        file.truncate(5_000_000)
    with pytest.raises(TemplateError, match="larger than 4 MB"):
        load_template(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TemplateError, match=r"gone\.json"):
        load_template(tmp_path / "gone.json")
