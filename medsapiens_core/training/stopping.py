"""Leaving a training step that is under way: on a slow computer one step takes longer than a stop may.

A step is left while the network still computes, before anything is learned from it, so that the weights are those of
the step before and a checkpoint of them is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from medsapiens_core.training.progress import LogLine, Message, Reporter
from medsapiens_core.training.run_state import RunState
from medsapiens_core.training.trainer import Control, Trainer


class StepLeftError(Exception):
    """The step was left because the run is to stop or to end."""


def run_until_told(trainer: Trainer, control: Control) -> RunState:
    """`trainer.run()`, which a stop or an abort ends within the step that is going on.

    The state of the last whole step is saved, and the trainer ends from there: it measures what it has, or leaves.
    Raises what `Trainer.run` raises.
    """
    try:
        with _leaving_when_told(control):
            return trainer.run()
    except StepLeftError:
        trainer.save()
        trainer.report = _without_logs(trainer.report)  # that it goes on after a step is no news here
        return trainer.run()


def _without_logs(report: Reporter) -> Reporter:
    def tell(message: Message) -> None:
        if not isinstance(message, LogLine):
            report(message)

    return tell


@contextmanager
def _leaving_when_told(control: Control) -> Iterator[None]:
    def look(module: nn.Module, _arguments: Any) -> None:
        if module.training and (control.stop.is_set() or control.abort.is_set()):
            raise StepLeftError

    handle = register_module_forward_pre_hook(look)
    try:
        yield
    finally:
        handle.remove()
