"""What the window remembers from one start to the next: size, panels, theme, overlays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings

from app.preferences import THEME

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

LAYOUT_VERSION = 1
ON_AT_FIRST = ("view.ghost", "view.lines", "view.keep_view", "view.squares")
OFF_AT_FIRST = ("landmark.live",)
HIDDEN_AT_FIRST = ("view.measure_lines",)


def remember(window: MainWindow, settings: QSettings) -> None:
    """Write it down."""
    settings.setValue("geometry", window.saveGeometry())
    settings.setValue("state", window.saveState(LAYOUT_VERSION))
    settings.setValue("names", window.image_view.layer.names)
    settings.setValue("regions", window.image_view.layer.regions)
    for action_id in (*ON_AT_FIRST, *OFF_AT_FIRST, *HIDDEN_AT_FIRST, *window.docks.values(), *window.bottom.action_ids):
        settings.setValue(action_id, int(window.action(action_id).isChecked()))
    settings.sync()


def restore(window: MainWindow, settings: QSettings | None) -> None:
    """Put the window as it was, or as on the first day."""
    for action_id in ON_AT_FIRST:
        window.action(action_id).setChecked(settings is None or _is_on(settings, action_id, True))
        window.view_actions.carry_out(action_id)
    for action_id in OFF_AT_FIRST:
        window.action(action_id).setChecked(settings is not None and _is_on(settings, action_id, False))
    for action_id in HIDDEN_AT_FIRST:
        window.action(action_id).setChecked(settings is not None and _is_on(settings, action_id, False))
        window.view_actions.carry_out(action_id)
    if settings is not None:
        _restore_layout(window, settings)
    window.set_theme(window.preferences.value(THEME))


def _restore_layout(window: MainWindow, settings: QSettings) -> None:
    window.image_view.set_names(str(settings.value("names", "all")))
    window.image_view.set_regions(str(settings.value("regions", "current")))
    if settings.contains("geometry"):
        window.restoreGeometry(settings.value("geometry"))
        window.restoreState(settings.value("state"), LAYOUT_VERSION)
    for dock, action_id in window.docks.items():
        window.action(action_id).setChecked(_is_on(settings, action_id, dock is not window.models_dock))
    for action_id in window.bottom.action_ids:
        window.action(action_id).setChecked(_is_on(settings, action_id, False))
        if window.action(action_id).isChecked():
            window.bottom.bring_forward(action_id)


def _is_on(settings: QSettings, key: str, default: bool) -> bool:
    return bool(int(str(settings.value(key, int(default)))))
