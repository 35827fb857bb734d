"""A look at each picture that may show a name, before it leaves the house. None can be passed over unseen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.session.export_state import LookState
from app.theme import SURROUND, px
from app.translate import tr
from app.views.widgets import GAP, button, label

PALE = "#A0A8B2"
HINT = "Look at the corners and edges: names, numbers, dates, places. A face can name somebody too."


class FilmView(QWidget):
    """One picture, as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(QSize(px(400), px(320)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("The picture"))
        self._film: QImage | None = None
        self._words = ""

    def set_state(self, state: LookState) -> None:
        """Show it, or why it cannot be shown."""
        self._film, self._words = None, state.problem
        if state.grey is not None:
            height, width = state.grey.shape
            self._film = QImage(state.grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The film on the neutral dark of the window."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(SURROUND))
        if self._film is None:
            painter.setPen(QColor(PALE))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
            return
        size = QSize(self._film.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        painter.drawImage(QRectF(left, top, size.width(), size.height()), self._film)


class LookPage(QWidget):
    """`answered(keep)` once for each picture; `frame_requested(number)`."""

    answered = Signal(bool)
    frame_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: LookState | None = None
        self._seen: set[int] = set()
        self._title = label("", "section", wrap=True)
        self._warning = label("", "caution", wrap=True)
        self._frames = label("", "caption")
        self.film = FilmView()
        self.next_frame = button("Next frame")
        self.leave_out = button("Leave this picture out")
        self.keep = button("It names nobody", primary=True)
        self.keep.clicked.connect(lambda: self._answer(keep=True))
        self.leave_out.clicked.connect(lambda: self._answer(keep=False))
        self.next_frame.clicked.connect(self._ask_for_frame)
        self._lay_out()

    def show_state(self, state: LookState) -> None:
        """Show one picture; only what is on screen can be answered."""
        if self._state is None or self._state.place != state.place:
            self._seen = set()
        self._state = state
        place = tr("{place} of {count}: {name}", place=state.place + 1, count=state.count, name=state.name)
        self._title.setText(place)
        self._warning.setText(f"{state.warning} {tr(HINT)}")
        self.film.set_state(state)
        if state.grey is not None:
            self._seen.add(state.frame)
        is_several = state.frames > 1
        self.next_frame.setVisible(is_several)
        self._frames.setVisible(is_several)
        said = tr("Frame {frame} of {frames}; all of them go along.", frame=state.frame + 1, frames=state.frames)
        self._frames.setText(said)
        reason = self._reason(state)
        self.keep.setEnabled(not reason)
        self.keep.setToolTip(reason)
        self.leave_out.setEnabled(True)

    def _reason(self, state: LookState) -> str:
        if state.grey is None:
            return tr("This picture cannot be shown, so nobody can say what is in it.")
        return "" if len(self._seen) >= state.frames else tr("Look at every frame first.")

    def _answer(self, *, keep: bool) -> None:
        self.keep.setEnabled(False)
        self.leave_out.setEnabled(False)
        self.answered.emit(keep)

    def _ask_for_frame(self) -> None:
        if self._state is not None:
            self.frame_requested.emit((self._state.frame + 1) % self._state.frames)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (self._title, self._warning):
            column.addWidget(part)
        column.addWidget(self.film, 1)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.next_frame)
        row.addWidget(self._frames)
        row.addStretch(1)
        row.addWidget(self.leave_out)
        row.addWidget(self.keep)
        column.addLayout(row)
