"""The actions about landmarks from and to the files of other tools, as rows of the table in `actions.py`."""

from __future__ import annotations

from app.action_row import Action

LANDMARKS_IN = (
    Action(
        "import.landmarks",
        "Import land&marks…",
        "File",
        "G",
        (),
        "Landmarks of another tool's file, after a preview of every change",
        ("project", "writable"),
        "import",
    ),
    Action(
        "export.landmarks",
        "E&xport landmarks…",
        "File",
        "G",
        ("Ctrl+E",),
        "Landmarks for another tool, with or without what names people",
        ("project",),
        "export",
    ),
    Action(
        "import.undo",
        "&Take back an import…",
        "File",
        "G",
        (),
        "Undo all that one import of landmarks has changed",
        ("project", "writable"),
        "undo",
    ),
    Action(
        "package.open",
        "Open a &reader package…",
        "File",
        "G",
        (),
        "Cases that somebody on another computer asks you to read",
        icon="folder",
        separator=True,
    ),
)
