"""A look at a case from the worklist without opening it: the film, larger, beside its row."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.theme import SURROUND
from app.translate import tr
from app.views.widgets import GAP, label

SIDE = 420


class CasePreview(QFrame):
    """Takes no focus, so that the list keeps the keyboard; `hide` ends it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip)
        self.setProperty("role", "panel")
        self.case_id: int | None = None
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setFixedSize(QSize(SIDE, SIDE))
        self._picture.setStyleSheet(f"background: {SURROUND}; color: #A0A8B2;")
        self._picture.setTextFormat(Qt.TextFormat.PlainText)
        self._words = label("", "section", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.addWidget(self._picture)
        column.addWidget(self._words)

    def begin(self, case_id: int, words: str, row: QRect, view: QWidget) -> None:
        """Show at the right of a row what is known already; the film follows."""
        self.case_id = case_id
        self._picture.setPixmap(QPixmap())
        self._picture.setText(tr("Reading the picture …"))
        self._words.setText(words)
        self.setAccessibleName(words)
        self.adjustSize()
        corner = view.mapToGlobal(QPoint(view.width() + GAP, row.center().y() - self.height() // 2))
        room = view.screen().availableGeometry()
        y = min(max(corner.y(), room.top()), room.bottom() - self.height())
        self.move(corner.x(), y)
        self.show()

    def set_picture(self, case_id: int, picture: QImage | None) -> None:
        """The film of a case, if it is still the one looked at; None when it cannot be read."""
        if case_id != self.case_id or not self.isVisible():
            return
        if picture is None:
            self._picture.setText(tr("The picture cannot be shown.\nOpening the case says why."))
            return
        ratio = self.devicePixelRatioF()
        side = round(SIDE * ratio)
        mode, how = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(picture.scaled(side, side, mode, how))
        pixmap.setDevicePixelRatio(ratio)
        self._picture.setPixmap(pixmap)
