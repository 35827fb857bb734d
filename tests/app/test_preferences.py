"""Preferences: read back as set, and nothing that a file may hold is taken for a value."""

import pytest
from PySide6.QtCore import QSettings

from app.preferences import ADVANCE, FONT, PAGES, PREFERENCES, THEME, Preference, Preferences


def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_what_is_set_is_there_at_the_next_start(tmp_path, qtbot):
    first = Preferences(settings(tmp_path))
    assert (first.value(THEME), first.value(FONT), first.value(ADVANCE)) == ("dark", 100, False)
    with qtbot.waitSignal(first.changed) as signal:
        first.set(FONT, 150)
    assert signal.args == ["font"]
    first.set(THEME, "contrast")
    first.set(ADVANCE, True)
    again = Preferences(settings(tmp_path))
    assert (again.value(THEME), again.value(FONT), again.value(ADVANCE)) == ("contrast", 150, True)


@pytest.mark.parametrize(
    ("row", "stored", "value"),
    [
        (THEME, "purple", "dark"),
        (FONT, "abc", 100),
        (FONT, "900", 200),
        (FONT, "-3", 100),
        (ADVANCE, "yes", False),
        (ADVANCE, "1", True),
        (ADVANCE, True, True),
    ],
)
def test_what_a_damaged_file_holds_becomes_the_nearest_sensible_value(row, stored, value):
    assert row.read(stored) == value


def test_setting_the_same_again_tells_nobody(qtbot):
    preferences = Preferences()
    heard = []
    preferences.changed.connect(heard.append)
    preferences.set(FONT, 100)
    assert heard == []


def test_rows_are_well_formed():
    assert len({row.key for row in PREFERENCES}) == len(PREFERENCES)
    for row in PREFERENCES:
        assert row.page in PAGES and row.text
        assert row.read(row.default) == row.default
        assert isinstance(row, Preference)
