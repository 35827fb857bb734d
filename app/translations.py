"""List every text of the window as a Qt translation file: `python -m app.translations medsapiens_de.ts`.

Texts come from the tables (actions, preferences) and from the literals of the code: what is given to the functions
below, every phrase, and the words of tables. What a file already
translates is kept. `pyside6-lrelease medsapiens_de.ts` makes the .qm file that the program reads from its resources or
from `translations` in its home.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard
from xml.etree import ElementTree

from app.actions import ACTIONS
from app.controllers.job_progress import STATE_TEXT as JOB_WORDS
from app.preferences import PREFERENCES
from app.session.card_state import WORDS as KIND_WORDS
from app.session.presentation import BADGES
from app.session.view_state import LABELS
from app.translate import CONTEXT
from app.views.measure_operands import SIDES
from app.views.menus import MENUS
from medsapiens_core.data.annotation import Decision, Place
from medsapiens_core.data.readers import ROLES
from medsapiens_core.exchange.facts import FACTS
from medsapiens_core.measurements.definitions import OPERANDS
from medsapiens_core.measurements.norms import NOT_CHECKED
from medsapiens_core.transfer.adjudicating import REASONS

GRADES = ("above", "within", "below", "uncertain")  # words of `medsapiens_core.measurements.norms.grade`
STEPS = ("review", "reopen")  # of a whole case


class _Text(ast.Constant):
    value: str


FUNCTIONS = {"tr": 1, "label": 1, "button": 1, "flat_button": 2}  # name -> how many of its arguments are looked at
ROOT = Path(__file__).parent
PHRASE = re.compile(r"[A-Za-z]{2,}\S*\s+\S*[A-Za-z0-9{%]")  # two words or more
WORD = re.compile(r"[A-Z][A-Za-z.+]*[A-Za-z.]…?")  # one word as a table shows it
SMALL = re.compile(r"[a-z][a-z -]*")
NO_TEXT = re.compile(r"<|#[0-9A-Fa-f]{3}|\{ |%\(|\n    |background:|color:|font-size:")  # mark-up, styles, logging


def speaks(text: str) -> bool:
    """True for a literal that a person is to read: two words or more, and no mark-up or style sheet."""
    return bool(PHRASE.search(text)) and not NO_TEXT.search(text)


def table_texts() -> Iterator[str]:
    """Texts of the tables that are single words in small letters, or that the core holds."""
    yield from (f"&{title}" for title in MENUS)
    for action in ACTIONS:
        yield from (action.text, action.tooltip, action.short, action.menu)
    yield from (word for pair in KIND_WORDS.items() for word in pair)
    yield from (
        *LABELS,
        *STEPS,
        *JOB_WORDS.values(),
        *SIDES.values(),
        *(row[0] for row in BADGES.values()),
    )
    yield from (*(word.capitalize() for word in ROLES), *GRADES, NOT_CHECKED, *REASONS)
    yield from (words for operands in OPERANDS.values() for words in operands)
    for facts in FACTS.values():
        yield from (facts.lost, facts.precision)
        for option in facts.options:
            yield from (option.words, *(words for _, words in option.values))
    yield from (*(place.value.replace("_", " ") for place in Place), *(decision.value for decision in Decision))
    for row in PREFERENCES:
        yield from (row.text, row.note, row.unit, *(words for _, words in row.choices))


def code_texts(source: str) -> tuple[set[str], set[str]]:
    """Literals of a module that are shown as they are, and those with a number (of `trn`, by the form for many).

    What is given to `tr` and its like, every phrase, and every word of a module's tables; documentation is left out.
    """
    tree = ast.parse(source)
    plain, counted = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if node.func.id == "trn":
                counted.update(words[1:2])
            plain.update(words[: FUNCTIONS.get(node.func.id, 0)])
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    left_out |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    phrases = {node.value for node in ast.walk(tree) if _is_text(node) and id(node) not in left_out}
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value]
    in_tables = {node.value for table in tables for node in ast.walk(table) if _is_text(node)}
    plain |= {text for text in phrases if speaks(text) and "%n" not in text}
    counted |= {text for text in phrases if speaks(text) and "%n" in text}
    plain |= {text for text in in_tables if WORD.fullmatch(text)}
    plain |= {text for table in tables for text in _looked_up(table) if SMALL.fullmatch(text)}
    return plain, counted


def _looked_up(table: ast.expr) -> Iterator[str]:
    """What the dictionaries of a table lead to."""
    values = (value for node in ast.walk(table) if isinstance(node, ast.Dict) for value in node.values)
    yield from (value.value for value in values if _is_text(value))


def _is_text(node: ast.AST) -> TypeGuard[_Text]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
    print(path, write_file(path, language))


if __name__ == "__main__":
    main()
