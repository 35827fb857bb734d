"""What is seen in the image view, and how a mouse works there."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def greys(view, *, overlay=False):
    """The image view as greys (H, W) in device pixels, without what is drawn over the film unless asked for."""
    view.layer.setVisible(overlay)
    picture = view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    view.layer.setVisible(view.has_overlay)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : picture.width()].astype(float)


def seen_at(view, points):
    """The greys on screen under image points (n, 2)."""
    shown, ratio = greys(view), view.devicePixelRatioF()
    return np.array([shown[round(y * ratio), round(x * ratio)] for x, y in map(view.camera.to_view, points)])


def drag(view, start, by, button=LEFT, steps=8):
    """Press, move in steps, release; `start` and `by` in logical pixels of the view."""
    at = QPoint(*(round(value) for value in start))
    QTest.mousePress(view.viewport(), button, pos=at)
    for step in range(1, steps + 1):
        QTest.mouseMove(view.viewport(), at + QPoint(round(by[0] * step / steps), round(by[1] * step / steps)))
    QTest.mouseRelease(view.viewport(), button, pos=at + QPoint(*by))
