"""The training loop: epochs, validation, checkpoints, stopping, and what to do when memory or numbers fail.

Every random draw depends only on the seed, the epoch and the image, so a run that was killed and started again gives
the weights that it would have given (as far as the hardware repeats itself; a time limit in minutes does not).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.training.dataset import LandmarkDataset, Sample
from medsapiens_core.training.learner import Learner
from medsapiens_core.training.plan import Plan
from medsapiens_core.training.progress import NO_GPU_ROOM, EpochDone, LogLine, Reporter, StepDone
from medsapiens_core.training.run_state import Parts, RunState, load_state, save_state

LONGEST_STEP = 60.0  # seconds; a longer one was the machine sleeping and does not use up the budget
SAVE_EVERY = 60.0
VALIDATE_STEPS = 25
PATIENCE, EARLIEST_STOP = 8, 0.3
SKIPS = 3  # steps in a row without a finite loss (reliability.md G8)


@dataclass(frozen=True)
class Errors:
    """Mean radial error over the validation part; `mm` is None unless every image has a spacing."""

    px: float
    mm: float | None


Validator = Callable[[LandmarkModel], Errors | None]


@dataclass(frozen=True)
class Control:
    """How a run is ended from outside: `stop` keeps the best and evaluates it, `abort` saves and leaves."""

    stop: threading.Event = field(default_factory=threading.Event)
    abort: threading.Event = field(default_factory=threading.Event)


class RunAbortedError(Exception):
    """The run was told to leave; its checkpoint is written."""


class UnstableError(Exception):
    """Too many steps in a row without a finite loss."""


class Trainer:
    """One run in one folder. `validate` measures a model, or gives None when there is no validation part."""

    def __init__(
        self,
        learner: Learner,
        dataset: LandmarkDataset,
        plan: Plan,
        seed: int,
        folder: Path,
        *,
        validate: Validator,
        report: Reporter,
        control: Control,
    ) -> None:
        self.learner, self.dataset, self.plan, self.seed, self.folder = learner, dataset, plan, seed, folder
        self.validate, self.report, self.control = validate, report, control
        self.state = RunState(micro=plan.batch)
        self.best: Parts = {}
        self._skipped = 0
        self._saved_at, self._save_took = time.monotonic(), 0.0

    def run(self) -> RunState:
        """Train until the plan, the time or the patience ends, then leave the best weights in the model.

        Raises RunAbortedError, UserError when nothing was learned, EnvironmentProblemError for lack of memory.
        """
        self._resume()
        while not self.state.finished:
            try:
                self._train()
            except UnstableError:
                self._slow_down()
        self.learner.assign(self.best.get("best") or self.learner.mean.values)
        return self.state

    def _resume(self) -> None:
        saved = load_state(self.folder)
        if saved is None:
            return
        self.state, parts = saved
        try:
            self.learner.restore(parts)
        except (KeyError, RuntimeError, ValueError) as error:
            raise UserError(
                f"The checkpoint in {self.folder} belongs to another model ({error}). Start a new run."
            ) from error
        self.best = {"best": parts["best"]} if "best" in parts else {}
        self.report(LogLine(f"Going on after step {self.state.step}."))

    def _train(self) -> None:
        """From the present step to the end."""
        with self._batches(self.state.step) as batches:
            for samples in batches:
                if self._is_over():
                    break
                began = time.monotonic()
                self._step(samples)
                if self.state.step % self.plan.steps_per_epoch == 0:
                    self._end_epoch()
                self._use(began)
                if time.monotonic() - self._saved_at > SAVE_EVERY:
                    self.save()
        self._finish()

    def _is_over(self) -> bool:
        if self.control.abort.is_set():
            self.save()
            raise RunAbortedError
        if self.control.stop.is_set():
            return True
        progress = self.plan.progress(self.state.step, self.state.used)
        return progress >= 1 or (self.state.stale >= PATIENCE and progress >= EARLIEST_STOP)

    def _step(self, samples: list[Sample]) -> None:
        step = self.state.step
        factor = self.plan.rate_factor(step, self.state.used) * (0.5 if self.state.slowed else 1.0)
        loss = self._learn(samples, factor)
        self._skipped = 0 if loss is not None else self._skipped + 1
        if self._skipped > SKIPS:
            raise UnstableError
        losses = self.state.losses if loss is None else (*self.state.losses, loss)
        self.state = self.state.with_(step=step + 1, losses=losses)
        steps = self.plan.expected_steps(step + 1, self.state.used)
        epoch, epochs = step // self.plan.steps_per_epoch + 1, -(-steps // self.plan.steps_per_epoch)
        left = self.plan.seconds_left(step + 1, self.state.used)
        self.report(StepDone(step + 1, steps, epoch, epochs, loss, left))

    def _learn(self, samples: list[Sample], factor: float) -> float | None:
        while True:
            try:
                return self.learner.step(samples, factor, self.state.micro, self.seed * 1_000_003 + self.state.step)
            except (torch.OutOfMemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                of_gpu = isinstance(error, torch.OutOfMemoryError)
            self._halve(of_gpu)

    def _halve(self, of_gpu: bool) -> None:
        micro = self.state.micro
        if micro == 1:
            text = f"{NO_GPU_ROOM}{_gpu_room()}." if of_gpu else "Even one image at a time does not fit in memory."
            raise EnvironmentProblemError(text)
        self.learner.optimiser.zero_grad(set_to_none=True)
        if self.learner.device.type == "cuda":
            torch.cuda.empty_cache()
        self.state = self.state.with_(micro=max(1, micro // 2))
        text = "The GPU ran out of memory." if of_gpu else "Memory ran out."
        goes_on = f"Training goes on by itself with batch {self.state.micro} instead of {micro}"
        self.report(LogLine(f"{text} {goes_on}; the result is comparable."))

    def _end_epoch(self) -> None:
        epoch = self.state.step // self.plan.steps_per_epoch
        loss = float(np.mean(self.state.losses)) if self.state.losses else None
        self.state = self.state.with_(losses=())
        due = self.state.step // VALIDATE_STEPS > (self.state.step - self.plan.steps_per_epoch) // VALIDATE_STEPS
        errors = self._validate() if due or epoch == self.plan.epochs else None
        self.report(EpochDone(epoch, loss, *((errors.px, errors.mm) if errors else (None, None))))
        if errors or time.monotonic() - self._saved_at > 20 * self._save_took:
            self.save()

    def _validate(self) -> Errors | None:
        with self.learner.averaged() as model:
            errors = self.validate(model)
        self.state = self.state.with_(validated=self.state.step)
        if errors is None:
            return None
        value = errors.px if errors.mm is None else errors.mm
        if self.state.best is None or value < self.state.best:
            self.best = {"best": {name: tensor.clone() for name, tensor in self.learner.mean.values.items()}}
            self.state = self.state.with_(best=value, best_epoch=self._epoch(), stale=0)
        else:
            self.state = self.state.with_(stale=self.state.stale + 1)
        return errors

    def _epoch(self) -> int:
        """The epoch that is going on, counted from 1."""
        return -(-self.state.step // self.plan.steps_per_epoch)

    def _finish(self) -> None:
        if self.state.step == 0:
            raise UserError("The training was stopped before its first step, so there is nothing to keep.")
        if self.state.validated != self.state.step:  # what was learned since then counts too
            self._validate()
        self.state = self.state.with_(finished=True)
        self.save()

    def _slow_down(self) -> None:
        saved = load_state(self.folder)
        if self.state.slowed or saved is None:
            raise UserError(
                "Training became unstable and was stopped; the model in use is untouched. "
                "Check the labels of the training cases for points far from the anatomy."
            )
        self.state, parts = saved
        self.learner.restore(parts)
        self.state = self.state.with_(slowed=True)
        self._skipped = 0
        epoch = self._epoch()
        self.report(
            LogLine(f"Training became unstable at epoch {epoch} and was restarted once with half the step size.")
        )

    def save(self) -> None:
        """Write the checkpoint."""
        began = time.monotonic()
        save_state(self.folder, self.state, {**self.learner.export(), **self.best})
        self._saved_at = time.monotonic()
        self._save_took = self._saved_at - began

    def _use(self, began: float) -> None:
        self.state = self.state.with_(used=self.state.used + min(time.monotonic() - began, LONGEST_STEP))

    @contextmanager
    def _batches(self, start: int) -> Iterator[Iterator[list[Sample]]]:
        """The batches from a step on; the next one is made while the present one is learned from."""

        def batches() -> Iterator[list[Sample]]:
            following = pool.submit(self.batch, start)
            for step in range(start + 1, self.plan.steps + 2):
                samples = following.result()
                following = pool.submit(self.batch, step)
                yield samples

        with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
            yield batches()

    def batch(self, step: int) -> list[Sample]:
        """The samples of a step, drawn from the seed, the epoch and the image alone."""
        epoch, position = divmod(step, self.plan.steps_per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.dataset))
        chosen = order[position * self.plan.batch : (position + 1) * self.plan.batch].tolist()
        return [self.dataset.sample(k, np.random.default_rng([self.seed, epoch, k])) for k in chosen]


def _gpu_room() -> str:
    """How much of the GPU is free, in brackets; "" where it cannot be asked."""
    if not torch.cuda.is_available():
        return ""
    return f" ({torch.cuda.mem_get_info()[0] / 1e9:.1f} GB free)"


def is_out_of_memory(error: BaseException) -> bool:
    """True for the GPU's own error and for the one that the CPU allocator raises as a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
