"""The command line: what it prints, and its exit codes, with real files and tiny models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medsapiens_core import cli
from medsapiens_core.data.template_file import template_to_json
from medsapiens_core.evaluation.calibration import Calibration, LandmarkCalibration
from medsapiens_core.models.package import copy_with_calibration
from medsapiens_core.store.library import ModelLibrary
from tests.core.training.building import SIZE, TEMPLATE, compact_config, write_coco, write_model, write_pictures

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A library with one tiny model, `tiny`, and the template in a file."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MEDSAPIENS_HOME", str(folder))
    ModelLibrary(folder).add(write_model(tmp_path / "package", compact_config()), "tiny")
    (tmp_path / "blobs.json").write_text(json.dumps(template_to_json(TEMPLATE)), encoding="utf-8")
    return folder


@pytest.fixture
def template(home, tmp_path):
    return str(tmp_path / "blobs.json")


@pytest.fixture
def coco(tmp_path):
    pictures = write_pictures(tmp_path / "images", 6)
    return ["--coco", str(write_coco(tmp_path / "labels.json", pictures)), "--images", str(tmp_path / "images")]


@pytest.fixture
def run(capsys):
    """Run a command line in this process; returns exit code, standard output and standard error."""

    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def json_of(run):
    def call(*arguments):
        code, out, err = run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out.splitlines()[-1])

    return call


def test_as_a_process_help_is_quick_to_load_and_mistakes_exit_with_2(home):
    code = (
        "import sys, medsapiens_core.cli as c; r = c.main(['--help']); assert 'torch' not in sys.modules; sys.exit(r)"
    )
    helped = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (helped.returncode, "finetune" in helped.stdout) == (0, True), helped.stderr

    wrong = [sys.executable, "-m", "medsapiens_core.cli", "predict", "x.png", "--template", "nope", "--json"]
    refused = subprocess.run(wrong, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    assert refused.returncode == 2
    assert "no template 'nope'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_predict_gives_points_and_spacing_of_every_picture(json_of, home, template, tmp_path):
    (first, _), (second, _) = write_pictures(tmp_path / "images", 2)
    value = json_of("predict", first, second, "--template", template, "--model", "tiny")
    assert [one["image"] for one in value["results"]] == [str(first), str(second)]
    one = value["results"][0]
    assert (one["template"], one["model"], one["width"], one["height"]) == ("blobs", "tiny", *SIZE)
    assert (one["spacing_mm"], one["spacing_source"]) == (None, None)
    assert [mark["name"] for mark in one["landmarks"]] == list(TEMPLATE.ids)
    assert all(0 <= mark["x"] < SIZE[0] and 0 <= mark["score"] <= 1 for mark in one["landmarks"])
    assert one["seconds"] > 0


def test_predict_gives_regions_and_errors_only_with_a_calibration(json_of, home, template, tmp_path):
    path, _ = write_pictures(tmp_path / "images", 1)[0]
    plain = json_of("predict", path, "--template", template, "--model", "tiny")["results"][0]
    for mark in plain["landmarks"]:
        assert (mark["region"], mark["expected_error_px"], mark["expected_error_mm"]) == (None, None, None)

    marks = {
        name: LandmarkCalibration(n=18, scale=1.0, error_factor=0.5, quantiles=(None, None)) for name in TEMPLATE.ids
    }
    calibration = Calibration(
        template_version=TEMPLATE.version,
        n_images=18,
        effective_n=30,
        data_sha256="",
        coverages=(0.68, 0.95),
        pooled=(1.5, 2.5),
        landmarks=marks,
    )
    copy = copy_with_calibration(tmp_path / "package", tmp_path / "calibrated", {TEMPLATE.id: calibration})
    ModelLibrary(home).add(copy, "known")
    told = json_of("predict", path, "--template", template, "--model", "known")["results"][0]
    for mark in told["landmarks"]:
        assert set(mark["region"]) == {"semi_axes_px", "angle_deg", "coverage"}
        long, short = mark["region"]["semi_axes_px"]
        assert long >= short > 0
        assert mark["region"]["coverage"] == 0.95
        assert mark["expected_error_px"] > 0
        assert mark["expected_error_mm"] is None  # the picture has no spacing


def test_an_unreadable_picture_is_told_and_the_others_are_still_predicted(run, template, tmp_path):
    path, _ = write_pictures(tmp_path / "images", 1)[0]
    (tmp_path / "bad.png").write_bytes(b"no picture")
    code, out, err = run("predict", tmp_path / "bad.png", path, "--template", template, "--model", "tiny", "--json")
    value = json.loads(out.splitlines()[-1])
    assert code == 2
    assert [one["image"] for one in value["results"]] == [str(path)]
    assert value["errors"][0]["image"] == str(tmp_path / "bad.png")
    assert "bad.png" in err


def test_evaluate_measures_in_mm_where_every_picture_has_a_spacing(json_of, run, template, coco, tmp_path):
    value = json_of("evaluate", *coco, "--template", template, "--model", "tiny")
    assert (value["n_images"], value["n_landmarks"], value["n_missing"]) == (6, 18, 0)
    assert value["mre_mm"] == pytest.approx(value["mre_px"] / 2)
    assert list(value["sdr_mm"]) == ["2", "2.5", "3", "4"]
    assert value["seconds_per_image"] > 0
    assert list(value["per_landmark"]) == list(TEMPLATE.ids)
    mean = np.mean([entry["mre_mm"] for entry in value["per_landmark"].values()])
    assert mean == pytest.approx(value["mre_mm"])

    document = json.loads(Path(coco[1]).read_text(encoding="utf-8"))
    del document["images"][3]["pixel_spacing_mm"]
    Path(coco[1]).write_text(json.dumps(document), encoding="utf-8")
    code, out, _ = run("evaluate", *coco, "--template", template, "--model", "tiny")
    assert (code, "px" in out, "mm" in out) == (0, True, False)
    value = json_of("evaluate", *coco, "--template", template, "--model", "tiny")
    assert (value["mre_mm"], value["sdr_mm"]) == (None, None)


def test_evaluate_agrees_with_predict_to_the_last_digit(json_of, template, coco, tmp_path):
    value = json_of("evaluate", *coco, "--template", template, "--model", "tiny")
    document = json.loads(Path(coco[1]).read_text(encoding="utf-8"))
    paths = [str(tmp_path / "images" / image["file_name"]) for image in document["images"]]
    predicted = json_of("predict", *paths, "--template", template, "--model", "tiny")
    points = [[[mark["x"], mark["y"]] for mark in one["landmarks"]] for one in predicted["results"]]
    truth = np.array([a["keypoints"] for a in document["annotations"]]).reshape(-1, 3, 3)[..., :2]
    assert np.linalg.norm(np.array(points) - truth, axis=-1).mean() == pytest.approx(value["mre_px"], rel=1e-9)


def test_another_templates_file_is_refused(run, home, coco):
    code, out, err = run("evaluate", *coco, "--template", "ceph-19", "--model", "tiny", "--json")
    assert (code, out) == (2, "")
    assert "not the landmarks of template ceph-19" in err


def test_finetune_adds_a_candidate_that_can_be_used_promoted_exported_and_rolled_back(
    json_of, run, template, coco, tmp_path
):
    common = [*coco, "--template", template, "--base", "tiny", "--seed", "1"]
    made = json_of("finetune", *common, "--name", "new", "--shots", "4", "--epochs", "2")
    assert (made["model"], made["epochs"], made["n_train"]) == ("new", 2, 4)
    assert made["seconds"] > 0
    assert Path(made["run"]).is_relative_to(tmp_path / "home" / "runs")
    listed = {entry["name"]: entry for entry in json_of("models", "list")["models"]}
    assert (listed["new"]["state"], listed["new"]["parent"]) == ("candidate", listed["tiny"]["id"])
    assert json_of("evaluate", *coco, "--template", template, "--model", "new")["model"] == "new"

    code, _, err = run("finetune", *common, "--name", "new", "--epochs", "1")
    assert (code, "already" in err) == (2, True)
    code, _, err = run("finetune", *common, "--name", "more", "--shots", "7")
    assert (code, "6 annotated images" in err) == (2, True)

    assert json_of("models", "promote", "new", "--reason", "better")["templates"] == ["blobs"]
    assert json_of("evaluate", *coco, "--template", template)["model"] == "new"
    assert json_of("models", "export", "new", tmp_path / "new.msmodel")["bytes"] > 0
    assert run("models", "export", "new", tmp_path / "new.msmodel")[0] == 2
    assert json_of("models", "import", tmp_path / "new.msmodel", "--name", "copy")["model"]["templates"] == ["blobs"]
    assert json_of("models", "rollback") == {"templates": {"blobs": None}}
    assert run("models", "rollback")[0] == 2


def test_a_time_limit_ends_the_training_in_good_order(json_of, home, template, coco):
    common = [*coco, "--template", template, "--base", "tiny"]
    made = json_of("finetune", *common, "--name", "brief", "--minutes", "0.01")
    assert made["epochs"] >= 1
    assert made["n_train"] == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["models", "promote", "nobody"], "no model 'nobody'"),
        (["models", "import", "missing.pth", "--name", "m"], "no file missing.pth"),
        (["predict", "a.png", "--template", "hand-21", "--model", "nobody"], "no model 'nobody'"),
        (["project", "info", "nowhere"], "No project was found"),
        (["finetune", "--coco", "a", "--images", "b", "--template", "ceph-19", "--name", "../x"], "cannot be the name"),
        (["bogus"], "No such command"),
        (["predict"], "Missing argument"),
        (["models", "import", __file__, "--name", "m", "--input-size", "big"], "768x1024"),
    ],
)
@pytest.mark.usefixtures("home")
def test_the_users_mistakes_exit_with_2_and_say_what_to_do(run, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_defect_of_ours_exits_with_1(run, home, monkeypatch):
    monkeypatch.setattr(ModelLibrary, "list", lambda self: 1 / 0)
    code, _, err = run("models", "list")
    assert (code, "ZeroDivisionError" in err) == (1, True)


def test_projects_are_made_described_and_checked(json_of, run, home, tmp_path):
    folder = tmp_path / "clinic"
    assert json_of("project", "create", folder, "--template", "chest-6")["template"] == "chest-6"
    assert json_of("project", "info", folder)["name"] == "clinic"
    assert json_of("project", "check", folder) == {"ok": True, "problems": []}
    assert run("project", "create", folder)[0] == 2


def test_doctor_knows_the_computer(json_of, home):
    value = json_of("doctor")
    assert value["ok"]
    assert value["packages"]["torch"]
    assert value["torch"]["gpus"] == value["gpu"]
    assert value["qt"]["version"]
    assert (value["writable"], value["home"]) == (True, str(home))
    assert value["free_gb"] > 0


def test_without_a_command_or_with_a_folder_the_window_opens(tmp_path):
    assert cli.wants_window([])
    assert cli.wants_window([str(tmp_path)])
    assert not cli.wants_window(["models"])
    assert not cli.wants_window([str(tmp_path / "nothing")])
    assert not cli.wants_window(["--help"])
