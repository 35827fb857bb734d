"""Letters at the edges of the view: which side of the patient lies there, also when the view is flipped or turned."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from app.translate import tr
from app.views.marker_painter import name_picture
from app.views.orientation import XY, Orientation
from medsapiens_core.data.sides import PatientSides

EDGES: dict[str, XY] = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "top": (0.0, -1.0), "bottom": (0.0, 1.0)}
INSET, SIZE = 6.0, 18
STYLE = "confirmed"  # the colour of what is certain: it comes from the file


def letters_at_edges(sides: PatientSides, orientation: Orientation) -> dict[str, str]:
    """Edge of the screen -> letters of the patient's side that lies there."""
    return {edge: sides.towards(*orientation.to_image(*way)) for edge, way in EDGES.items()}


def draw_side_letters(painter: QPainter, view: QRectF, sides: PatientSides, orientation: Orientation) -> None:
    """Draw them in the middle of each edge of `view`, logical pixels; an oblique picture says so at the top."""
    ratio = painter.device().devicePixelRatioF()
    for edge, letters in letters_at_edges(sides, orientation).items():
        words = f"{letters}  {tr('oblique')}" if edge == "top" and sides.is_oblique else letters
        picture = name_picture(words, STYLE, ratio, SIZE)
        width, height = picture.width() / ratio, picture.height() / ratio
        x, y = EDGES[edge]
        middle = view.center() - QPointF(width / 2, height / 2)
        reach = QPointF(x * ((view.width() - width) / 2 - INSET), y * ((view.height() - height) / 2 - INSET))
        painter.drawPixmap(middle + reach, picture)
