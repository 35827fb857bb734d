"""The actions that only change what is seen; the window carries them out itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.translate import tr
from app.views.about import show_about
from app.views.orientation import UPRIGHT
from app.views.shortcut_help import ShortcutHelp

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

ZOOM_STEP = 1.25
REGIONS = {
    "all": "95 % regions: all",
    "current": "95 % regions: current landmark",
    "none": "95 % regions: off",
}
NAMES = {"all": "Names: all", "current": "Names: current landmark", "none": "Names: off"}


class ViewActions:
    """Knows what each view action does in a window."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        view = window.image_view
        self._table: dict[str, Callable[[], object]] = {
            "view.fit": view.fit,
            "view.one_to_one": view.one_to_one,
            "view.zoom_landmark": view.toggle_zoom,
            "view.zoom_in": lambda: view.zoom_by(ZOOM_STEP),
            "view.zoom_out": lambda: view.zoom_by(1 / ZOOM_STEP),
            "view.auto_window": view.auto_window,
            "view.next_preset": window.presets.next,
            "view.invert": lambda: window.set_invert(self._is_on("view.invert")),
            "view.flip": lambda: view.set_orientation(view.orientation.flipped_left_right()),
            "view.flip_vertical": lambda: view.set_orientation(view.orientation.flipped_top_bottom()),
            "view.rotate": lambda: view.set_orientation(view.orientation.turned_right()),
            "view.upright": lambda: view.set_orientation(UPRIGHT),
            "view.names": self._next_names,
            "view.ellipses": self._next_regions,
            "view.heatmap": lambda: view.want_heatmap(self._is_on("view.heatmap")),
            "view.loupe": lambda: view.loupe.set_wanted(self._is_on("view.loupe")),
            "view.loupe_factor": self._next_factor,
            "view.frame_next": lambda: window.frames.step(1),
            "view.frame_previous": lambda: window.frames.step(-1),
            "view.frame_on": lambda: window.frames.step(10),
            "view.frame_back": lambda: window.frames.step(-10),
            "view.use_frame": window.frames.use_requested.emit,
            "view.keep_view": lambda: view.set_keeps_view(self._is_on("view.keep_view")),
            "view.squares": lambda: view.set_squares(self._is_on("view.squares")),
            "view.ghost": lambda: view.set_ghosts_visible(self._is_on("view.ghost")),
            "view.lines": lambda: view.set_lines_visible(self._is_on("view.lines")),
            "view.models": lambda: window.show_page("view.models", self._is_on("view.models")),
            "view.measurements": lambda: window.show_page("view.measurements", self._is_on("view.measurements")),
            "view.messages": lambda: window.show_page("view.messages", self._is_on("view.messages")),
            "view.measure_lines": lambda: view.set_measures_visible(self._is_on("view.measure_lines")),
            "view.landmarks": lambda: window.landmark_dock.setVisible(self._is_on("view.landmarks")),
            "view.worklist": lambda: window.worklist_dock.setVisible(self._is_on("view.worklist")),
            "view.card": lambda: window.landmark_panel.card.set_large(self._is_on("view.card")),
            "view.full_screen": self._full_screen,
            "view.reset_layout": window.reset_layout,
            "view.theme_dark": lambda: window.set_theme("dark"),
            "view.theme_light": lambda: window.set_theme("light"),
            "view.theme_contrast": lambda: window.set_theme("contrast"),
            "view.theme_system": lambda: window.set_theme("system"),
            "pane.next": lambda: self._step_pane(1),
            "pane.previous": lambda: self._step_pane(-1),
            "worklist.search": self._search,
            "landmark.grab": view.begin_grab,
            "app.settings": window.open_settings,
            "help.keys": self._show_keys,
            "help.about": lambda: show_about(window),
            "app.quit": window.close,
        }

    def carry_out(self, action_id: str) -> None:
        """Do it."""
        self._table[action_id]()

    def ids(self) -> set[str]:
        """Every action that is carried out here."""
        return set(self._table)

    def _is_on(self, action_id: str) -> bool:
        return self._window.action(action_id).isChecked()

    def _next_names(self) -> None:
        self._window.status.showMessage(tr(NAMES[self._window.image_view.next_names()]), 2000)

    def _next_regions(self) -> None:
        self._window.status.showMessage(tr(REGIONS[self._window.image_view.next_regions()]), 2000)

    def _next_factor(self) -> None:
        loupe = self._window.image_view.loupe
        loupe.step_factor()
        self._window.status.showMessage(tr("Loupe: {n} times", n=f"{loupe.factor:.0f}"), 2000)

    def _full_screen(self) -> None:
        if self._is_on("view.full_screen"):
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _search(self) -> None:
        self._window.worklist_dock.show()
        self._window.worklist.focus_search()

    def _step_pane(self, by: int) -> None:
        window = self._window
        panes = [window.image_view, window.landmark_panel.list, window.worklist.list, window.models_panel.finetune]
        panes += [window.measurements_panel.table, window.messages_panel.table]
        panes = [pane for pane in panes if pane.isVisible() and pane.isEnabled()]
        if not panes:
            return
        now = QApplication.focusWidget()
        place = next((i for i, pane in enumerate(panes) if now is pane or (now and pane.isAncestorOf(now))), -by)
        panes[(place + by) % len(panes)].setFocus(Qt.FocusReason.TabFocusReason)

    def _show_keys(self) -> None:
        sheet = ShortcutHelp(self._window.registry, self._window)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.show()
