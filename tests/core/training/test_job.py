"""Whole runs in a run folder: both networks, few cases, a new template, resuming, stopping, refusing."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.io import file_sha256
from medsapiens_core.models.package import load_model, read_calibrations
from medsapiens_core.training.config import TrainingOptions
from medsapiens_core.training.job import run_job
from medsapiens_core.training.progress import EpochDone, Finished, PhaseStarted, StepDone
from medsapiens_core.training.run_state import CHECKPOINT, load_state
from medsapiens_core.training.trainer import Control, RunAbortedError
from tests.core.training.building import TEMPLATE, compact_config, make_run, sapiens_config, write_model

PARTS = ["train"] * 6 + ["val"] * 5 + ["locked"] * 3


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def base(tmp_path):
    return write_model(tmp_path / "base", compact_config())


def weights(folder):
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("config", [compact_config(), sapiens_config()], ids=["compact", "sapiens"])
def test_a_run_makes_a_candidate_a_comparison_and_a_checkpoint(tmp_path, config):
    base = write_model(tmp_path / "base", config)
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=2, seed=3))
    messages = []
    result = run_job(run, messages.append)

    phases = dict.fromkeys(m.phase for m in messages if isinstance(m, PhaseStarted))
    assert list(phases) == ["prepare", "train", "evaluate", "write"]
    assert [m.step for m in messages if isinstance(m, StepDone)] == [1, 2, 3, 4]
    last = [m for m in messages if isinstance(m, EpochDone)][-1]
    assert last.val_mre_mm == pytest.approx(last.val_mre_px / 2)
    assert isinstance(messages[-1], Finished)
    assert (result.epochs, result.n_train, result.n_val) == (2, 6, 5)
    comparison = json.loads((run / "comparison.json").read_text(encoding="utf-8"))
    assert comparison == result.comparison
    assert (comparison["n_cases"], comparison["unit"], comparison["verdict"]) == (3, "mm", "too_few")
    assert comparison["old"]["model"] == "base@0"
    candidate = load_model(run / "candidate")
    assert (candidate.config.name, candidate.config.parent) == ("new", "base@0")
    provenance = json.loads((run / "candidate" / "provenance.json").read_text(encoding="utf-8"))
    assert (provenance["n_train"], provenance["n_locked"], provenance["steps"]) == (6, 3, 4)
    assert load_state(run)[0].finished


def test_a_model_package_names_neither_the_pictures_nor_where_they_lie(tmp_path, base):
    run = make_run(tmp_path / "Zebrafinch 4711", base, parts=PARTS, options=TrainingOptions(epochs=1))
    run_job(run, lambda _message: None)
    pictures = sorted((run / "pictures").iterdir())
    planted = {"Zebrafinch", str(tmp_path), *(path.name for path in pictures), *map(file_sha256, pictures)}
    for path in (run / "candidate").rglob("*"):
        data = path.read_bytes()
        assert not [text for text in planted if text in path.name or text.encode() in data], path.name


def test_only_the_parts_that_the_mode_names_have_changed(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=["train"] * 4, options=TrainingOptions(epochs=2))
    run_job(run, lambda _: None)
    before, after = weights(base), weights(run / "candidate")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(name.startswith(("heads.", "decoder.", "encoder.blocks.2.")) for name in changed)


def test_adapters_of_the_compact_network_end_as_part_of_its_weights(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=["train"] * 4, options=TrainingOptions(epochs=2, mode="lora"))
    run_job(run, lambda _: None)
    before, after = weights(base), weights(run / "candidate")
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.endswith("attn.qkv.weight") for name in changed)
    assert all(
        name.startswith(("heads.", "decoder.")) or ".qkv.weight" in name or ".proj.weight" in name for name in changed
    )


def test_sapiens_learns_by_experts_that_the_package_keeps(tmp_path):
    base = write_model(tmp_path / "base", sapiens_config())
    run = make_run(tmp_path / "run", base, parts=["train"] * 4, options=TrainingOptions(epochs=2, mode="experts"))
    run_job(run, lambda _: None)
    after = weights(run / "candidate")
    assert any(".experts." in name for name in after)
    assert load_model(run / "candidate").config.architecture["experts"]["width"] == 6


def test_a_way_to_learn_that_the_network_does_not_have_is_refused(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=["train"] * 4, options=TrainingOptions(epochs=1, mode="experts"))
    with pytest.raises(UserError, match="no task experts"):
        run_job(run, lambda _: None)


def test_sapiens_learns_by_adapters_that_the_package_keeps(tmp_path):
    base = write_model(tmp_path / "base", sapiens_config())
    run = make_run(tmp_path / "run", base, parts=["train"] * 4, options=TrainingOptions(epochs=2))
    run_job(run, lambda _: None)
    before, after = weights(base), weights(run / "candidate")
    added = after.keys() - before.keys()
    assert added
    assert all("lora" in name for name in added)
    kept = {name for name in before if torch.equal(before[name], after[name])}
    assert {name for name in before if name.startswith("backbone.")} <= kept


def test_a_template_that_the_model_does_not_know_gets_outputs_of_its_own(tmp_path):
    other = Template("other", 1, "Other", (Landmark("p", "P", "p", "A point."),))
    base = write_model(tmp_path / "base", compact_config((other,)), (other,))
    run = make_run(tmp_path / "run", base, parts=["train"] * 4 + ["locked"], options=TrainingOptions(epochs=1))
    comparison = run_job(run, lambda _: None).comparison
    assert comparison["old"] is None
    assert list(load_model(run / "candidate").config.templates) == ["other", TEMPLATE.id]


def test_a_small_validation_part_is_trained_on(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=["train", "val", "val"], options=TrainingOptions(epochs=1))
    result = run_job(run, lambda _: None)
    assert (result.n_train, result.n_val, result.comparison["n_cases"]) == (3, 0, 0)


@pytest.mark.parametrize(("n_val", "is_calibrated"), [(9, False), (10, True)])
def test_enough_validation_cases_calibrate_the_candidate(tmp_path, base, n_val, is_calibrated):
    parts = ["train"] * 4 + ["val"] * n_val + ["locked"]
    run = make_run(tmp_path / "run", base, parts=parts, options=TrainingOptions(epochs=1))
    candidate = run_job(run, lambda _: None).candidate
    found = read_calibrations(candidate)
    assert set(found) == ({TEMPLATE.id} if is_calibrated else set())
    if is_calibrated:
        assert found[TEMPLATE.id].n_images == n_val


def test_a_run_that_was_interrupted_anywhere_ends_with_the_same_weights(tmp_path, base):
    options = TrainingOptions(epochs=3, seed=7)
    whole = make_run(tmp_path / "whole", base, parts=PARTS, options=options)
    run_job(whole, lambda _: None)
    broken = make_run(tmp_path / "broken", base, parts=PARTS, options=options)
    for last_step in (1, 4):
        control = Control()

        def abort_after(message, last_step=last_step, control=control):
            if isinstance(message, StepDone) and message.step == last_step:
                control.abort.set()

        with pytest.raises(RunAbortedError):
            run_job(broken, abort_after, control)
        assert load_state(broken)[0].step == last_step
    run_job(broken, lambda _: None)

    expected, found = weights(whole / "candidate"), weights(broken / "candidate")
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_stop_keeps_what_was_learned_and_evaluates_it(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=500))
    control = Control()

    def stop_early(message):
        if isinstance(message, StepDone) and message.step == 3:
            control.stop.set()

    result = run_job(run, stop_early, control)
    assert (result.epochs, result.comparison["n_cases"]) == (2, 3)
    assert load_state(run)[0].step == 3


def test_stopped_before_the_first_step_there_is_nothing_to_keep(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=5))
    control = Control()
    control.stop.set()
    with pytest.raises(UserError, match="before its first step"):
        run_job(run, lambda _: None, control)


def test_a_finished_run_that_was_killed_before_it_could_tell_is_evaluated_again(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=1))
    first = run_job(run, lambda _: None)
    (run / "comparison.json").unlink()
    messages = []
    again = run_job(run, messages.append)
    assert again.comparison == first.comparison
    assert not [m for m in messages if isinstance(m, StepDone)]


def test_a_picture_that_changed_since_its_landmarks_were_placed_is_refused(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=1))
    first, second = sorted((run / "pictures").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    with pytest.raises(UserError, match="has changed since"):
        run_job(run, lambda _: None)


def test_an_altered_snapshot_and_a_damaged_checkpoint_are_refused(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=1))
    (run / CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(UserError, match=r"is damaged.*Delete it"):
        run_job(run, lambda _: None)
    snapshot = json.loads((run / "snapshot.json").read_text(encoding="utf-8"))
    snapshot["items"][0]["landmarks"][0]["x"] += 0.01
    (run / "snapshot.json").write_text(json.dumps(snapshot), encoding="utf-8")
    with pytest.raises(UserError, match="changed after it was frozen"):
        run_job(run, lambda _: None)


def test_nothing_but_locked_cases_cannot_be_trained_on(tmp_path, base):
    run = make_run(tmp_path / "run", base, parts=["locked"] * 3, options=TrainingOptions(epochs=1))
    with pytest.raises(UserError, match="no case to train on"):
        run_job(run, lambda _: None)


def test_a_model_trained_on_other_landmarks_of_the_template_is_refused(tmp_path):
    older = Template(TEMPLATE.id, 1, "Old", TEMPLATE.landmarks[:2])
    base = write_model(tmp_path / "base", compact_config((older,)), (older,))
    run = make_run(tmp_path / "run", base, parts=PARTS, options=TrainingOptions(epochs=1))
    with pytest.raises(UserError, match="other landmarks"):
        run_job(run, lambda _: None)


@pytest.mark.slow
def test_the_compact_network_learns_to_find_blobs(tmp_path, base):
    options = TrainingOptions(epochs=30, seed=1, mode="full", learning_rate=5e-3)
    run = make_run(tmp_path / "run", base, parts=["train"] * 12 + ["val"] * 5 + ["locked"] * 10, options=options)
    comparison = run_job(run, lambda _: None).comparison
    assert comparison["verdict"] == "better"
    assert comparison["new"]["mre"] < 2.0 < comparison["old"]["mre"]
    assert np.isfinite(comparison["difference"]["high"])
