"""Another language reaches the screen: a real translation file, compiled by Qt's own tool."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import PySide6
import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from app import translations
from app.action_registry import ActionRegistry
from app.actions import ACTIONS, CONDITIONS
from app.translate import install, tr, trn
from app.views.widgets import button, label

LRELEASE = Path(PySide6.__file__).parent / ("lrelease.exe" if sys.platform == "win32" else "lrelease")


@pytest.fixture
def german(tmp_path, qapp):
    """A pseudo language: every text in brackets and 40 % longer, with two forms for numbers."""
    source = tmp_path / "medsapiens_de.ts"
    assert translations.write_file(source, "de") > 200
    tree = ElementTree.parse(source)
    for message in tree.iter("message"):
        done, text = message.find("translation"), message.findtext("source")
        del done.attrib["type"]
        if message.get("numerus"):
            for words in ("[%n one]", "[%n several]"):
                ElementTree.SubElement(done, "numerusform").text = words
        else:
            done.text = f"[{text}{'~' * round(0.4 * len(text))}]"
    tree.write(source, encoding="utf-8", xml_declaration=True)
    subprocess.run([LRELEASE, source], check=True, capture_output=True)
    assert install(qapp, tmp_path, language="de")
    yield tmp_path
    for translator in qapp.findChildren(QTranslator):
        QCoreApplication.removeTranslator(translator)
        translator.deleteLater()


def test_without_a_file_english_is_spoken(tmp_path, qapp):
    assert not install(qapp, tmp_path, language="de")
    assert tr("Close") == "Close"
    assert trn("%n landmark changed.", "%n landmarks changed.", 1) == "1 landmark changed."
    assert trn("%n landmark changed.", "%n landmarks changed.", 14) == "14 landmarks changed."
    assert tr("{decided} of {total} decided.", decided=3, total=19) == "3 of 19 decided."


def test_a_value_may_have_any_name():
    assert tr("Note: {text}", text="look again") == "Note: look again"
    assert trn("%n {one}", "%n {many}", 2, one="case", many="cases") == "2 cases"


def test_texts_are_translated_where_they_become_widgets(german, qtbot):
    registry = ActionRegistry()
    for row in ACTIONS:
        if not row.keys_only:
            assert registry.action(row.id).text() == tr(row.text) != row.text
            assert registry.reason(row.id) in ("", *(tr(words) for words in CONDITIONS.values()))
    assert registry.action("landmark.confirm").toolTip().startswith("[Confirm and go to the next undecided landmark~")
    made = [label("Format"), button("Close")]
    for widget in made:
        qtbot.addWidget(widget)
    assert made[0].text().startswith("[Format~") and made[1].text().startswith("[Close~")


def test_numbers_take_the_form_of_the_language(german):
    assert trn("%n landmark changed.", "%n landmarks changed.", 1) == "[1 one]"
    assert trn("%n landmark changed.", "%n landmarks changed.", 14) == "[14 several]"


def test_values_stand_where_the_translation_puts_them(german):
    assert tr("{decided} of {total} decided.", decided=3, total=19).startswith("[3 of 19 decided.~")


def test_renewing_a_file_keeps_what_is_translated(german):
    file = german / "medsapiens_de.ts"
    before = file.read_text(encoding="utf-8").count("~]")
    translations.write_file(file, "de")
    assert file.read_text(encoding="utf-8").count("~]") == before > 100


def test_only_literals_are_listed():
    source = (
        'tr("A {x}", x="no")\nlabel(name)\nbutton("B", icon="c")\ntrn("%n one", "%n many", 3)\nflat_button("i", "D")'
    )
    plain, counted = translations.code_texts(source)
    assert {"A {x}", "B", "D"} <= plain and counted == {"%n many"} and "no" not in plain and "c" not in plain
