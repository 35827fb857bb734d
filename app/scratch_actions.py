"""The actions about pixel sizes and scratch measures (ux.md 4.2, 5.4)."""

from __future__ import annotations

from app.action_groups import EDIT
from app.action_row import Action

SCRATCH = (
    Action(
        "measure.distance", "Measure &distance", "Measure", "I", ("M",), "Drag a line; Esc leaves", ("case",), "measure"
    ),
    Action(
        "measure.angle", "Measure &angle", "Measure", "I", ("Shift+M",), "Click end, vertex, end; Esc leaves", ("case",)
    ),
    Action(
        "measure.calibrate",
        "&Calibrate with a scale",
        "Measure",
        "I",
        ("K",),
        "Draw a line along a scale of known length",
        EDIT,
        "ruler",
        separator=True,
    ),
    Action(
        "measure.pixel_size",
        "&Pixel size…",
        "Measure",
        "G",
        (),
        "Which pixel size is used, where it comes from, and how to set another",
        ("case",),
    ),
)
