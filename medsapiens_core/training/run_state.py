"""The checkpoint of a run: one safetensors file, replaced as a whole, so that a kill leaves the one before.

Tensors are named `<part>/<name>`; numbers travel as JSON in the file's header, because two files can not be replaced
in one act. `state.json` beside it repeats the numbers for people and for the window. Source: reliability.md C5, G8.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from medsapiens_core.errors import UserError

CHECKPOINT = "checkpoint.safetensors"
STATE = "state.json"
Parts = dict[str, dict[str, Tensor]]


@dataclass(frozen=True)
class RunState:
    """Where a run is. `used` is seconds of training; `micro` the images per pass (halved when memory is short).

    `best` is the lowest validation error (in mm, or pixels without spacing) and `best_epoch` when it was reached;
    `stale` counts validations since, `validated` is the step of the last one. `slowed` tells that the rate was halved
    after instability. `finished` tells that only the evaluation is left.
    """

    step: int = 0
    used: float = 0.0
    micro: int = 0
    best: float | None = None
    best_epoch: int = 0
    stale: int = 0
    validated: int = 0
    slowed: bool = False
    finished: bool = False
    losses: tuple[float, ...] = field(default=())  # of the epoch that is going on

    def with_(self, **changes: Any) -> RunState:
        """A copy with changes."""
        return replace(self, **changes)


def save_state(folder: Path, state: RunState, parts: Parts) -> None:
    """Replace the checkpoint of a run folder. Raises ValueError rather than write a weight that is not finite."""
    tensors = {
        f"{part}/{name}": value.detach().cpu().contiguous()
        for part, group in parts.items()
        for name, value in group.items()
    }
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise ValueError(f"{name} is not finite; the checkpoint is not written")
    text = json.dumps(asdict(state))
    partial = folder / (CHECKPOINT + ".partial")
    save_file(tensors, partial, metadata={"state": text})
    _replace(partial, folder / CHECKPOINT)
    (folder / (STATE + ".partial")).write_text(text + "\n", encoding="utf-8")
    _replace(folder / (STATE + ".partial"), folder / STATE)


def load_state(folder: Path) -> tuple[RunState, Parts] | None:
    """Read the checkpoint, None when there is none. Raises UserError when it is damaged."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    parts: Parts = {}
    try:
        with safe_open(path, "pt") as file:
            value = json.loads(file.metadata()["state"])
            for key in list(file.keys()):
                part, name = key.split("/", 1)
                parts.setdefault(part, {})[name] = file.get_tensor(key)
        return RunState(**{**value, "losses": tuple(value["losses"])}), parts
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(
            f"The checkpoint {path} is damaged ({error}). Delete it to train from the beginning."
        ) from error


def halve_portions(folder: Path) -> None:
    """Let the run of a folder go on with half as many images per pass, where it has a checkpoint."""
    saved = load_state(folder)
    if saved is not None:
        state, parts = saved
        save_state(folder, state.with_(micro=max(1, state.micro // 2)), parts)


def _replace(partial: Path, path: Path) -> None:
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
