"""The window's settings on disk. Damaged ones are put aside and defaults used: they never keep the program shut."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

BINARY = ("geometry", "state")
WORDS = {
    "theme": ("dark", "light", "contrast", "system"),
    "names": ("all", "current", "none"),
    "regions": ("all", "current", "none"),
}
SWITCHES = "view."
log = logging.getLogger(__name__)


def open_settings(path: Path) -> QSettings:
    """Settings in an INI file; one that cannot be used is renamed to `*.bad` (reliability.md C16)."""
    settings = QSettings(str(path), QSettings.Format.IniFormat)
    if path.exists() and not _is_usable(settings):
        del settings
        path.replace(path.with_name(path.name + ".bad"))
        log.warning("the settings were damaged; they were put aside and the defaults are used")
        settings = QSettings(str(path), QSettings.Format.IniFormat)
        settings.clear()
    return settings


def _is_usable(settings: QSettings) -> bool:
    return settings.status() is QSettings.Status.NoError and all(
        _fits(key, settings.value(key)) for key in settings.allKeys()
    )


def _fits(key: str, value: object) -> bool:
    if key in BINARY:
        return isinstance(value, QByteArray)
    if key.startswith(SWITCHES):
        return str(value) in ("0", "1")
    return value in WORDS.get(key, (value,))
