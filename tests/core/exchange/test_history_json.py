import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from medsapiens_core.data.annotation import absent, placed, predicted
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.canonical import is_sealed, seal, template_sha256
from medsapiens_core.exchange.history_json import FORMAT
from tests.core.exchange.own_files import TEMPLATE, batches, states_of, template_of

OPTIONS = WriteOptions(TEMPLATE, {"undecided": "include"})
SMALL = template_of(("S", "Po"))
PLAIN = Reading(ImageRef("a.png", 10, 20), {"S": placed(1.5, 2, None), "Po": absent()}, reader="AB", revision=7)


def read(path):
    return FORMAT.read(path, ReadOptions())


def write(path, *readings):
    FORMAT.write(Batch(readings, SMALL.ids), path, WriteOptions(SMALL))
    return path


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches())
def test_what_is_written_is_read_again_and_written_alike(tmp_path, batch):
    path = tmp_path / "a.jsonl"
    FORMAT.write(batch, path, OPTIONS)
    back = read(path)
    assert back.messages == ()
    for before, after in zip(batch.readings, back.readings, strict=True):
        assert states_of(before) == states_of(after)
        assert before.image == after.image
        for name in ("reader", "source", "model_id", "scores", "reviewed", "decided_utc", "revision", "note"):
            assert getattr(before, name) == getattr(after, name), name
    FORMAT.write(back, tmp_path / "b.jsonl", OPTIONS)
    assert (tmp_path / "b.jsonl").read_bytes() == path.read_bytes()


def test_readers_of_one_image_share_an_object_that_names_the_template(tmp_path):
    path = write(tmp_path / "a.jsonl", PLAIN, replace(PLAIN, reader="CD"))
    (line,) = path.read_text(encoding="utf-8").splitlines()
    case = json.loads(line)
    assert is_sealed(case) and [read["reader"] for read in case["reads"]] == ["AB", "CD"]
    assert case["template"] == {"id": "own", "version": 3, "sha256": template_sha256(SMALL)}


def test_history_and_unknown_keys_return(tmp_path):
    extra = {
        "case": {"project": "p1", "history": [{"op": "move", "x": 1.25}], "image": {"pixel_sha256": "ab"}},
        "read": {"rev_hash": "77"},
        "points": {"S": {"from": "pred:9a1"}},
    }
    path = write(tmp_path / "a.jsonl", replace(PLAIN, extra={"json": extra}))
    case = json.loads(path.read_text(encoding="utf-8"))
    assert (case["project"], case["reads"][0]["rev_hash"]) == ("p1", "77")
    assert case["reads"][0]["points"][0]["from"] == "pred:9a1"
    again = write(tmp_path / "b.jsonl", *read(path).readings)
    assert again.read_bytes() == path.read_bytes()


def test_a_case_may_be_laid_out_over_lines(tmp_path):
    case = json.loads(write(tmp_path / "a.jsonl", PLAIN).read_text(encoding="utf-8"))
    (tmp_path / "pretty.json").write_text(json.dumps(case, indent=2), encoding="utf-8")
    assert states_of(read(tmp_path / "pretty.json").readings[0])["S"] == placed(1.5, 2, None)


def test_a_changed_case_is_left_out_and_the_others_are_read(tmp_path):
    path = write(tmp_path / "a.jsonl", PLAIN, replace(PLAIN, image=ImageRef("b.png")))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1.5", "1.25", 1), encoding="utf-8")
    batch = read(path)
    assert [reading.image.file_name for reading in batch.readings] == ["b.png"]
    assert "line 1" in batch.messages[0] and "hash" in batch.messages[0]
    path.write_text(text.splitlines()[0][:-9] + "\n" + text.splitlines()[1] + "\n", encoding="utf-8")
    assert len(read(path).messages) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda case: case.update(format="msj9"), "format"),
        (lambda case: case["reads"][0]["points"][0].update(place="absent"), "do not go together"),
        (lambda case: case["reads"][0]["points"][0].update(x=1e7), "coordinate"),
        (lambda case: case["reads"][0]["points"].append(case["reads"][0]["points"][0]), "twice"),
        (lambda case: case.update(spacing={"row_mm": 0, "col_mm": 1, "source": "user"}), "not usable"),
        (lambda case: case.pop("image"), "image"),
    ],
)
def test_a_sealed_but_wrong_case_is_refused(tmp_path, change, message):
    case = json.loads(write(tmp_path / "a.jsonl", PLAIN).read_text(encoding="utf-8"))
    change(case)
    (tmp_path / "b.json").write_text(json.dumps(seal(case)), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        read(tmp_path / "b.json")


def test_undecided_points_stay_with_their_model_only(tmp_path):
    model = replace(PLAIN, points={"S": predicted(1, 2)}, source="model", model_id="m@1", scores={"S": 0.5})
    back = read(write(tmp_path / "a.jsonl", model, replace(PLAIN, points={"S": predicted(1, 2)})))
    assert [reading.points["S"].place for reading in back.readings] == ["visible", "not_placed"]
