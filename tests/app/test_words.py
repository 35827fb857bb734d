"""Words reach the screen through `tr`: no module of the window gives a widget a literal, or makes a text of pieces."""

import ast
import re
from pathlib import Path

import pytest

from app.session.card_state import WORDS
from app.session.view_state import LABELS
from app.translations import NO_TEXT, speaks

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))
METHODS = {
    "addAction", "addItem", "addTab", "setAccessibleName", "setPlaceholderText", "setPrefix", "setSpecialValueText",
    "setStatusTip", "setSuffix", "setText", "setTitle", "setToolTip", "setWindowTitle", "showMessage", "show_message",
}  # fmt: skip
CLASSES = {"QAction", "QCheckBox", "QDockWidget", "QGroupBox", "QLabel", "QMenu", "QPushButton", "QRadioButton"}
UNITS = {"mm", "px", "min", "GB", "MB", "kB", "UTC"}  # signs of units are the same in every language
IDS = {*LABELS, *WORDS}  # states of a point and kinds of an edit: stored, and looked up where they are shown
TRANSLATE = {"tr", "trn", "label", "button", "flat_button"}
NOT_FOR_READERS = {"debug", "info", "warning", "error", "exception"}  # of a log
WORDS_IN_PIECES = re.compile(r"[A-Za-z]{2,}\s|\s[A-Za-z]{2,}")


def said(node):
    """Words in an expression that are not inside a call, which `tr` is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        words = node.value.strip()
        return words if words not in UNITS and any(character.isalpha() for character in words) else ""
    if isinstance(node, ast.JoinedStr):
        return next((words for part in node.values if (words := said(part))), "")
    if isinstance(node, ast.IfExp):
        return said(node.body) or said(node.orelse)
    if isinstance(node, ast.BinOp):
        return said(node.left) or said(node.right)
    if isinstance(node, ast.BoolOp):
        return next((words for part in node.values if (words := said(part))), "")
    return ""


def called(node):
    """The name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def untranslated(source):
    """(line, words) of every literal that a widget is given as it stands."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and called(node) in METHODS | CLASSES
            and node.args
            and (words := said(node.args[0]))
        ):
            yield node.lineno, words


def loose(source):
    """(line, words) of every phrase in a function that goes nowhere near a translation, and of texts made of pieces.

    Tables of a module are looked up where they become widgets; logs and faults of ours are not for readers.
    """
    tree = ast.parse(source)
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        yield from _loose(function, False)


def _loose(node, is_safe):
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # documentation
    if isinstance(node, ast.Assert | ast.Compare) or (isinstance(node, ast.Raise) and _is_fault(node.exc)):
        return  # of ours
    if isinstance(node, ast.Call):
        name = called(node)
        is_log = name in NOT_FOR_READERS and getattr(getattr(node.func, "value", None), "id", "") == "log"
        for part in [node.func, *node.args, *(keyword.value for keyword in node.keywords)]:
            yield from _loose(part, is_safe or is_log or (name in TRANSLATE and part is not node.func))
        return
    if isinstance(node, ast.JoinedStr):
        pieces = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        words = "".join(pieces)
        if (
            not is_safe
            and not NO_TEXT.search(words)
            and WORDS_IN_PIECES.search(" ".join(word for word in words.split(" ") if word.strip(",.") not in UNITS))
        ):
            yield node.lineno, words
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _loose(part.value, is_safe)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_safe and _is_phrase(node.value):
        yield node.lineno, node.value
    for child in ast.iter_child_nodes(node):
        yield from _loose(child, is_safe)


def _is_phrase(text):
    return speaks(text) and text not in IDS


def _is_fault(raised):
    return isinstance(raised, ast.Call) and called(raised) in ("RuntimeError", "ValueError", "KeyError", "TypeError")


def test_the_search_finds_what_it_is_for():
    assert list(untranslated('label.setText("Hello")')) == [(1, "Hello")]
    assert list(untranslated('label.setText(f"{count} left" if count else tr("none"))')) == [(1, "left")]
    assert list(untranslated('QRadioButton("Yes" or x)')) == [(1, "Yes")]
    assert not list(untranslated('label.setText(tr("Hello")); box.setText(f"{a}: {b}"); item.setText("  ·  ")'))
    assert not list(untranslated('box.setSuffix(" mm")'))


def test_the_search_for_loose_phrases_finds_what_it_is_for():
    assert list(loose('def f():\n    emit("Not saved yet")')) == [(2, "Not saved yet")]
    assert list(loose('def f():\n    text = f"{n} cases are left"')) == [(2, "{} cases are left")]
    assert not list(
        loose('def f():\n    """Say it."""\n    emit(tr("Not saved yet")); log.warning("not saved at all")')
    )
    assert not list(loose('def f():\n    return f"{x:.1f} mm", f"{name}.png", f"{a} x"'))
    assert not list(loose('TABLE = ("Two words",)\n\ndef f():\n    raise ValueError("no such thing")'))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_words_go_past_the_translation(path):
    source = path.read_text(encoding="utf-8")
    assert not [*untranslated(source), *loose(source)]
