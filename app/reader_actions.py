"""Rows of the table of actions about the people who read, and what they are asked for (ux.md 10)."""

from __future__ import annotations

from app.action_groups import EDIT
from app.action_row import Action

READERS = (
    Action(
        "project.reader",
        "&Who is reading…",
        "Project",
        "G",
        (),
        "Say who you are; it is recorded with every decision",
        ("project",),
        separator=True,
    ),
    Action(
        "project.people",
        "&People…",
        "Project",
        "G",
        (),
        "Who reads here and in which role, second readings, blind cases",
        ("project",),
    ),
    Action(
        "project.agreement",
        "&Agreement of readers…",
        "Project",
        "G",
        ("Ctrl+Shift+A",),
        "How well readers agree, by landmark and by measurement; differences to settle",
        ("project",),
    ),
    Action(
        "project.adjudicate",
        "A&djudicate…",
        "Project",
        "G",
        (),
        "Settle differences between readers to a consensus; both readings stay",
        ("project", "writable"),
    ),
    Action(
        "project.figures",
        "&My figures…",
        "Project",
        "G",
        (),
        "Your own readings: blind and assisted, repeated, and against the consensus",
        ("project",),
    ),
    Action(
        "case.own_reading",
        "Make my o&wn reading",
        "Case",
        "G",
        (),
        "Read a case anew that somebody else has reviewed; both readings are kept",
        EDIT,
    ),
)
