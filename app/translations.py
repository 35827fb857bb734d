"""List every text of the window as a Qt translation file: `python -m app.translations medsapiens_de.ts`.

Texts come from the tables (actions, preferences) and from literals given to the functions below. What a file already
translates is kept. `pyside6-lrelease medsapiens_de.ts` makes the .qm file that the program reads from its resources or
from `translations` in its home.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from app.action_row import SCOPES
from app.actions import ACTIONS, CONDITIONS
from app.preferences import PAGES, PREFERENCES
from app.session import import_state
from app.translate import CONTEXT
from app.views import planner_window, slice_dialog
from app.views.menus import MENUS
from app.views.transfer import (
    export_form,
    files_page,
    import_window,
    look_page,
    names_page,
    pictures_page,
    preview_page,
)
from medsapiens_core.data.annotation import Decision, Place
from medsapiens_core.exchange.facts import FACTS

FUNCTIONS = {"tr": 1, "label": 1, "button": 1, "flat_button": 2}  # name -> how many of its arguments are looked at
ROOT = Path(__file__).parent


def table_texts() -> Iterator[str]:
    """Texts of the tables."""
    yield from CONDITIONS.values()
    yield from SCOPES.values()
    yield from PAGES
    yield from (f"&{title}" for title in MENUS)
    for action in ACTIONS:
        yield from (action.text, action.tooltip, action.short, action.menu)
    yield from (*planner_window.HEADERS, planner_window.AFTER, *slice_dialog.AXES)
    yield from _exchange_texts()
    for row in PREFERENCES:
        yield from (row.text, row.note, row.unit, *(words for _, words in row.choices))


def _exchange_texts() -> Iterator[str]:
    """Texts of the windows in which landmarks come and go that stand in tables."""
    for facts in FACTS.values():
        yield from (facts.lost, facts.precision)
        for option in facts.options:
            yield from (option.words, *(words for _, words in option.values))
    yield from (*(place.value.replace("_", " ") for place in Place), *(decision.value for decision in Decision))
    yield from import_state.WHAT.values()
    yield from (files_page.ALL, names_page.KINDS, names_page.SAVE, names_page.CHOOSE, names_page.LEAVE)
    for headers in (names_page.HEADERS, pictures_page.HEADERS, preview_page.HEADERS, preview_page.POINT_HEADERS):
        yield from headers
    yield from (*preview_page.CHOICES.values(), *preview_page.TAKEN.values(), pictures_page.NO_CASE)
    yield from (
        *export_form.POINTS.values(),
        export_form.CLEAN,
        export_form.CLEAN_HOW,
        export_form.TRAVELS,
        look_page.HINT,
    )
    yield from (*import_window.TITLES.values(), *import_window.NEXT.values())


def code_texts(source: str) -> tuple[set[str], set[str]]:
    """Literals of a module that are shown as they are, and those with a number (of `trn`, by the form for many)."""
    plain, counted = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if node.func.id == "trn":
                counted.update(words[1:2])
            plain.update(words[: FUNCTIONS.get(node.func.id, 0)])
    return plain, counted


def all_texts() -> tuple[set[str], set[str]]:
    """Every text of the window: plain ones, and those with a number."""
    plain, counted = set(table_texts()), set[str]()
    for file in ROOT.rglob("*.py"):
        more, numbers = code_texts(file.read_text(encoding="utf-8"))
        plain |= more
        counted |= numbers
    return plain - {""}, counted


def write_file(path: Path, language: str) -> int:
    """Write or renew a translation file; how many texts it has."""
    known = _known(path)
    plain, counted = all_texts()
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text in sorted(plain | counted):
        message = ElementTree.SubElement(context, "message", {"numerus": "yes"} if text in counted else {})
        ElementTree.SubElement(message, "source").text = text
        message.append(known.get(text, ElementTree.Element("translation", type="unfinished")))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return len(plain | counted)


def _known(path: Path) -> dict[str, ElementTree.Element]:
    if not path.is_file():
        return {}
    messages = ElementTree.parse(path).getroot().iter("message")
    pairs = ((message.findtext("source"), message.find("translation")) for message in messages)
    return {source: done for source, done in pairs if source and done is not None}


def main() -> None:
    """Write the file that is named."""
    path = Path(sys.argv[1])
    language = path.stem.partition("_")[2] or "en"
    print(f"{path}: {write_file(path, language)} texts")


if __name__ == "__main__":
    main()
