"""The rows of the actions table that concern how the picture is seen: turns, overlays, loupe, frames, habits."""

from __future__ import annotations

from app.action_row import Action

ORIENTATION = (
    Action(
        "view.flip",
        "Flip left-&right",
        "View",
        "I",
        ("V",),
        "Mirror the view, left to right; stored numbers stay",
        ("case",),
        icon="flip",
    ),
    Action(
        "view.flip_vertical",
        "Flip to&p-bottom",
        "View",
        "I",
        ("Shift+V",),
        "Mirror the view, top to bottom; stored numbers stay",
        ("case",),
    ),
    Action(
        "view.rotate",
        "Rotate &90°",
        "View",
        "I",
        ("Shift+R",),
        "Turn the view by 90 degrees; stored numbers stay",
        ("case",),
    ),
    Action("view.upright", "As the file &lies", "View", "I", (), "Undo flips and turns of the view", ("case",)),
)
OVERLAYS = (
    Action(
        "view.ellipses",
        "95 % &ellipses",
        "View",
        "I",
        ("C",),
        "Regions that hold the point 95 times in 100: current landmark, all, none",
        ("case", "sighted", "calibrated"),
        icon="ellipse",
    ),
    Action(
        "view.heatmap",
        "&Heatmap",
        "View",
        "I",
        ("T",),
        "Where the model sees the current landmark",
        ("case", "landmark", "sighted", "model"),
        icon="heatmap",
        checkable=True,
    ),
)
LOUPE = (
    Action(
        "view.loupe",
        "Floating &loupe",
        "View",
        "I",
        ("L",),
        "A loupe beside the pointer",
        ("case",),
        icon="loupe",
        checkable=True,
        separator=True,
    ),
    Action("view.loupe_factor", "Loupe &factor", "View", "I", ("Shift+L",), "Loupe 2, 4, 8 or 16 times", ("case",)),
)
FRAMES = (
    Action("view.frame_next", "Ne&xt frame", "View", "I", ("Alt+Down",), "", ("frames",), repeats=True, separator=True),
    Action("view.frame_previous", "Previo&us frame", "View", "I", ("Alt+Up",), "", ("frames",), repeats=True),
    Action("view.frame_on", "10 frames on", "View", "I", ("Alt+PgDown",), "", ("frames",), repeats=True),
    Action("view.frame_back", "10 frames back", "View", "I", ("Alt+PgUp",), "", ("frames",), repeats=True),
    Action(
        "view.use_frame",
        "Use this frame",
        "View",
        "G",
        (),
        "Work on the frame on screen instead: it becomes a case of its own",
        ("frames", "writable"),
    ),
)
HABITS = (
    Action(
        "view.keep_view",
        "&Keep view for same size and device",
        "View",
        "G",
        (),
        "The next case of the same size and device keeps zoom, place, window and level; never a flip",
        checkable=True,
        separator=True,
    ),
    Action("view.squares", "Pixel s&quares above 400 %", "View", "G", (), "Off: smooth at every zoom", checkable=True),
)
MESSAGES = Action(
    "view.messages", "M&essages", "View", "G", (), "What the program has said, with the time", checkable=True
)
