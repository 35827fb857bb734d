"""A film with the points of a file drawn on it before they are taken, so that a shifted or turned set is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.session.import_state import XY, DrawnPoint, PicturePreview
from app.theme import MARKER_COLOURS, SURROUND, px
from app.translate import tr
from app.views.widgets import UNIT

HERE, THERE = MARKER_COLOURS["confirmed"], MARKER_COLOURS["corrected"]
PALE = "#A0A8B2"
RADIUS = 5


class PointsPicture(QWidget):
    """Rings are where points are now, crosses where the file has them; a line joins the two."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(QSize(px(300), px(280)))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("The film with the points"))
        self._number = -1
        self._film: QImage | None = None
        self._scale: XY = (1.0, 1.0)
        self._words = ""
        self.drawn: tuple[DrawnPoint, ...] = ()

    def set_points(self, number: int, drawn: Sequence[DrawnPoint]) -> None:
        """Draw these points; the film of another case goes."""
        if number != self._number:
            self._number, self._film, self._words = number, None, tr("Reading the picture …")
        self.drawn = tuple(drawn)
        self.update()

    def set_film(self, film: PicturePreview) -> None:
        """The film of the case, if it is still the one that is shown."""
        if film.id != self._number:
            return
        self._scale, self._words = film.to_shown, film.problem
        if film.grey is not None:
            height, width = film.grey.shape
            self._film = QImage(film.grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
        self.update()

    @property
    def has_film(self) -> bool:
        """True once the film is there."""
        return self._film is not None

    def place(self, xy: XY) -> QPointF:
        """Where image pixels lie on this widget; an integer is the centre of a pixel."""
        area = self._area()
        assert self._film is not None
        fit = area.width() / self._film.width()
        return QPointF(area.x() + (xy[0] + 0.5) * self._scale[0] * fit, area.y() + (xy[1] + 0.5) * self._scale[1] * fit)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The film, the points, and what the two signs mean."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(SURROUND))
        if self._film is None:
            painter.setPen(QColor(PALE))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._words)
            return
        painter.drawImage(self._area(), self._film)
        for point in self.drawn:
            self._draw(painter, point)
        self._explain(painter)

    def _draw(self, painter: QPainter, point: DrawnPoint) -> None:
        mine = self.place(point.mine) if point.mine is not None else None
        theirs = self.place(point.theirs) if point.theirs is not None else None
        if mine is not None and theirs is not None:
            painter.setPen(QPen(QColor(THERE), 1, Qt.PenStyle.DashLine))
            painter.drawLine(mine, theirs)
        for halo in (True, False):
            if mine is not None:
                painter.setPen(_pen(HERE, halo=halo))
                painter.drawEllipse(mine, RADIUS, RADIUS)
            if theirs is not None:
                painter.setPen(_pen(THERE, halo=halo))
                for dx, dy in ((RADIUS, RADIUS), (RADIUS, -RADIUS)):
                    painter.drawLine(theirs - QPointF(dx, dy), theirs + QPointF(dx, dy))

    def _explain(self, painter: QPainter) -> None:
        room = QRectF(self.rect()).adjusted(UNIT, UNIT, -UNIT, -UNIT)
        text = tr("ring: here now      cross: in the file")
        flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        box = painter.boundingRect(room, flags, text)
        painter.fillRect(box.adjusted(-UNIT, -1, UNIT, 1), QColor(SURROUND))
        painter.setPen(QColor("#E7E9EC"))
        painter.drawText(room, flags, text)

    def _area(self) -> QRectF:
        """Where the film lies, as large as fits."""
        assert self._film is not None
        size = QSize(self._film.size()).scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())


def _pen(colour: str, *, halo: bool) -> QPen:
    return QPen(QColor("#000000"), 4) if halo else QPen(QColor(colour), 2)
