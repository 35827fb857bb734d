"""How long to train, how fast, and in what portions, from the number of images and the device.

Step counts follow methods.md 9.3 (few-shot) and 4; the rate warms up and then falls as a half cosine over whatever is
used up first, the steps or the minutes, so that a slower machine trains less but ends properly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from medsapiens_core.training.config import TrainingOptions

CPU_MINUTES = 15.0  # when neither minutes nor epochs are given; a GPU gets through its steps without a limit
WARM_UP = 30  # steps
FINAL_RATE = 0.02


@dataclass(frozen=True)
class Plan:
    """Numbers of one run. `budget` is in seconds of training, None without a limit."""

    batch: int
    steps_per_epoch: int
    epochs: int
    rate: float
    budget: float | None

    @property
    def steps(self) -> int:
        """Optimiser steps if time allows."""
        return self.epochs * self.steps_per_epoch

    def progress(self, step: int, used: float) -> float:
        """Share of the run that is done, 0..1, by steps or by seconds, whichever is further."""
        by_time = used / self.budget if self.budget else 0.0
        return min(1.0, max(step / self.steps, by_time))

    def rate_factor(self, step: int, used: float) -> float:
        """The factor on every learning rate at a step counted from 0; rising for at most 5 % of the run."""
        progress = self.progress(step, used)
        risen = max((step + 1) / max(1, min(WARM_UP, self.steps // 20)), progress / 0.05)
        falling = 0.5 * (1 + math.cos(math.pi * progress))
        return min(1.0, risen) * (FINAL_RATE + (1 - FINAL_RATE) * falling)

    def expected_steps(self, step: int, used: float) -> int:
        """How many steps there will be at the present speed; `step` is the number done."""
        return max(step, min(self.steps, round(step / self.progress(step, used))))

    def seconds_left(self, step: int, used: float) -> float | None:
        """An estimate from the mean step so far; None during the first three steps."""
        if step < 3:
            return None
        by_steps = (self.steps - step) * used / step
        return max(0.0, by_steps if self.budget is None else min(by_steps, self.budget - used))


def make_plan(options: TrainingOptions, images: int, device: str, *, new_template: bool) -> Plan:
    """Plan a run over `images` training images on device type `cpu` or `cuda`.

    A template that the model has not seen starts from a random last layer and gets twice the rate.
    """
    batch = min(options.batch_size or (4 if device == "cpu" else 8), images)
    per_epoch = math.ceil(images / batch)
    target = 400 if images < 10 else max(800, 40 * per_epoch if images > 50 else 0)
    minutes = options.minutes
    if minutes is None and options.epochs is None and device == "cpu":
        minutes = CPU_MINUTES
    return Plan(
        batch=batch,
        steps_per_epoch=per_epoch,
        epochs=options.epochs or math.ceil(target / per_epoch),
        rate=options.learning_rate or (1e-3 if new_template else 5e-4),
        budget=None if minutes is None else minutes * 60,
    )
