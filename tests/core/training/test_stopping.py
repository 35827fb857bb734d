"""A stop ends the step that is under way, and loses nothing of the steps before it."""

import pytest
import torch

from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.learner import Learner
from medsapiens_core.training.plan import Plan
from medsapiens_core.training.progress import StepDone
from medsapiens_core.training.run_state import load_state
from medsapiens_core.training.snapshot_items import training_item
from medsapiens_core.training.stopping import run_until_told
from medsapiens_core.training.trainer import Control, RunAbortedError, Trainer
from tests.core.training.building import TEMPLATE, compact_config, freeze, new_model, write_pictures

PLAN = Plan(batch=4, steps_per_epoch=2, epochs=3, rate=1e-3, budget=None)


class Told(Learner):
    """The real learner, which is told to stop, or to leave, while its network computes the third step."""

    def __init__(self, event):
        super().__init__(new_model(compact_config()), TEMPLATE, "head", 1e-3, torch.device("cpu"))
        self.event, self.steps, self.weights = event, 0, {}
        first, *_ = self.model.children()
        first.register_forward_hook(self.tell)

    def step(self, samples, factor, micro, seed):
        self.steps += 1
        self.weights = {name: value.detach().clone() for name, value in self.trained.items()}
        return super().step(samples, factor, micro, seed)

    def tell(self, module, *_):
        if self.steps == 3 and module.training:
            self.event.set()


@pytest.fixture
def start(tmp_path):
    snapshot = freeze(write_pictures(tmp_path / "pictures", 8), ["train"] * 8)
    items = [training_item(item, TEMPLATE) for item in snapshot.items]

    def start(learner, control, messages):
        dataset = LandmarkDataset(items, compact_config(), {TEMPLATE.id: TEMPLATE})
        return Trainer(
            learner,
            dataset,
            PLAN,
            0,
            tmp_path,
            validate=lambda _: None,
            report=messages.append,
            control=control,
        )

    return start


def test_a_stop_in_a_step_leaves_it_and_keeps_the_steps_before(start, tmp_path):
    control, messages = Control(), []
    learner = Told(control.stop)
    state = run_until_told(start(learner, control, messages), control)
    assert state.step == 2 and state.finished
    assert [m.step for m in messages if isinstance(m, StepDone)] == [1, 2]
    saved, parts = load_state(tmp_path)
    assert saved.step == 2
    for name, value in learner.weights.items():
        assert torch.equal(parts["weights"][name], value), f"{name}: nothing was learned from the step that was left"


def test_an_abort_in_a_step_saves_and_leaves(start, tmp_path):
    control = Control()
    with pytest.raises(RunAbortedError):
        run_until_told(start(Told(control.abort), control, []), control)
    saved, _ = load_state(tmp_path)
    assert saved.step == 2 and not saved.finished


def test_a_run_that_nobody_stops_trains_to_its_end(start, tmp_path):
    control = Control()
    state = run_until_told(start(Told(Control().stop), control, []), control)
    assert state.step == PLAN.steps
