"""The screens of the fine-tune loop, with figures made up for the picture: the README's picture shows real ones."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QWidget

from app.check_only import wait_until
from app.finetune_dialogue import Before, start_state
from app.session.comparison_state import (
    XY,
    CaseFigures,
    ComparisonState,
    GateLine,
    LandmarkFigures,
    ModelFigures,
)
from app.session.view_state import JobState, JobStep, ModelRow
from app.views.compare_dialog import CompareDialog
from app.workspace import Workspace
from medsapiens_core.store.readiness import Readiness

GIB = 2**30
FILM_MS = 5000


def comparison(workspace: Workspace) -> ComparisonState:
    """A candidate that is better but for one landmark, on cases of the open project."""
    marks = workspace.project.template.landmarks
    figures = tuple(
        LandmarkFigures(m.id, m.name, 1.2 + k % 5 * 0.2, 1.1 + k % 4 * 0.2, m.abbreviation) for k, m in enumerate(marks)
    )
    gate = (
        GateLine("G1", False, "Only 12 locked cases: limited evidence. Write why you promote anyway."),
        GateLine("G2", True, "Mean error 1.42 -> 1.31 mm (change -0.11)."),
        GateLine("G3", True, "The change could be up to -0.02 mm (95 % bound; at most +0.07)."),
        GateLine("G4", True, "Gross errors (> 10 mm, or not found) 1 -> 0."),
        GateLine("G5", False, f"{marks[3].name} is worse: 2.10 -> 2.90 mm.", landmark=marks[3].id),
        GateLine("G6", True, "95 % regions cover 95.3 % (90 % to 99 %); judged from 20 locked cases on."),
        GateLine("G7", True, "Against the best ever, v2: not worse: change -0.02, up to +0.04 mm (at most +0.06)."),
    )
    said = f"v4 is better on average but worse at {marks[3].name} (2.1 -> 2.9 mm). Open its cases before deciding."
    return ComparisonState(
        "v4",
        12,
        "mm",
        ModelFigures("v3", 1.42, {"2": 0.78}),
        ModelFigures("v4", 1.31, {"2": 0.82}),
        (-0.11, -0.19, -0.02),
        "paired bootstrap",
        figures,
        _cases(workspace),
        "better",
        said,
        gate,
        wear_text="locked set, 12 cases, use 5 of this set. Each use makes its figures a little better than they are.",
        is_worn=True,
    )


def _cases(workspace: Workspace) -> tuple[CaseFigures, ...]:
    cases = []
    for number, row in enumerate(workspace.project.cases.page(limit=12)):
        annotation = workspace.project.annotations.load(row.id)
        truth: list[XY | None] = [
            None if s.x is None or s.y is None else (float(s.x), float(s.y)) for s in annotation.states
        ]
        old, new = _off(truth, 14, number), _off(truth, 9, number + 1)
        figures = (1.0 + number % 3 * 0.3, 0.9 + number % 4 * 0.2)
        cases.append(CaseFigures(row.id, row.name, *figures, tuple(truth), old, new))
    return tuple(cases)


def _off(truth: list[XY | None], by: float, turn: int) -> tuple[XY | None, ...]:
    angles = [0.9 * k + turn for k in range(len(truth))]
    return tuple(
        None if xy is None else (xy[0] + by * math.cos(a), xy[1] + by * math.sin(a))
        for xy, a in zip(truth, angles, strict=True)
    )


def wait_for_film(dialog: CompareDialog) -> CompareDialog:
    """Wait until the picture is there."""
    wait_until(lambda: dialog.picture.image is not None, FILM_MS)
    return dialog


def show_start(workspace: Workspace) -> QWidget:
    """The window before a start, its options open."""
    dialog, base = workspace.learning.tuning.dialog, workspace.models.current
    assert base is not None
    dialog.set_state(start_state(base, Before(Readiness(62, 18, 20), (), None, 4 * GIB, 41 * GIB), 12))
    dialog.options_button.setChecked(True)
    dialog.show()
    return dialog


def show_training(workspace: Workspace) -> None:
    """The models dock while a job runs."""
    window = workspace.window
    names = ("Freeze", "Check", "Prepare", "Train", "Evaluate", "Gate", "You decide")
    states = ("done",) * 3 + ("current",) + ("waiting",) * 3
    steps = tuple(JobStep(name, state) for name, state in zip(names, states, strict=True))
    losses = tuple((float(n), 4.0 * math.exp(-n / 60) + 0.6 + 0.12 * math.sin(n)) for n in range(1, 240))
    errors = tuple((float(n), 1.28 + 0.9 * math.exp(-n / 8) + 0.03 * math.sin(3 * n)) for n in range(1, 31))
    running = JobState(
        7,
        "running",
        "Train",
        0.52,
        "epoch 31 of 60",
        370.0,
        losses,
        errors,
        can_stop=True,
        can_cancel=True,
        steps=steps,
        base="v3",
        val_base=1.42,
        notes=(
            "The GPU ran out of memory. Training goes on by itself with batch 2 instead of 4; "
            "the result is comparable.",
        ),
    )
    waiting = JobState(8, "queued", "", None, "waits for its turn", can_cancel=True, base="v3")
    window.show_models()
    window.models_panel.set_jobs([running, waiting])
    template = (workspace.project.template.id,)
    window.models_panel.set_models(
        [
            ModelRow("v3", "v3@1", "promoted", True, template, "in use, from v2", can_compare=True),
            ModelRow("v2", "v2@1", "retired", False, template, "was in use, from default", True, True, True),
            ModelRow("t1", "t1@1", "candidate", False, template, "try-out, from v3", can_compare=True),
        ]
    )
    window.models_panel.set_finetune_button(
        "Fine-tune with 12 new corrections", True, "", "since v3, 2026-11-09.  62 training cases, 20 locked (18 read)"
    )
