"""The window in which landmarks are imported: pages one after another, progress below, and one button that writes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.session.import_state import (
    FILES,
    NAMES,
    PICTURES,
    PREVIEW,
    STEPS,
    DrawnPoint,
    FilesState,
    NamesState,
    PicturePreview,
    PicturesState,
    PointRow,
    PreviewState,
)
from app.translate import tr
from app.views.dialogs import Dialogs
from app.views.fitting import FittingDialog
from app.views.transfer.files_page import FilesPage
from app.views.transfer.names_page import NamesPage
from app.views.transfer.pictures_page import PicturesPage
from app.views.transfer.preview_page import PreviewPage
from app.views.transfer.progress_row import ProgressRow
from app.views.widgets import GAP, MARGIN, label, line

TITLES = {FILES: "File", NAMES: "Names", PICTURES: "Pictures", PREVIEW: "Preview"}
NEXT = {FILES: "Next", NAMES: "Next", PICTURES: "Next", PREVIEW: "Import"}


class ImportWindow(FittingDialog):
    """Shows states and emits what is wanted; decides nothing. `left()`: closed without writing."""

    files_changed = Signal(list)
    read_requested = Signal(object)
    names_changed = Signal(object)
    names_done = Signal()
    map_load_requested = Signal(str)
    map_save_requested = Signal(str)
    pictures_done = Signal(object)
    pictures_folder_chosen = Signal(str)
    row_chosen = Signal(int)
    choice_changed = Signal(list, str)
    swap_changed = Signal(int, bool)
    import_requested = Signal()
    back_requested = Signal()
    stop_requested = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import landmarks"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(1280, 800)
        self.dialogs = Dialogs(self)
        self.files = FilesPage(self.dialogs)
        self.names = NamesPage(self.dialogs)
        self.pictures = PicturesPage(self.dialogs)
        self.preview = PreviewPage(self.dialogs)
        self._pages: dict[str, QWidget] = {
            FILES: self.files, NAMES: self.names, PICTURES: self.pictures, PREVIEW: self.preview,
        }  # fmt: skip
        self.page = FILES
        self._is_ended = False
        self._steps = label("", "caption")
        self._stack = QStackedWidget()
        self.row = ProgressRow("Next", self._stack)
        self.next, self.back = self.row.act, self.row.back
        self._lay_out()
        self._connect()

    # --- what the controller shows

    def show_files(self, state: FilesState) -> None:
        """The first page."""
        self.files.show_state(state)
        self._go_to(FILES)
        self.tell(state.problem)

    def show_names(self, state: NamesState) -> None:
        """The page of unknown names."""
        self.names.show_state(state)
        self._go_to(NAMES)

    def show_names_problem(self, text: str) -> None:
        """Why the names are not settled yet."""
        self.row.allow(text)

    def show_pictures(self, state: PicturesState) -> None:
        """The page of readings without a sure picture."""
        self.pictures.show_state(state)
        self._go_to(PICTURES)

    def show_preview(self, state: PreviewState) -> None:
        """The page of what would change."""
        self.preview.show_state(state)
        self._go_to(PREVIEW)
        self.row.allow("" if state.can_import else tr("Nothing would change, so there is nothing to import."))

    def show_points(self, number: int, rows: Sequence[PointRow], drawn: Sequence[DrawnPoint]) -> None:
        """The landmarks of the chosen case."""
        self.preview.show_points(number, rows, drawn)

    def show_film(self, film: PicturePreview) -> None:
        """The picture of the chosen case."""
        self.preview.picture.set_film(film)

    def show_running(self, text: str, done: int, total: int) -> None:
        """Something is at work."""
        self.row.show_running(text, done, total)

    def tell(self, text: str) -> None:
        """Say what went wrong, on the page that is shown."""
        self.row.tell(text)

    def end(self) -> None:
        """Close: it is written."""
        self._is_ended = True
        self.close()

    def begin(self) -> None:
        """Show the window for a new import."""
        self._is_ended = False
        self.show()
        self.raise_()

    # --- inside

    def _go_to(self, page: str) -> None:
        self.page = page
        self.row.show_idle()
        self._stack.setCurrentWidget(self._pages[page])
        steps = (f"[{tr(TITLES[step])}]" if step == page else tr(TITLES[step]) for step in STEPS)
        self._steps.setText("   ›   ".join(steps))
        self.back.setEnabled(page != FILES)
        self.back.setToolTip("" if self.back.isEnabled() else tr("This is the first page."))
        self.next.setText(tr(NEXT[page]))
        self.row.allow(self.files.missing if page == FILES else "")

    def _next(self) -> None:
        if self.page == FILES:
            self.read_requested.emit(self.files.answer())
        elif self.page == NAMES:
            self.names_done.emit()
        elif self.page == PICTURES:
            self.pictures_done.emit(self.pictures.answers())
        else:
            self.import_requested.emit()

    def _files_changed(self) -> None:
        if self.page == FILES:
            self.row.allow(self.files.missing)

    def _connect(self) -> None:
        self.files.changed.connect(self._files_changed)
        self.files.files_chosen.connect(self.files_changed)
        self.names.changed.connect(self.names_changed)
        self.names.load_requested.connect(self.map_load_requested)
        self.names.save_requested.connect(self.map_save_requested)
        self.pictures.folder_chosen.connect(self.pictures_folder_chosen)
        self.preview.row_chosen.connect(self.row_chosen)
        self.preview.choice_changed.connect(self.choice_changed)
        self.preview.swap_changed.connect(self.swap_changed)
        self.next.clicked.connect(self._next)
        self.back.clicked.connect(self.back_requested)
        self.row.stop.clicked.connect(self.stop_requested)
        self.row.cancel.clicked.connect(self.close)

    def _lay_out(self) -> None:
        for page in self._pages.values():
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, 2 * MARGIN)
        column.setSpacing(GAP)
        column.addWidget(self._steps)
        column.addWidget(line())
        column.addWidget(self._stack, 1)
        column.addWidget(self.row)

    def reject(self) -> None:
        """Esc closes like Cancel."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is written by closing; while something is being written it has to be stopped first."""
        if self.row.is_running and self.page == PREVIEW and not self._is_ended:
            self.stop_requested.emit()
            event.ignore()
            return
        event.accept()
        if not self._is_ended:
            self._is_ended = True
            self.left.emit()
