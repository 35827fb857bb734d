"""`medsapiens import`, `export` and `convert` on real pictures, files and projects."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from medsapiens_core import cli
from medsapiens_core.data.annotation import AbsentReason, Place, absent, placed, predicted
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.canonical import is_sealed
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.io import read_image
from medsapiens_core.store.project import Project

CHEST = find_template("chest-6")
SIZE = (60, 80)
COUNT = 5
MARKS = CHEST.ids


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "images" / "set"
    folder.mkdir(parents=True)
    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 255, (SIZE[1], SIZE[0]), dtype=np.uint8)
        assert cv2.imwrite(str(folder / f"{number}.png"), pixels)
    return tmp_path / "images"


@pytest.fixture
def project(tmp_path, run):
    assert run("project", "create", tmp_path / "p.mss", "--template", "chest-6")[0] == 0
    return tmp_path / "p.mss"


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def json_of(run):
    def call(*arguments, code=0):
        got, out, err = run(*arguments, "--json")
        assert got == code, err
        return json.loads(out.splitlines()[-1])

    return call


def points_of(number):
    points = {mark: placed(10 + k + number / 3, 20 + 5 * k, None) for k, mark in enumerate(MARKS[:4])}
    points[MARKS[4]] = placed(1, number, None, estimated=True)
    return points | {MARKS[5]: absent(AbsentReason.OUTSIDE_FIELD)}


def readings_for(numbers=range(COUNT), **kind):
    size = kind.pop("size", SIZE)
    return [Reading(ImageRef(f"set/{k}.png", *size), points_of(k), **{"reader": "AB", **kind}) for k in numbers]


def write(path, readings, form="csv"):
    find_format(form).write(Batch(tuple(readings), MARKS), path, WriteOptions(CHEST, {"undecided": "include"}))
    return path


def states(folder, number, reader=""):
    with Project.open(folder, read_only=True) as opened:
        case = next(c for c in opened.cases.page() if c.name == f"{number}.png")
        annotation = opened.annotations.load(case.id, reader=reader)
        return case, dict(zip(annotation.landmark_ids, annotation.states, strict=True)), annotation.reviewed


def test_an_import_as_readings_is_one_batch_that_can_be_taken_back(json_of, project, pictures, tmp_path):
    file = write(tmp_path / "a.csv", readings_for(reviewed=True))
    told = json_of("import", file, "--project", project, "--as", "reading", "--images", pictures)
    assert (told["format"], told["added"], told["cases"], told["changes"]) == ("csv", COUNT, COUNT, 6 * COUNT)
    for number in range(COUNT):
        case, found, reviewed = states(project, number)
        assert found == points_of(number)
        assert (case.state, reviewed) == ("reviewed", True)
    with Project.open(project, read_only=True) as opened:
        edits = opened.imports.edits(told["batch"])
        assert {(edit.kind, edit.reader, slot) for _, slot, edit in edits} == {("import", "AB", "")}
        assert opened.imports.records()[0].body["format"] == "csv"
        assert "a.csv" not in json.dumps([dict(row.body) for row in opened.audit.rows()])
        assert opened.check() == []

    again = json_of("import", file, "--project", project, "--as", "reading")
    assert (again["cases"], again["unchanged"], again["batch"]) == (0, COUNT, None)
    assert json_of("import", "--project", project, "--undo", told["batch"])["undone"] == COUNT
    case, found, reviewed = states(project, 0)
    assert ({s.place for s in found.values()}, reviewed, case.state) == ({Place.NOT_PLACED}, False, "new")
    kept = json_of("import", "--project", project, "--undo", told["batch"], code=2)
    assert len(kept["problems"]) == COUNT
    with Project.open(project, read_only=True) as opened:
        assert opened.check() == []


def test_a_decision_is_never_overwritten_and_the_conflict_is_told(json_of, run, project, pictures, tmp_path):
    json_of("import", write(tmp_path / "a.csv", readings_for()), "--project", project, "--as", "reading",
            "--images", pictures)  # fmt: skip
    other = readings_for()
    other[0].points[MARKS[0]] = placed(13, 24, None)
    other[1].points[MARKS[5]] = placed(1, 1, None)
    file = write(tmp_path / "b.csv", other)
    told = json_of("import", file, "--project", project, "--as", "reading")
    assert (told["cases"], told["unchanged"], told["problems"]) == (0, COUNT - 2, [])
    first, second = told["conflicts"]
    assert (first["image"], first["landmark"], first["distance_px"]) == ("0.png", MARKS[0], pytest.approx(5))
    assert (second["mine"], second["theirs"], second["distance_px"]) == ("absent", "corrected", None)
    assert states(project, 0)[1] == points_of(0)
    code, out, err = run("import", file, "--project", project, "--as", "reading")
    assert (code, f"kept: 0.png {MARKS[0]}" in err, "2 conflicts" in out) == (0, True, True)


def test_a_dry_run_changes_nothing(json_of, project, pictures, tmp_path):
    file = write(tmp_path / "a.csv", readings_for())
    json_of("import", file, "--project", project, "--images", pictures)
    with Project.open(project, read_only=True) as opened:
        rows = opened.audit.count()
    told = json_of("import", file, "--project", project, "--as", "reading", "--dry-run")
    assert (told["cases"], told["changes"], told["batch"]) == (COUNT, 6 * COUNT, None)
    with Project.open(project, read_only=True) as opened:
        assert opened.audit.count() == rows


def test_predictions_are_the_default_and_bear_the_formats_name(json_of, project, pictures, tmp_path):
    readings = readings_for(source="model", model_id="m@1", scores={MARKS[0]: 0.25})
    readings = [Reading(r.image, {MARKS[0]: predicted(3, 4)}, "", "model", "m@1", {MARKS[0]: 0.25}) for r in readings]
    told = json_of("import", write(tmp_path / "a.csv", readings), "--project", project, "--images", pictures)
    assert (told["as"], told["cases"]) == ("prediction", COUNT)
    with Project.open(project, read_only=True) as opened:
        for case in opened.cases.page():
            found = opened.predictions.latest(case.id)
            assert (found.model_id, case.state) == ("import:csv", "predicted")
            assert found.xy_image[0].tolist() == [3, 4] and np.isnan(found.xy_image[1:]).all()
            assert found.scores[0] == 0.25 and np.isnan(found.scores[1:]).all()
        assert opened.check() == []
    told = json_of("import", tmp_path / "a.csv", "--project", project, "--as", "reading")
    assert told["cases"] == 0
    assert "import them as predictions" in told["messages"][0]
    json_of("export", "--project", project, "--format", "csv", "--out", tmp_path / "o.csv", "--predictions")
    back = find_format("csv").read(tmp_path / "o.csv", ReadOptions())
    assert {(r.source, r.model_id, r.scores[MARKS[0]]) for r in back.readings} == {("model", "import:csv", 0.25)}


def test_several_readers_are_kept_apart(json_of, project, pictures, tmp_path):
    readings = [*readings_for(), *readings_for(reader="CD"), *readings_for([0], reader="CD", revision=9)]
    file = write(tmp_path / "a.csv", readings)
    told = json_of("import", file, "--project", project, "--as", "reading", "--images", pictures, code=2)
    assert "two readings of it by the same reader" in told["problems"][0]
    assert states(project, 1, "AB")[1] == states(project, 1, "CD")[1] == points_of(1)
    assert states(project, 1)[1][MARKS[0]].place is Place.NOT_PLACED
    assert json_of("import", file, "--project", project, code=2)["cases"] == COUNT


def test_what_does_not_fit_a_picture_is_told_and_the_rest_is_imported(json_of, run, project, pictures, tmp_path):
    file = write(tmp_path / "a.csv", [*readings_for([0]), *readings_for([1], size=(61, 80)), *readings_for([9])])
    told = json_of("import", file, "--project", project, "--as", "reading", "--images", pictures, code=2)
    assert told["cases"] == 1
    assert any("another version" in text for text in told["messages"])
    assert all("no such picture" in text for text in told["problems"])
    unsized = write(tmp_path / "b.csv", readings_for([0], size=(None, None)))
    assert "--trust-names" in run("import", unsized, "--project", project)[2]
    assert json_of("import", unsized, "--project", project, "--trust-names")["cases"] == 1


def test_unknown_names_need_a_map(json_of, run, project, pictures, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("file,width,height,K0_x,K0_y,K1_x,K1_y\n0.png,60,80,1.5,2.5,3,4\n", encoding="utf-8")
    code, _, err = run("import", file, "--project", project, "--images", pictures)
    assert (code, "'K0', 'K1'" in err) == (2, True)
    (tmp_path / "m.csv").write_text(f"name,landmark\nK0,{MARKS[2]}\nK1,\n", encoding="utf-8")
    json_of("import", file, "--project", project, "--images", pictures, "--map", tmp_path / "m.csv",
            "--as", "reading", "--reader", "Dr X", "--option", "origin=corner")  # fmt: skip
    assert states(project, 0)[1][MARKS[2]] == placed(1, 2, None)
    with Project.open(project, read_only=True) as opened:
        assert opened.imports.records()[0].body["options"] == {"origin": "corner"}
        assert opened.annotations.history(1)[0].reader == "Dr X"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_exported_project_fills_another_one(json_of, project, pictures, tmp_path, form):
    source = write(tmp_path / "a.csv", readings_for(reviewed=True))
    json_of("import", source, "--project", project, "--as", "reading", "--images", pictures)
    out = tmp_path / f"out.{form}"
    told = json_of("export", "--project", project, "--format", form, "--out", out)
    assert told["counts"] == {"visible": 4 * COUNT, "estimated": COUNT, "absent": COUNT, "not_placed": 0}
    report = json.loads(Path(told["report"]).read_text(encoding="utf-8"))
    assert (report["readers"], report["template"]) == (["AB"], {"id": "chest-6", "version": 1})
    assert (report["spacing_sources"], report["images"], report["files"]) == ({"none": COUNT}, COUNT, [out.name])
    assert report["decided_utc"]["first"] <= report["decided_utc"]["last"]
    assert str(tmp_path) not in out.read_text(encoding="utf-8") + Path(told["report"]).read_text(encoding="utf-8")

    json_of("project", "create", tmp_path / "q.mss", "--template", "chest-6")
    again = json_of("import", out, "--project", tmp_path / "q.mss", "--as", "reading", "--images", pictures)
    assert again["changes"] == 6 * COUNT
    for number in range(COUNT):
        assert states(tmp_path / "q.mss", number)[1:] == states(project, number)[1:]


def test_our_json_holds_the_history_and_the_hash_of_the_revision(json_of, project, pictures, tmp_path):
    json_of("import", write(tmp_path / "a.csv", readings_for([0])), "--project", project, "--as", "reading",
            "--images", pictures)  # fmt: skip
    json_of("export", "--project", project, "--format", "json", "--out", tmp_path / "o.jsonl")
    case = json.loads((tmp_path / "o.jsonl").read_text(encoding="utf-8"))
    assert is_sealed(case)
    (read,) = case["reads"]
    assert [edit["kind"] for edit in read["history"]] == ["import"]
    assert len(read["rev_hash"]) == 64


def test_undecided_points_are_exported_only_when_asked(json_of, project, pictures, tmp_path):
    json_of("import", write(tmp_path / "a.csv", readings_for([0])), "--project", project, "--images", pictures)
    told = json_of("export", "--project", project, "--format", "csv", "--out", tmp_path / "a1.csv")
    assert (told["counts"]["visible"], told["models"]) == (0, ["import:csv"])
    told = json_of("export", "--project", project, "--format", "csv", "--out", tmp_path / "a2.csv", "--undecided")
    assert told["counts"]["visible"] == 5


def test_convert_takes_size_and_hash_from_the_pictures(json_of, run, pictures, tmp_path):
    source = write(tmp_path / "a.csv", readings_for(size=(None, None)))
    told = json_of("convert", source, tmp_path / "b.csv", "--images", pictures)
    assert (told["from"], told["format"], told["template"]["id"], told["problems"]) == ("csv", "csv", "chest-6", [])
    with (tmp_path / "b.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["width"], row["height"], len(row["image_sha256"])) for row in rows} == {("60", "80", 64)}
    told = json_of("convert", tmp_path / "b.csv", tmp_path / "c.csv", "--to", "csv-wide")
    assert len(told["losses"]) == 2
    code, _, err = run("convert", tmp_path / "b.csv", tmp_path / "c.csv")
    assert (code, "already exists" in err) == (2, True)


def test_convert_leaves_out_pictures_of_another_size(json_of, run, pictures, tmp_path):
    source = write(tmp_path / "a.csv", [*readings_for([0]), *readings_for([1], size=(1, 1)), *readings_for([7])])
    told = json_of("convert", source, tmp_path / "b.csv", "--images", pictures, code=2)
    assert (told["readings"], len(told["problems"]), len(told["messages"])) == (2, 1, 1)
    only = write(tmp_path / "c.csv", readings_for([1], size=(1, 1)))
    assert run("convert", only, tmp_path / "d.csv", "--images", pictures)[0] == 2
    assert not (tmp_path / "d.csv").exists()


def test_convert_without_a_template_makes_one_of_the_names(json_of, tmp_path):
    (tmp_path / "a.csv").write_text("file,left eye_x,left eye_y\nx.png,1,2\n", encoding="utf-8")
    told = json_of("convert", tmp_path / "a.csv", tmp_path / "b.csv")
    assert (told["template"]["id"], told["counts"]["visible"]) == ("converted", 1)


def test_exchanged_sides_are_noticed_and_nothing_is_changed(json_of, tmp_path):
    mark, pair = next((m.id, m.pair) for m in CHEST.landmarks if m.pair)
    readings = []
    for number in range(6):
        ends = [placed(10 + number, 20, None), placed(50, 20 + number, None)]
        ends = ends[::-1] if number == 3 else ends
        readings.append(Reading(ImageRef(f"{number}.png", *SIZE), dict(zip((mark, pair), ends, strict=True))))
    told = json_of("convert", write(tmp_path / "a.csv", readings), tmp_path / "b.csv")
    assert [text.split(":")[0] for text in told["messages"]] == ["3.png"]
    back = find_format("csv").read(tmp_path / "b.csv", ReadOptions())
    assert back.readings[3].points[mark] == readings[3].points[mark]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "none.csv", "b.csv"], "no file none.csv"),
        (["convert", "a.csv", "b.json"], "--to"),
        (["convert", "a.csv", "b.csv", "--from", "jpeg"], "no format 'jpeg'"),
        (["convert", "a.csv", "b.csv", "--images", "nowhere"], "no folder nowhere"),
        (["convert", "a.csv", "b.csv", "--option", "origin"], "key=value"),
        (["convert", "a.csv", "b.csv", "--from", "csv-wide", "--option", "origin=middle"], "no origin"),
        (["convert", "a.csv", "b.csv", "--template", "hand-21"], "no landmarks of template hand-21"),
        (["import", "--project", "p.mss"], "Name the file"),
        (["import", "--project", "p.mss", "--undo", "abc"], "no import 'abc'"),
        (["import", "a.csv", "--project", "nowhere"], "No project"),
        (["export", "--project", "p.mss", "--format", "csv", "--out", "a.csv"], "already exists"),
    ],
)
@pytest.mark.usefixtures("project")
def test_mistakes_exit_with_2_and_say_what_to_do(run, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("file,K_x,K_y\nx.png,1,2\n", encoding="utf-8")
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (tmp_path / "b.csv").exists()


def test_a_picture_saved_anew_is_bound_by_its_pixels(json_of, project, pictures, tmp_path):
    json_of("import", write(tmp_path / "a.csv", readings_for()), "--project", project, "--as", "reading",
            "--images", pictures)  # fmt: skip
    json_of("export", "--project", project, "--format", "json", "--out", tmp_path / "b.jsonl", "--pixel-hashes")
    other = tmp_path / "other.mss"
    json_of("project", "create", other, "--template", "chest-6")
    with Project.open(other) as opened:
        for number in range(COUNT):
            pixels = cv2.imread(str(pictures / "set" / f"{number}.png"), cv2.IMREAD_GRAYSCALE)
            assert cv2.imwrite(str(tmp_path / f"anew{number}.bmp"), pixels)
            opened.cases.add(read_image(tmp_path / f"anew{number}.bmp"))
    told = json_of("import", tmp_path / "b.jsonl", "--project", other, "--as", "reading")
    assert (told["cases"], told["problems"]) == (COUNT, [])
    with Project.open(other, read_only=True) as opened:
        for case in opened.cases.page():
            number = int(case.name.removeprefix("anew").removesuffix(".bmp"))
            found = opened.annotations.load(case.id)
            assert dict(zip(found.landmark_ids, found.states, strict=True)) == points_of(number)
