"""Small pictures of one landmark on other films, its place in the middle of each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app import theme
from app.translate import tr
from app.views.widgets import UNIT, label

SMALL, LARGE, ACROSS = 61, 128, 4
LOADING = "Looking for examples …"


class Exemplar(QWidget):
    """One picture with a cross-hair that leaves the place itself free."""

    def __init__(self, image: QImage, text: str, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = image
        self.setFixedSize(side, side)
        self.setToolTip(text)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        """A square."""
        return self.size()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Picture and cross-hair."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self.rect()), self._image)
        centre, gap, arm = QRectF(self.rect()).center(), self.width() / 11, self.width() / 8
        for colour, width in (("#000000", 3.0), (theme.MARKER_COLOURS["confirmed"], 1.2)):
            painter.setPen(QPen(QColor(colour), width))
            for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                x, y = centre.x(), centre.y()
                painter.drawLine(
                    int(x + dx * gap), int(y + dy * gap), int(x + dx * (gap + arm)), int(y + dy * (gap + arm))
                )
        painter.setPen(theme.colour("border"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class ExemplarStrip(QWidget):
    """Up to six pictures and the template's own, four to a row; or why there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: Sequence[tuple[QImage, str]] = ()
        self._large = False
        self._text = label(LOADING, "caption", wrap=True)
        self._grid = QGridLayout()
        self._grid.setSpacing(UNIT)
        self._grid.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addLayout(self._grid)
        layout.addWidget(self._text)
        layout.addStretch(1)

    def clear(self) -> None:
        """Nothing found yet."""
        self.set_pictures((), tr(LOADING))

    def set_pictures(self, pictures: Sequence[tuple[QImage, str]], reason: str) -> None:
        """Show these; `reason` stands below them, or alone."""
        self._pictures = pictures
        self._text.setText(reason)
        self._text.setVisible(bool(reason))
        self._renew()

    def set_large(self, large: bool) -> None:
        """Larger pictures."""
        self._large = large
        self._renew()

    def count(self) -> int:
        """How many pictures are shown."""
        return len(self._pictures)

    def _renew(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            item.widget().deleteLater()
        side, across = (LARGE, 2) if self._large else (SMALL, ACROSS)
        for place, (image, text) in enumerate(self._pictures):
            self._grid.addWidget(Exemplar(image, text, side), place // across, place % across)
        self._grid.setColumnStretch(across, 1)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
