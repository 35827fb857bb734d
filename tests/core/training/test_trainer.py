"""What the loop does when memory or numbers fail."""

import numpy as np
import pytest
import torch

from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.learner import Learner, peak_target
from medsapiens_core.training.plan import Plan
from medsapiens_core.training.progress import LogLine, StepDone
from medsapiens_core.training.run_state import RunState, load_state, save_state
from medsapiens_core.training.snapshot_items import training_item
from medsapiens_core.training.trainer import Control, Trainer
from tests.core.training.building import TEMPLATE, compact_config, freeze, new_model, write_pictures

PLAN = Plan(batch=4, steps_per_epoch=2, epochs=3, rate=1e-3, budget=None)


class Stumbling(Learner):
    """The real learner, whose steps fail as planned: `failures` maps the how-many-th call to what happens."""

    def __init__(self, failures, **options):
        super().__init__(new_model(compact_config()), TEMPLATE, "head", 1e-3, torch.device("cpu"))
        self.failures, self.calls, self.micros = dict(failures), 0, []

    def step(self, samples, factor, micro, seed):
        self.calls += 1
        self.micros.append(micro)
        failure = self.failures.get(self.calls)
        if isinstance(failure, Exception):
            raise failure
        return None if failure == "nan" else super().step(samples, factor, micro, seed)


@pytest.fixture
def run(tmp_path):
    snapshot = freeze(write_pictures(tmp_path / "pictures", 8), ["train"] * 8)
    items = [training_item(item, TEMPLATE) for item in snapshot.items]
    messages = []

    def start(failures):
        dataset = LandmarkDataset(items, compact_config(), {TEMPLATE.id: TEMPLATE})
        learner = Stumbling(failures)
        trainer = Trainer(
            learner,
            dataset,
            PLAN,
            0,
            tmp_path,
            validate=lambda _: None,
            report=messages.append,
            control=Control(),
        )
        return trainer, messages

    return start


def logs(messages):
    return [m.text for m in messages if isinstance(m, LogLine)]


def test_when_memory_runs_out_the_batch_is_halved_and_the_step_repeated(run):
    trainer, messages = run({2: torch.OutOfMemoryError("CUDA out of memory")})
    trainer.run()
    assert trainer.learner.micros == [4, 4, 2, 2, 2, 2, 2]
    assert logs(messages)[0] == (  # M12
        "The GPU ran out of memory. Training goes on by itself with batch 2 instead of 4; the result is comparable."
    )


def test_when_one_image_does_not_fit_the_user_is_told(run):
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
    trainer, _ = run(dict.fromkeys((1, 2, 3), error))
    with pytest.raises(EnvironmentProblemError, match="one image at a time does not fit in memory"):
        trainer.run()
    trainer, _ = run(dict.fromkeys((1, 2, 3), torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(EnvironmentProblemError, match="one image at a time does not fit in the GPU"):  # M13
        trainer.run()


def test_another_error_is_not_taken_for_lack_of_memory(run):
    trainer, _ = run({1: RuntimeError("shapes differ")})
    with pytest.raises(RuntimeError, match="shapes differ"):
        trainer.run()


def test_a_step_without_a_finite_loss_is_skipped_and_told(run):
    trainer, messages = run({2: "nan"})
    state = trainer.run()
    assert state.step == PLAN.steps
    assert [m.loss is None for m in messages if isinstance(m, StepDone)] == [False, True, False, False, False, False]


def test_four_in_a_row_go_back_to_the_checkpoint_at_half_the_rate_and_only_once(run):
    trainer, messages = run(dict.fromkeys((3, 4, 5, 6), "nan"))
    assert trainer.run().slowed
    assert "restarted once with half the step size" in logs(messages)[0]
    trainer, _ = run(dict.fromkeys(range(1, 20), "nan"))
    trainer.folder = trainer.folder / "other"
    trainer.folder.mkdir()
    with pytest.raises(UserError, match="unstable"):
        trainer.run()


def test_portions_of_a_batch_give_the_gradient_of_the_whole(run):
    trainer, _ = run({})
    samples = trainer.batch(0)
    gradients = []
    for micro in (4, 1):
        learner = Stumbling({})
        learner.optimiser.step = lambda: None
        learner.step(samples, 1.0, micro, 0)
        gradients.append([p.grad.clone() for p in learner.trained.values() if p.grad is not None])
    for whole, portions in zip(*gradients, strict=True):
        assert torch.allclose(whole, portions, atol=2e-3 * float(whole.abs().max() + 1e-6) + 1e-6, rtol=0.05)


def test_a_loss_that_is_not_finite_changes_nothing(run):
    trainer, _ = run({})
    samples = trainer.batch(0)
    samples[0].pixels[:] = np.nan
    learner = Stumbling({})
    before = {name: p.detach().clone() for name, p in learner.trained.items()}
    assert learner.step(samples, 1.0, 4, 0) is None
    assert all(torch.equal(before[name], p) for name, p in learner.trained.items())


def test_the_next_batches_do_not_depend_on_when_they_are_drawn(run):
    trainer, _ = run({})
    first = [sample.pixels.copy() for sample in trainer.batch(3)]
    trainer.batch(0)
    assert all(np.array_equal(a, sample.pixels) for a, sample in zip(first, trainer.batch(3), strict=True))


def test_a_target_peaks_at_one_where_the_point_is():
    target = peak_target(torch.tensor([[[4.0, 7.0]]]), (12, 10), 1.5)
    assert target.shape == (1, 1, 10, 12)
    assert target[0, 0, 7, 4] == 1.0
    assert target.max() == 1.0


def test_a_checkpoint_with_a_weight_that_is_not_finite_is_never_written(tmp_path):
    good = {"weights": {"a": torch.ones(2)}}
    save_state(tmp_path, RunState(step=3, losses=(0.5,)), good)
    with pytest.raises(ValueError, match="not finite"):
        save_state(tmp_path, RunState(step=4), {"weights": {"a": torch.tensor([1.0, float("nan")])}})
    state, parts = load_state(tmp_path)
    assert (state.step, state.losses) == (3, (0.5,))
    assert torch.equal(parts["weights"]["a"], torch.ones(2))
