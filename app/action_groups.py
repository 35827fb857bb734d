"""Rows of the table of actions that go with windows and fields beside the image."""

from __future__ import annotations

from app.action_row import Action

EDIT = ("project", "writable", "case")
POINT = (*EDIT, "landmark")


def keys(action_id: str, text: str, *shortcuts: str, scope: str = "I") -> Action:
    """A row of keys that a view reads itself."""
    return Action(action_id, text, "", scope, shortcuts, keys_only=True)


NOTES = (
    Action("note.landmark", "N&ote…", "Landmark", "G", ("F2",), "Write a note on this landmark", POINT, "note"),
    Action("note.case", "N&ote on the case…", "Case", "G", ("Shift+F2",), "Write a note on this case", EDIT, "note"),
    Action(
        "view.card",
        "Large definition &card",
        "View",
        "I",
        ("Shift+C",),
        "Definition, exemplars and history with more room",
        ("case",),
        checkable=True,
    ),
)
PROJECT = (
    Action(
        "template.edit",
        "&Template editor…",
        "Project",
        "G",
        ("Ctrl+Shift+T",),
        "Landmarks, definitions, pairs, lines and the example picture",
    ),
)
LIST_KEYS = (
    keys("list.move", "Move in the list", "Up", "Down", "Home", "End", "PgUp", "PgDown", scope="L"),
    keys("list.choose", "Open the case, or choose the landmark", "Return", scope="L"),
    keys("list.space", "Landmarks: confirm. Cases: look at the picture", "Space", scope="L"),
    keys("list.leave", "Back to the image", "Esc", scope="L"),
)
FIELD_KEYS = (
    keys("field.commit", "Done, back to the image", "Return", scope="X"),
    keys("field.leave", "Leave the field, back to the image", "Esc", scope="X"),
)
TEMPLATE_KEYS = (
    keys("template.add", "Add a landmark", "Insert", scope="E"),
    keys("template.remove", "Take the landmark out", "Delete", scope="E"),
    keys("template.rename", "Rename the landmark", "Return", scope="E"),
    keys("template.up", "One place up", "Alt+Up", scope="E"),
    keys("template.down", "One place down", "Alt+Down", scope="E"),
    keys("template.save", "Save the draft", "Ctrl+Return", scope="E"),
)
COMPARE_KEYS = (
    keys("compare.case", "Previous, next locked case", "Left", "Right", scope="C"),
    keys("compare.swap", "Hold: the points of the model in use", "Space", scope="C"),
    keys("compare.hide", "Hold: hide everything drawn over the picture", "H", scope="C"),
)
