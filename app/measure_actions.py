"""The actions about measurements, as rows of the table in `actions.py`."""

from __future__ import annotations

from app.action_groups import EDIT
from app.action_row import Action

MEASURE_OUT = (
    Action(
        "measure.export",
        "Export &measurements…",
        "File",
        "G",
        (),
        "Values and landmarks of the reviewed cases as CSV",
        ("project",),
        "export",
        separator=True,
        short="Export…",
    ),
    Action(
        "measure.report",
        "PDF &report…",
        "File",
        "G",
        ("Ctrl+P",),
        "Picture, values and who read them, on paper",
        ("case",),
        short="Report…",
    ),
)
MEASURE = (
    Action(
        "view.measurements",
        "&Measurements",
        "Measure",
        "G",
        (),
        "Values of this case, with their error",
        checkable=True,
    ),
    Action(
        "view.measure_lines",
        "Measurement &lines",
        "Measure",
        "I",
        ("S",),
        "Show on the image how values are measured",
        ("case",),
        checkable=True,
    ),
    Action(
        "measure.impact",
        "Show what each landmark &changes",
        "Measure",
        "G",
        (),
        "In the landmark list, instead of the score: the value that a landmark changes most, per mm",
        ("case",),
        checkable=True,
    ),
    Action(
        "measure.lock",
        "Lock &end vertebrae",
        "Measure",
        "G",
        (),
        "Hold the end vertebrae that were found, or search them again",
        EDIT,
        separator=True,
    ),
    Action(
        "measure.edit",
        "&Edit measurements…",
        "Measure",
        "G",
        (),
        "Change a set of measurements or make one",
        ("project", "writable"),
        short="Edit…",
    ),
)
