"""Words reach the screen through `tr`: no literal is given to a widget in the modules that have been gone through."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
METHODS = {
    "addAction", "addItem", "addTab", "setAccessibleName", "setPlaceholderText", "setStatusTip", "setText",
    "setToolTip", "setWindowTitle",
}  # fmt: skip
CLASSES = {"QAction", "QCheckBox", "QDockWidget", "QGroupBox", "QLabel", "QMenu", "QPushButton", "QRadioButton"}
# Add a module here once its words are through; never take one out.
DONE = [
    *sorted((ROOT / "app" / "views" / "transfer").glob("*.py")),
    *(
        ROOT / "app" / "views" / name
        for name in (
            "new_project_dialog.py", "paste_list_dialog.py", "planner_window.py", "ruler_dialog.py", "scope_choice.py",
            "slice_dialog.py",
        )
    ),
    ROOT / "app" / "transfer_dialogue.py",
    *sorted((ROOT / "app" / "controllers").glob("landmark_*.py")),
]  # fmt: skip


def said(node):
    """Words in an expression that are not inside a call, which `tr` is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if any(character.isalpha() for character in node.value) else ""
    if isinstance(node, ast.JoinedStr):
        return next((words for part in node.values if (words := said(part))), "")
    if isinstance(node, ast.IfExp):
        return said(node.body) or said(node.orelse)
    if isinstance(node, ast.BinOp):
        return said(node.left) or said(node.right)
    if isinstance(node, ast.BoolOp):
        return next((words for part in node.values if (words := said(part))), "")
    return ""


def untranslated(source):
    """(line, words) of every literal that a widget is given as it stands."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in METHODS | CLASSES and node.args and (words := said(node.args[0])):
            yield node.lineno, words


def test_the_search_finds_what_it_is_for():
    assert list(untranslated('label.setText("Hello")')) == [(1, "Hello")]
    assert list(untranslated('label.setText(f"{count} left" if count else tr("none"))')) == [(1, " left")]
    assert list(untranslated('QRadioButton("Yes" or x)')) == [(1, "Yes")]
    assert not list(untranslated('label.setText(tr("Hello")); box.setText(f"{a}: {b}"); item.setText("  ·  ")'))


@pytest.mark.parametrize("path", DONE, ids=lambda path: path.name)
def test_no_words_go_past_the_translation(path):
    assert not list(untranslated(path.read_text(encoding="utf-8")))
