"""M11 to M14, M18, M19 and M31: no room, a full GPU, none at all, and model files that are not loaded."""

import contextlib
import json
import zipfile
from collections import namedtuple

import numpy as np
import pytest
import torch

from app.controllers import job_making
from app.controllers.inference_controller import gpu_full_text
from app.controllers.job_progress import JobProgress, job_state
from app.controllers.training_controller import TrainingController
from medsapiens_core.inference import engines
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.training.progress import NO_GPU_ROOM, DeviceChosen, StepDone

from ..building import decide_all, write_model
from .conftest import LONG, notice, press

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    write_model(folder / "default")
    return folder


@pytest.fixture
def learning(start, folder, models, qtbot, monkeypatch):
    """The window with a model in use and reviewed cases; no child is started."""
    monkeypatch.setattr(TrainingController, "_launch", lambda _self, _job: None)
    application = start()
    application.library = ModelLibrary(application.home, embedded=models)
    application.open_project(folder)
    qtbot.waitUntil(
        lambda: application.workspace is not None and application.workspace.models.current is not None, timeout=LONG
    )
    for row in application.workspace.project.cases.page(limit=10):
        decide_all(application.workspace.project, row.id)
    return application


def test_m11_no_room_offers_another_folder_and_the_training_begins_there(learning, tmp_path, qtbot, monkeypatch):
    project, full = learning.workspace.project, {project_disk(learning)}

    def usage(path):
        return Usage(10**10, 0, 1_100_000_000 if str(path).startswith(tuple(full)) else 10**11)

    monkeypatch.setattr(job_making, "COPIES", 4_000_000_000 // weights(learning))
    monkeypatch.setattr(job_making.shutil, "disk_usage", usage)
    learning.workspace.learning.tuning._begin(learning.workspace.learning.tuning._wish)
    qtbot.waitUntil(lambda: notice(learning, "model")[0] != "", timeout=LONG)
    text, buttons = notice(learning, "model")
    assert text == "Fine-tuning needs 4.2 GB of free disk, 1.1 GB is there. Nothing was started."
    assert buttons == ["Choose another folder", "Clean old runs"] and project.jobs.list() == []
    learning.answers.folder = str(tmp_path / "large disk")
    press(learning, "model", "Choose another folder")
    qtbot.waitUntil(lambda: len(project.jobs.list()) == 1, timeout=LONG)
    assert project.jobs.list()[0].folder.is_relative_to(tmp_path / "large disk")
    qtbot.waitUntil((project.jobs.list()[0].folder / "job.json").is_file, timeout=LONG)


def project_disk(application):
    return str(application.workspace.project.folder)


def weights(application):
    base = application.workspace.models.current.folder
    return sum(file.stat().st_size for file in base.glob("*.safetensors"))


def test_m13_a_gpu_that_is_too_small_offers_the_cpu(learning, qtbot):
    training = learning.workspace.training
    training.failed.emit(f"Fine-tuning failed: {NO_GPU_ROOM} (2.1 GB free).")
    text, buttons = notice(learning, "model")
    assert text == "Fine-tuning failed: Even one image at a time does not fit in the GPU (2.1 GB free)."
    assert buttons == ["Use the CPU", "Cancel"]
    press(learning, "model", "Use the CPU")
    jobs = learning.workspace.project.jobs
    qtbot.waitUntil(lambda: len(jobs.list()) == 1, timeout=LONG)
    job = jobs.list()[0].folder / "job.json"
    qtbot.waitUntil(job.is_file, timeout=LONG)
    assert json.loads(job.read_text())["options"]["device"] == "cpu"


class FullGpu:
    """A network that fits on the CPU alone."""

    def to(self, _device):
        return self

    def eval(self):
        return self

    def heatmaps(self, x, _template_id):
        if x.device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.zeros(1, 1, 4, 4)


def test_m14_the_cpu_takes_over_from_a_full_gpu_and_that_is_known(monkeypatch):
    monkeypatch.setattr(engines, "autocast", lambda _device: contextlib.nullcontext())
    engine = engines.Engine(FullGpu(), torch.device("meta"))
    assert not engine.fell_back
    assert engine.heatmaps(np.zeros((1, 3, 8, 8), np.float32), "blobs").shape == (1, 1, 4, 4)
    assert engine.fell_back and engine.device.type == "cpu"


def test_m14_is_told_where_a_prediction_arrives(opened, monkeypatch):
    inference, told = opened.workspace.inference, []
    inference.told.connect(told.append)
    monkeypatch.setattr(inference, "_store", lambda _row, _prediction: None)
    row = opened.workspace.project.cases.page(limit=1)[0]
    inference._sent[1] = _request(inference, row)
    inference._receive({"id": 1, "ok": True, "gpu_full": True, "prediction": _prediction(opened, row)})
    assert told == ["The GPU is full, so this prediction ran on the CPU (4 s)."]
    assert gpu_full_text(0.2).endswith("(1 s).") and opened.window.toasts.text == told[0]


def _request(inference, row):
    from app.controllers.inference_controller import _Request

    return _Request(1, row, inference._generation, object())


def _prediction(application, row):
    from medsapiens_core.data.prediction import Prediction

    ids = application.workspace.project.template.ids
    points = np.full((len(ids), 2), 10.0)
    prediction = Prediction(
        id="p", image_sha256=row.image_sha256, template_id="blobs", template_version=1, model_id="m@1",
        xy_image=points, scores=np.ones(len(ids)), covariance=None, seconds=4.2, created_utc="2026-11-30T10:00:00",
    )  # fmt: skip
    return prediction.to_json()


def test_m18_a_file_that_can_run_code_is_never_opened(learning, tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    path.write_bytes(b"\x80\x04N.")
    monkeypatch.setattr(learning.window.dialogs, "model_file", lambda: str(path))
    learning.answers.choice = "How to convert"
    learning.workspace.run("model.import")
    assert learning.answers.asked[-1] == (
        '"model.pt" can run program code when opened, so it is not loaded. '
        "Only .safetensors models with a model card are accepted.",
        ["Choose another", "How to convert"],
    )
    assert "medsapiens models import" in learning.answers.told[-1][1]
    monkeypatch.setattr(learning.window.dialogs, "model_file", iter([str(path), None]).__next__)
    learning.answers.choice = "Choose another"
    learning.workspace.run("model.import")
    assert len(learning.answers.asked) == 2


def test_m19_a_model_that_was_altered_is_not_loaded(learning, tmp_path, qtbot, monkeypatch):
    archive = tmp_path / "v5.msmodel"
    learning.library.export("default", archive)
    with zipfile.ZipFile(archive) as before:
        files = {name: before.read(name) for name in before.namelist()}
    name = next(name for name in files if name.endswith("model.safetensors"))
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    with zipfile.ZipFile(archive, "w") as after:
        for each, data in files.items():
            after.writestr(each, data)
    monkeypatch.setattr(learning.window.dialogs, "model_file", lambda: str(archive))
    learning.workspace.run("model.import")
    qtbot.waitUntil(lambda: notice(learning, "model")[0] != "", timeout=LONG)
    text, buttons = notice(learning, "model")
    assert text.startswith('The checksum of "') and text.endswith(
        'model.safetensors" does not match its model card. It may be damaged or altered and is not loaded.'
    )
    assert buttons == ["OK", "Copy details"]


@pytest.mark.parametrize(
    ("problem", "brackets"), [("", ""), ("driver for CUDA 11.4, 12.8 needed", " (driver for CUDA 11.4, 12.8 needed)")]
)
def test_m31_a_training_without_a_gpu_says_so_once_its_time_is_known(opened, problem, brackets):
    progress = JobProgress().after(DeviceChosen("cpu", problem, "PyTorch says why."))
    shown = opened.workspace.training.jobs_changed
    shown.emit([job_state(1, "running", progress, None, None)])
    assert notice(opened, "cpu") == ("", [])
    progress = progress.after(StepDone(1, 100, 1, 10, 1.0, 70 * 60.0))
    shown.emit([job_state(1, "running", progress, None, None)])
    assert notice(opened, "cpu") == (
        f"No usable GPU{brackets}. Training will use the CPU: about 70 min.",
        ["Details"],
    )
    press(opened, "cpu", "Details")
    assert opened.answers.told[-1][0] == "PyTorch says why."
    shown.emit([job_state(1, "running", progress, None, None)])
    assert notice(opened, "cpu") == ("", []), "once is enough"


def test_why_there_is_no_gpu_is_never_an_error():
    words, details = engines.gpu_problem()
    assert isinstance(words, str) and details
