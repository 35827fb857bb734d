"""The window: puts the panels together and passes on what the user wants. It decides nothing about data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSettings, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDockWidget,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.action_registry import ActionRegistry, is_for_window
from app.actions import ACTIONS, Action
from app.preferences import FONT, THEME, Preferences
from app.session.comparison_state import ComparisonState
from app.translate import tr
from app.views import icons, menus
from app.views.bottom_panel import BottomPanel
from app.views.compare_dialog import CompareDialog
from app.views.dialogs import Dialogs
from app.views.drops import dropped_paths
from app.views.frame_bar import FrameBar
from app.views.image_view import ImageView
from app.views.landmark_panel import LandmarkPanel
from app.views.lock_screen import LockScreen
from app.views.measurements_panel import MeasurementsPanel
from app.views.messages_panel import MessagesPanel
from app.views.models_panel import ModelsPanel
from app.views.notice_strip import NoticeStrip
from app.views.presets import Presets
from app.views.settings.settings_pages import SettingsPages
from app.views.spacing_views import SpacingWindows
from app.views.status_bar import StatusBar
from app.views.toasts import Toasts
from app.views.view_actions import ViewActions
from app.views.view_feed import ViewFeed
from app.views.welcome_page import WelcomePage
from app.views.widgets import GAP
from app.views.window_memory import remember, restore
from app.views.worklist_panel import WorklistPanel

TITLE = "MedSapiens Studio"
SIZE, MINIMUM = QSize(1600, 1000), QSize(1100, 680)
WORKLIST_WIDTH, LANDMARK_WIDTH = 292, 320
MODELS_WIDTH, MODELS_HEIGHT = 300, 330
TYPING = "Typing  ·  Esc returns to the image"
EMPTY = "Choose a case in the worklist,\nor drop images here"


class MainWindow(QMainWindow):
    """Parts: image_view, worklist, landmark_panel, models_panel, notices, toasts, status, welcome, dialogs."""

    action_triggered = Signal(str)
    files_dropped = Signal(list)
    theme_changed = Signal(str)
    recent_requested = Signal(str)
    closed = Signal()

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setWindowIcon(icons.icon("app"))
        self.setMinimumSize(MINIMUM)
        self.resize(SIZE)
        self.setAcceptDrops(True)
        self.close_guard: Callable[[], bool] | None = None
        self._settings = settings
        self.preferences = Preferences(settings, self)
        self._compare: CompareDialog | None = None
        self.registry = ActionRegistry(self)
        self.dialogs = Dialogs(self)
        self._make_parts()
        self.menus = menus.make_menu_bar(self.menuBar(), self.registry)
        self.welcome.samples.setMenu(self.menus["Samples"])
        self.spacing = SpacingWindows(self)
        self.presets = Presets(self.image_view, self.menus["Presets"])
        self.view_actions = ViewActions(self)
        self._lay_out()
        self._connect()
        self.settings_pages = SettingsPages(self, settings)
        self.lock = LockScreen(self)
        restore(self, settings)
        self.show_welcome([])

    @property
    def actions_registry(self) -> ActionRegistry:
        """The actions and the conditions that switch them."""
        return self.registry

    @property
    def settings(self) -> QSettings | None:
        """What is kept from one start to the next."""
        return self._settings

    def action(self, action_id: str) -> QAction:
        """The QAction of a row of the table."""
        return self.registry.action(action_id)

    def show_welcome(self, recent: Sequence[tuple[str, str]], computer: str = "") -> None:
        """Show the page without a project; `recent` are (name, folder)."""
        self.set_recent(recent)
        self.welcome.set_computer(computer)
        self._stack.setCurrentWidget(self.welcome)
        for dock in self.docks:
            dock.hide()

    def show_review(self) -> None:
        """Show the project: worklist, image, landmarks."""
        if self._stack.currentWidget() is not self._review:
            self._stack.setCurrentWidget(self._review)
            for dock, action_id in self.docks.items():
                dock.setVisible(self.action(action_id).isChecked())
            self.models_dock.setVisible(any(self.action(page).isChecked() for page in self.bottom.action_ids))
        self.image_view.setFocus()

    def set_project(self, name: str | None, template_name: str | None, read_only: bool = False) -> None:
        """Name the project in the title bar."""
        mode = "  " + tr("(read only)") if read_only else ""
        self.setWindowTitle(f"{name}{mode}  ·  {template_name}  ·  {TITLE}" if name else TITLE)
        self.image_view.set_editable(not read_only)

    def set_undo_texts(self, undo: str, redo: str) -> None:
        """Say in the menu what undo and redo would do, e.g. "move Gonion"."""
        for action_id, word, step in (("edit.undo", "&Undo", undo), ("edit.redo", "&Redo", redo)):
            self.action(action_id).setText(f"{tr(word)} {step.replace('&', '&&')}" if step else tr(word))

    def set_recent(self, recent: Sequence[tuple[str, str]]) -> None:
        """Projects used last as (name, folder), for the menu and the welcome page."""
        self.welcome.set_recent(recent)
        entries = [(name, lambda folder=folder: self.recent_requested.emit(folder)) for name, folder in recent]
        menus.fill(self.menus["Recent"], entries, tr("No recent projects"))

    def show_models(self, shown: bool = True) -> None:
        """Open or close the dock of models."""
        self.show_page("view.models", shown)

    def show_page(self, action_id: str, shown: bool = True) -> None:
        """Open the panel below the image at the page of an action, or close it."""
        if shown:
            self.bottom.bring_forward(action_id)
        self.models_dock.setVisible(shown and self._stack.currentWidget() is self._review)
        for other in self.bottom.action_ids:
            self.action(other).setChecked(shown and other == action_id)

    def open_compare(self, comparison: ComparisonState, *, quietly: bool = False) -> CompareDialog:
        """Show a comparison in its own window, which does not block; there is one at a time.

        `quietly` leaves the keyboard where it is: nobody asked for it just now.
        """
        dialog = self.make_compare()
        dialog.set_comparison(comparison)
        dialog.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, quietly)
        dialog.show()
        dialog.raise_()
        if not quietly:
            dialog.activateWindow()
            dialog.picture.setFocus()
        return dialog

    def make_compare(self) -> CompareDialog:
        """The comparison window, made when it is first wanted."""
        if self._compare is None:
            self._compare = CompareDialog(self)
        return self._compare

    def compare_dialog(self) -> CompareDialog | None:
        """The comparison window, if it has been opened."""
        return self._compare

    def open_settings(self, page: str = "") -> None:
        """Show the settings, which do not block."""
        self.settings_pages.open(page)

    def set_theme(self, name: str) -> None:
        """Put a theme in use: dark, light, contrast or system; texts are as large as the preferences say."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, name, self.preferences.value(FONT) / 100)
        self.theme_name = name
        self.preferences.set(THEME, name)
        for dock, width in self._widths.items():
            dock.widget().setMinimumWidth(theme.wide(width))
        self.action(f"view.theme_{name}").setChecked(True)
        menus.set_icons(self.registry)
        icons.refresh(self)
        self.notices.refresh()
        if self._compare is not None:
            self._compare.refresh()
        self.theme_changed.emit(name)

    def set_invert(self, inverted: bool) -> None:
        """Swap black and white in the image and the loupe."""
        self.action("view.invert").setChecked(inverted)
        self.image_view.set_invert(inverted)
        self.feed.show_window(*self.image_view.window_range)

    def reset_layout(self) -> None:
        """Panels as on the first day."""
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.worklist_dock)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.landmark_dock)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.models_dock)
        for dock, action_id in self.docks.items():
            self.action(action_id).setChecked(dock is not self.models_dock)
            dock.setVisible(self._stack.currentWidget() is self._review and dock is not self.models_dock)
        self.show_page(self.bottom.current_id, False)
        self._size_docks()

    # how it is put together

    def _make_parts(self) -> None:
        self.image_view = ImageView()
        self.image_view.set_placeholder(tr(EMPTY))
        self.frames = FrameBar()
        self.worklist = WorklistPanel(self.registry)
        self.landmark_panel = LandmarkPanel(self.registry)
        self.models_panel = ModelsPanel(self.registry)
        self.measurements_panel = MeasurementsPanel(self.registry)
        self.messages_panel = MessagesPanel()
        self.bottom = BottomPanel()
        self.bottom.add_page("view.models", tr("Models"), self.models_panel)
        self.bottom.add_page("view.measurements", tr("Measurements"), self.measurements_panel)
        self.bottom.add_page("view.messages", tr("Messages"), self.messages_panel)
        self.notices = NoticeStrip()
        self.status = StatusBar()
        self.welcome = WelcomePage(self.registry)
        self.toasts = Toasts(self.image_view)
        self.messages_panel.listen_to(self.toasts, self.notices, self.dialogs)
        self.theme_name = "dark"
        self.setStatusBar(self.status)

    def _lay_out(self) -> None:
        self._widths: dict[QDockWidget, int] = {}
        self._review = QWidget()
        column = QVBoxLayout(self._review)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(menus.make_tool_bar(self.registry))
        holder = QVBoxLayout()
        holder.setContentsMargins(GAP, 0, GAP, 0)
        holder.addWidget(self.notices)
        column.addLayout(holder)
        column.addWidget(self.image_view, 1)
        column.addWidget(self.frames)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._review)
        self.setCentralWidget(self._stack)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self.worklist_dock = self._dock("Worklist", tr("Worklist"), self.worklist, WORKLIST_WIDTH)
        self.landmark_dock = self._dock("Landmarks", tr("Landmarks"), self.landmark_panel, LANDMARK_WIDTH)
        self.models_dock = self._dock("Models", tr("Models"), self.bottom, MODELS_WIDTH)
        self.docks = {
            self.worklist_dock: "view.worklist",
            self.landmark_dock: "view.landmarks",
            self.models_dock: "view.models",
        }
        self.reset_layout()

    def _dock(self, name: str, title: str, panel: QWidget, minimum: int) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget())
        panel.setMinimumWidth(minimum)
        dock.setWidget(panel)
        self._widths[dock] = minimum
        return dock

    def _size_docks(self) -> None:
        sides = [self.worklist_dock, self.landmark_dock]
        self.resizeDocks(sides, [WORKLIST_WIDTH, LANDMARK_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([self.models_dock], [MODELS_HEIGHT], Qt.Orientation.Vertical)

    def _connect(self) -> None:
        self.registry.triggered.connect(self._triggered)
        self.image_keys = menus.ImageKeys(self.image_view, self.registry)
        self.registry.keys_changed.connect(self._use_keys)
        self.image_keys.refused.connect(lambda reason: self.status.showMessage(reason, 4000))
        view = self.image_view
        self.feed = ViewFeed(self)
        view.case_step_requested.connect(self._step_case)
        for panel in (self.worklist, self.landmark_panel):
            panel.left.connect(view.setFocus)
        self.landmark_panel.row_zoomed.connect(view.zoom_to)
        self.worklist.files_dropped.connect(self.files_dropped)
        self.welcome.recent_requested.connect(self.recent_requested)
        self.models_panel.finetune_requested.connect(self.action("model.finetune").trigger)
        self.models_panel.import_requested.connect(self.action("model.import").trigger)
        self.models_panel.close_requested.connect(lambda: self.show_models(False))
        self.measurements_panel.close_requested.connect(lambda: self.show_page("view.measurements", False))
        self.messages_panel.close_requested.connect(lambda: self.show_page("view.messages", False))
        for page in (self.measurements_panel, self.messages_panel):
            page.left.connect(view.setFocus)
        self.bottom.page_changed.connect(self._page_changed)
        self.status.models_requested.connect(self.show_models)
        self.status.reader_requested.connect(self.action("project.reader").trigger)
        self.status.spacing_requested.connect(self.action("measure.pixel_size").trigger)
        QApplication.instance().focusChanged.connect(self._focus_changed)

    def _use_keys(self) -> None:
        """Tell the image which keys are held and whether digits count: it reads these itself."""
        held = ((key, row.id.removeprefix("image.")) for row in ACTIONS if row.is_held for key in self._keys_of(row))
        codes = {QKeySequence(key)[0].key().value: what for key, what in held}
        self.image_view.set_keys(codes, self.registry.keys.letters)

    def _keys_of(self, row: Action) -> tuple[str, ...]:
        return self.registry.keys.keys(row)

    def _triggered(self, action_id: str) -> None:
        if is_for_window(action_id):
            self.view_actions.carry_out(action_id)
        else:
            self.action_triggered.emit(action_id)

    def _page_changed(self) -> None:
        if self.models_dock.isVisible():
            self.show_page(self.bottom.current_id)

    def _step_case(self, by: int) -> None:
        self.action("case.next" if by > 0 else "case.previous").trigger()

    def _focus_changed(self, _old: QWidget | None, now: QWidget | None) -> None:
        fields = (QLineEdit, QPlainTextEdit, QAbstractSpinBox)
        self.status.set_note(tr(TYPING) if isinstance(now, fields) and now.window() is self else "")

    # events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders are welcome."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Report what was dropped."""
        event.acceptProposedAction()
        self.files_dropped.emit(dropped_paths(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the guard, remember the layout, and go."""
        if self.close_guard is not None and not self.close_guard():
            event.ignore()
            return
        if self._settings is not None:
            remember(self, self._settings)
        event.accept()
        self.closed.emit()
