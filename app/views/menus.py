"""Menu bar, tool bar, context menu and image-scope keys, all made from the actions table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from app.action_registry import ActionRegistry
from app.actions import ACTIONS, Action
from app.translate import tr
from app.views.icons import SIZE, icon

Entry = tuple[str, Callable[[], object]]  # text, what to do
MENUS = ("File", "Edit", "View", "Landmark", "Case", "Model", "Measure", "Project", "Help")
THEMES = ("view.theme_dark", "view.theme_light", "view.theme_contrast", "view.theme_system")
TOOLBAR = (
    "case.previous",
    "case.next",
    "",
    "view.fit",
    "view.one_to_one",
    "view.zoom_landmark",
    "",
    "view.auto_window",
    "view.invert",
    "view.flip",
    "",
    "view.names",
    "view.ellipses",
    "view.heatmap",
    "view.ghost",
    "view.lines",
    "view.loupe",
    "",
    "measure.distance",
    "measure.calibrate",
    "",
    "edit.undo",
    "edit.redo",
    "",
    "landmark.fill",
    "case.predict",
    "case.flag",
    "",
    "view.models",
)
ON_MARKER = (
    *(f"landmark.{name}" for name in ("confirm", "estimated", "absent", "clear", "revert", "grab")),
    "note.landmark",
    "view.card",
)


def make_menu_bar(bar: QMenuBar, actions: ActionRegistry) -> dict[str, QMenu]:
    """Fill the menu bar; gives back the menus by title.

    "Recent", "Samples", "Presets", "TryOut" and "Theme" are among them.
    """
    menus = {title: bar.addMenu(tr(f"&{title}")) for title in MENUS}
    for menu in menus.values():
        menu.setToolTipsVisible(True)
    menus["Recent"] = QMenu(tr("&Recent projects"), menus["File"])
    menus["Samples"] = QMenu(tr("Open a &sample"), menus["File"])
    menus["Presets"] = QMenu(tr("Window p&resets"), menus["View"])
    menus["TryOut"] = QMenu(tr("&Predict this case with"), menus["Model"])
    menus["Theme"] = QMenu(tr("&Theme"), menus["View"])
    for row in ACTIONS:
        if row.menu:
            _add_row(menus, row, actions)
    group = QActionGroup(menus["Theme"])
    for action_id in THEMES:
        group.addAction(actions.action(action_id))
    for title in MENUS:
        menus[title].menuAction().setVisible(not menus[title].isEmpty())
    return menus


def _add_row(menus: dict[str, QMenu], row: Action, actions: ActionRegistry) -> None:
    menu = menus["Theme"] if row.id in THEMES else menus[row.menu]
    if row.separator:
        menu.addSeparator()
    menu.addAction(menu_entry(row, actions, menu))
    if row.id == "project.open":
        menu.addMenu(menus["Recent"])
        menu.addMenu(menus["Samples"])
    if row.id == "model.import":
        menu.addMenu(menus["TryOut"])
    if row.id == "view.next_preset":
        menu.addMenu(menus["Presets"])
    if row.id == "view.full_screen":
        menu.addMenu(menus["Theme"])


class MenuTwin(QAction):
    """Stands in a menu for an image-scope action and shows its key as text only.

    A real shortcut on the menu entry would fire while a text field has the focus (ux.md 4.1, rule 2).
    """

    def __init__(self, row: Action, actions: ActionRegistry, parent: QWidget) -> None:
        super().__init__(parent, checkable=row.checkable)
        self._row, self._actions = row, actions
        self._original = actions.action(row.id)
        self.triggered.connect(self._original.trigger)
        self._original.changed.connect(self.mirror)
        actions.keys_changed.connect(self.mirror)
        self.mirror()

    def mirror(self) -> None:
        """Be called, on, ticked and explained like the original."""
        keys = self._actions.key_text(self._row)
        self.setText(f"{self._original.text()}\t{keys}" if keys else self._original.text())
        self.setEnabled(self._original.isEnabled())
        self.setChecked(self._original.isChecked())
        self.setToolTip(self._original.toolTip())
        self.setStatusTip(self._original.statusTip())


def menu_entry(row: Action, actions: ActionRegistry, parent: QWidget) -> QAction:
    """What stands in a menu for a row."""
    return actions.action(row.id) if row.scope == "G" else MenuTwin(row, actions, parent)


def make_tool_bar(actions: ActionRegistry) -> QToolBar:
    """The tool bar over the image."""
    bar = QToolBar(tr("Image tools"))
    bar.setMovable(False)
    bar.setIconSize(QSize(SIZE, SIZE))
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    for action_id in TOOLBAR:
        if not action_id:
            bar.addSeparator()
            continue
        bar.addAction(actions.action(action_id))
        widget = bar.widgetForAction(actions.action(action_id))
        widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        widget.setAccessibleName(actions.action(action_id).text().replace("&", ""))
    return bar


def set_icons(actions: ActionRegistry) -> None:
    """Give the actions their icons in the colours of the theme."""
    for row in ACTIONS:
        if row.icon and not row.keys_only:
            primary = row.id in ("case.review", "project.new")
            actions.action(row.id).setIcon(icon(row.icon, "on_accent" if primary else "text"))
            actions.action(row.id).setIconVisibleInMenu(False)


class ImageKeys(QObject):
    """Binds scope I to the image, and again when keys change; a key whose action is off says why (`refused`)."""

    refused = Signal(str)

    def __init__(self, view: QWidget, actions: ActionRegistry) -> None:
        super().__init__(view)
        self._view, self._actions = view, actions
        self._shortcuts: list[QShortcut] = []
        actions.keys_changed.connect(self.bind)
        self.bind()

    def bind(self) -> None:
        """Take the keys that are in use now."""
        for old in self._shortcuts:
            old.setEnabled(False)
            old.deleteLater()
        rows = [row for row in ACTIONS if row.scope == "I" and not row.keys_only]
        self._shortcuts = [self._shortcut(row, key) for row in rows for key in self._actions.keys.keys(row)]

    def _shortcut(self, row: Action, key: str) -> QShortcut:
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        shortcut = QShortcut(QKeySequence(key), self._view, context=context)
        shortcut.setAutoRepeat(row.repeats)
        shortcut.activated.connect(lambda: self._press(row))
        return shortcut

    def _press(self, row: Action) -> None:
        action = self._actions.action(row.id)
        if action.isEnabled():
            action.trigger()
        else:
            self.refused.emit(self._actions.reason(row.id))


def context_menu(
    parent: QWidget,
    actions: ActionRegistry,
    title: str | None,
    presets: QMenu,
    others: list[Entry],
    *,
    unplaced: Sequence[Entry] = (),
) -> QMenu:
    """The menu of a right click: decisions on the landmark under the pointer, or what concerns the image.

    `others` are entries of the moment, at the end; `unplaced` are those to place one landmark of many.
    """
    menu = QMenu(parent)
    if title is not None:
        menu.addAction(title).setEnabled(False)
        menu.addSeparator()
        for action_id in ON_MARKER:
            row = next(row for row in ACTIONS if row.id == action_id)
            menu.addAction(menu_entry(row, actions, menu))
        menu.addSeparator()
    else:
        menu.addAction(actions.action("landmark.place"))
        if unplaced:
            fill(menu.addMenu(tr("Place")), unplaced, "")
        menu.addSeparator()
        menu.addAction(actions.action("view.fit"))
        menu.addMenu(presets)
    for text, act in others:
        menu.addAction(text).triggered.connect(lambda _=False, act=act: act())
    return menu


def fill(menu: QMenu, entries: Iterable[Entry], empty: str) -> None:
    """Replace the entries of a menu; one that is off says that there are none."""
    menu.clear()
    for text, act in entries:
        menu.addAction(text.replace("&", "&&")).triggered.connect(lambda _=False, act=act: act())
    if menu.isEmpty():
        menu.addAction(empty).setEnabled(False)
