"""The child processes, as real processes over real pipes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template_file import template_to_json
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.io import read_image
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.progress import (
    EpochDone,
    Failed,
    Finished,
    Heartbeat,
    PhaseStarted,
    StepDone,
    StopHeard,
    parse_line,
)
from medsapiens_core.training.run_state import load_state
from tests.core.training.building import TEMPLATE, compact_config, make_run, write_model, write_pictures

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds after which a child counts as hung and is killed


class Child:
    """A worker with its pipes; killed when the test ends."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "medsapiens_core.worker", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, value):
        text = value if isinstance(value, str) else json.dumps(value)
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read().decode()
        return json.loads(line)

    def until(self, wanted):
        """The messages of a training up to the first that is wanted."""
        messages = []
        while not messages or not wanted(messages[-1]):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read().decode()
            messages.append(parse_line(line))
            assert messages[-1] is not None, line
        return messages

    def leave(self):
        """Close the input, wait, and return the exit code."""
        self.process.stdin.close()
        return self.process.wait(PATIENCE)


@pytest.fixture
def child():
    children = []

    def start(*arguments):
        children.append(Child(*arguments))
        return children[-1]

    yield start
    for one in children:
        one.process.kill()
        one.process.wait()
        for pipe in (one.process.stdin, one.process.stdout, one.process.stderr):
            pipe.close()


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / "models" / "m", compact_config())


def request(number, path, model, **more):
    values = {"id": number, "op": "predict", "path": str(path), "frame": None, "axis": None, "model_id": "m@1"}
    return values | {"template": template_to_json(TEMPLATE), "model_folder": str(model)} | more


def is_step(number):
    return lambda message: isinstance(message, StepDone) and message.step == number


# --- serve


def test_predictions_over_the_pipe_equal_those_in_process_and_bad_ones_end_nothing(tmp_path, child, model):
    path, _ = write_pictures(tmp_path / "pictures", 1)[0]
    (tmp_path / "broken.png").write_bytes(path.read_bytes()[:100])
    server = child("serve")
    assert server.receive() == {"event": "ready"}

    server.send(request(1, path, model))
    answer = server.receive()
    assert answer["ok"], answer
    prediction = Prediction.from_json(answer["prediction"])
    expected = Predictor.load(model, "cpu", model_id="m@1").predict(read_image(path), TEMPLATE)
    assert np.allclose(prediction.xy_image, expected.xy_image, atol=0.2, equal_nan=True)
    assert (prediction.model_id, prediction.image_sha256) == ("m@1", expected.image_sha256)

    for bad in ("nonsense", '["a"]', {"id": 2, "op": "dance"}, {"id": 3, "op": "predict"}):
        server.send(bad)
        answer = server.receive()
        assert (answer["ok"], answer["kind"]) == (False, "ours")
    unreadable = [
        request(4, tmp_path / "missing.png", model),
        request(5, tmp_path / "broken.png", model),
        request(6, path, tmp_path / "no-model"),
        request(7, path, model, template={"format": "mstemplate/1"}),
    ]
    for bad in unreadable:
        server.send(bad)
        answer = server.receive()
        assert (answer["id"], answer["ok"], answer["kind"]) == (bad["id"], False, "user"), answer
        assert answer["message"]
    server.send(request(8, path, model))
    assert server.receive()["ok"]
    assert server.leave() == 0


def test_the_server_leaves_when_its_parent_is_gone_even_in_the_middle_of_work(tmp_path, child, model):
    path, _ = write_pictures(tmp_path / "pictures", 1)[0]
    server = child("serve")
    server.receive()
    for number in range(50):
        server.send(request(number, path, model))
    assert server.leave() == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe to hang on")
def test_a_picture_that_hangs_is_answered_and_the_process_ends_so_that_it_can_be_replaced(tmp_path, child, model):
    os.mkfifo(tmp_path / "endless.png")
    server = child("serve", "--time-limit", "2")
    server.receive()
    server.send(request(1, tmp_path / "endless.png", model))
    answer = server.receive()
    assert (answer["id"], answer["ok"]) == (1, False)
    server.process.wait(PATIENCE)


# --- train


@pytest.fixture
def run(tmp_path, model):
    def make(name="run", **options):
        parts = ["train"] * 6 + ["val"] * 5 + ["locked"] * 2
        return make_run(tmp_path / name, model, parts=parts, options=TrainingOptions(**options))

    return make


def test_a_training_tells_its_progress_and_ends_with_the_comparison(child, run):
    folder = run(epochs=2)
    trainer = child("train", folder)
    messages = trainer.until(lambda m: isinstance(m, Finished))
    assert trainer.process.wait(PATIENCE) == 0
    assert {type(m) for m in messages} >= {PhaseStarted, StepDone, EpochDone}
    assert messages[-1].comparison == json.loads((folder / "comparison.json").read_text(encoding="utf-8"))
    assert Path(messages[-1].candidate) == folder / "candidate"
    assert all(isinstance(parse_line(line), Heartbeat) for line in trainer.process.stdout.read().splitlines())


def test_stop_keeps_the_best_and_evaluates(child, run):
    trainer = child("train", run(epochs=100_000))
    trainer.until(is_step(3))
    trainer.send("stop")
    messages = trainer.until(lambda m: isinstance(m, Finished))
    assert messages[-1].comparison["n_cases"] == 2
    assert trainer.process.wait(PATIENCE) == 0


def test_a_stop_is_heard_at_once_ends_the_step_and_leaves_a_checkpoint_that_goes_on(child, run):
    folder = run(epochs=100_000)
    trainer = child("train", folder)
    trainer.until(is_step(3))
    trainer.send("stop")
    trainer.until(lambda m: isinstance(m, StopHeard))
    after = trainer.until(lambda m: isinstance(m, PhaseStarted) and m.phase == "evaluate")
    assert sum(isinstance(m, StepDone) for m in after) <= 1, "the one that was ending as the stop came"
    trainer.process.kill()
    trainer.process.wait()
    state, _ = load_state(folder)
    assert state.finished and state.step >= 3
    again = child("train", folder)
    messages = again.until(lambda m: isinstance(m, Finished))
    assert not any(isinstance(m, StepDone) for m in messages), "nothing is trained again, the best is measured"
    assert again.process.wait(PATIENCE) == 0


def test_when_the_parent_is_gone_the_checkpoint_is_written_and_the_run_goes_on_later(child, run):
    folder = run(epochs=100_000)
    trainer = child("train", folder)
    trainer.until(is_step(3))
    assert trainer.leave() == 3
    step = load_state(folder)[0].step
    assert step >= 3
    again = child("train", folder)
    assert again.until(lambda m: isinstance(m, StepDone))[-1].step == step + 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM")
def test_sigterm_is_like_the_parents_death(child, run):
    folder = run(epochs=100_000)
    trainer = child("train", folder)
    trainer.until(is_step(2))
    trainer.process.send_signal(signal.SIGTERM)
    assert trainer.process.wait(PATIENCE) == 3
    assert load_state(folder)[0].step >= 2


def test_a_killed_training_goes_on_and_ends_with_the_weights_of_one_that_was_not(child, run):
    whole, killed = run("whole", epochs=4, seed=5), run("killed", epochs=4, seed=5)
    trainer = child("train", killed)
    trainer.until(is_step(5))
    trainer.process.kill()
    trainer.process.wait()
    for folder in (whole, killed):  # both in children, so that sums are split over the same number of threads
        last = child("train", folder)
        last.until(lambda m: isinstance(m, Finished))
        assert last.process.wait(PATIENCE) == 0
    expected, found = (load_file(folder / "candidate" / "model.safetensors") for folder in (whole, killed))
    for name, value in expected.items():
        assert np.allclose(value, found[name], atol=1e-6), name


def test_a_run_that_cannot_begin_says_why(tmp_path, child, run):
    folder = run(epochs=1)
    (folder / "snapshot.json").unlink()
    trainer = child("train", folder)
    failed = trainer.until(lambda m: isinstance(m, Failed))[-1]
    assert failed.kind == "user"
    assert "snapshot" in failed.message
    assert trainer.process.wait(PATIENCE) == 2
