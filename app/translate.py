"""The one way of words to the screen: English in the code, another language by a Qt translation file.

`tr` at the place where a text is made; texts of tables (actions, preferences) and of `label`, `button` and
`flat_button` pass through it where they become a widget. See docs/adr/0008-translation.md; `python -m app.translations`
lists every text for translators.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

CONTEXT = "MedSapiens"
FILE = "medsapiens"


def tr(text: str, /, **values: object) -> str:
    """The text in the user's language; `{name}` is replaced after translation, so that words may change places."""
    words = QCoreApplication.translate(CONTEXT, text) if text else text
    return words.format(**values) if values else words


def trn(one: str, many: str, n: int, /, **values: object) -> str:
    """A text with a number, `%n` in it; other languages have as many forms as they need, by the form for many."""
    words = QCoreApplication.translate(CONTEXT, many, "", n)
    if words == many.replace("%n", str(n)) and n == 1:
        words = one.replace("%n", str(n))
    return words.format(**values) if values else words


def install(application: QCoreApplication, *folders: Path, language: str = "") -> bool:
    """Speak the user's language if there is a file for it in one of the folders; else English, all of it."""
    locale = QLocale(language) if language else QLocale.system()
    for folder in folders:
        own = QTranslator(application)
        if own.load(locale, FILE, "_", str(folder)):
            QCoreApplication.installTranslator(own)
            _install_words_of_qt(application, locale)
            return True
        own.deleteLater()
    return False


def _install_words_of_qt(application: QCoreApplication, locale: QLocale) -> None:
    """Cancel, Yes and the file dialogs; only beside a translation of ours, else two languages would mix."""
    standard = QTranslator(application)
    if standard.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        QCoreApplication.installTranslator(standard)
