"""What the window does with its settings: opens them, and puts theme, text size and keys in use when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Qt

from app import key_map
from app.key_map import KeyMap
from app.preferences import FONT, LETTERS, THEME, TOUCHPAD, WHEEL
from app.views.settings.keys_page import KeysPage
from app.views.settings.settings_window import PageMaker, SettingsWindow
from app.views.wheel import WheelHabits

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

KEYS = "keys"


class SettingsPages(QObject):
    """Further pages are added with `add`; they are made anew each time the settings are opened."""

    def __init__(self, window: MainWindow, settings: QSettings | None) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._pages: dict[str, PageMaker] = {"Keys": self._keys_page}
        self.shown: SettingsWindow | None = None
        preferences = window.preferences
        preferences.changed.connect(self._changed)
        stored = "{}" if settings is None else str(settings.value(KEYS, "{}"))
        window.registry.set_keys(key_map.from_text(stored, preferences.value(LETTERS)))
        self._show_wheel_habits()

    def add(self, title: str, make: PageMaker) -> None:
        """Add a page, or what stands below the rows of a page."""
        self._pages[title] = make

    def open(self, page: str = "") -> SettingsWindow:
        """Show the settings, at a page if one is named."""
        if self.shown is None:
            self.shown = SettingsWindow(self._window.preferences, self._pages, self._window)
            self.shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.shown.destroyed.connect(self._gone)
        self.shown.show_page(page)
        self.shown.show()
        self.shown.raise_()
        self.shown.activateWindow()
        return self.shown

    def set_keys(self, keys: KeyMap) -> None:
        """Put keys in use and keep them."""
        if self._settings is not None:
            self._settings.setValue(KEYS, key_map.to_text(keys))
            self._settings.sync()
        self._window.registry.set_keys(keys)

    def _gone(self) -> None:
        self.shown = None

    def _keys_page(self) -> KeysPage:
        page = KeysPage(self._window.registry)
        page.keys_wanted.connect(self.set_keys)
        return page

    def _show_wheel_habits(self) -> None:
        value = self._window.preferences.value
        self._window.image_view.wheel_habits = WheelHabits(value(WHEEL) == "in", value(TOUCHPAD))

    def _changed(self, key: str) -> None:
        window, preferences = self._window, self._window.preferences
        if key == FONT.key or (key == THEME.key and preferences.value(THEME) != window.theme_name):
            window.set_theme(preferences.value(THEME))
        if key in (WHEEL.key, TOUCHPAD.key):
            self._show_wheel_habits()
        if key == LETTERS.key:
            window.registry.set_keys(KeyMap(window.registry.keys.own, preferences.value(LETTERS)))
