"""The seven steps of a fine-tune job (ux.md 8.1): which are done, which is going on, and what each has found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.session.view_state import JobStep
from app.translate import tr, trn

NAMES = ("Freeze", "Check", "Prepare", "Train", "Evaluate", "Gate", "You decide")
AT = {"Prepare": 2, "Train": 3, "Evaluate": 4, "Write": 5}
DECIDE = 6


def job_steps(
    state: str, phase: str, epochs: tuple[int, int], payload: Mapping[str, Any], outcome: Mapping[str, Any] | None
) -> tuple[JobStep, ...]:
    """The steps of a job in `state`, whose process was in `phase` last and trained `epochs` (done, of)."""
    at = DECIDE if state == "done" else AT.get(phase, 2)
    words = _measured(epochs, payload, outcome or {})
    return tuple(
        JobStep(tr(name), "done" if place < at else "current" if place == at else "waiting", words[place])
        for place, name in enumerate(NAMES)
    )


def _measured(epochs: tuple[int, int], payload: Mapping[str, Any], outcome: Mapping[str, Any]) -> tuple[str, ...]:
    counts = payload.get("counts") or {}
    frozen = counts.get("train", 0) + counts.get("val", 0)
    read, locked = counts.get("locked", 0), counts.get("locked_total", 0)
    free = tr("{free} GB free", free=f"{counts.get('free_bytes', 0) / 1e9:.0f}")
    models = (payload.get("model", ""), payload.get("base", ""))
    return (
        trn("%n training case", "%n training cases", frozen) + ", " + tr("{read} locked", read=read),
        tr("{read} of {locked} locked cases read, {free}", read=read, locked=locked, free=free),
        trn("%n picture read and resized", "%n pictures read and resized", frozen),
        tr("epoch {done} of {of}", done=epochs[0], of=epochs[1]) if epochs[1] else tr("error on the validation part"),
        tr("{new} and {old} on the same {n} locked cases", new=models[0], old=models[1], n=read),
        tr("rules G1 to G7 on the paired errors"),
        str(outcome.get("summary") or tr("promote, keep as try-out, or discard")),
    )
