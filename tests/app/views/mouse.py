"""Mouse and wheel events at fractions of a pixel, as real ones are."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def send(view, kind, at, button=LEFT, keys=NO_KEYS):
    at = QPointF(*at)
    buttons = button if kind is not QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    event = QMouseEvent(kind, at, QPointF(view.mapToGlobal(at.toPoint())), button, buttons, keys)
    QApplication.sendEvent(view.viewport(), event)


def press(view, at, button=LEFT, keys=NO_KEYS):
    send(view, QEvent.Type.MouseButtonPress, at, button, keys)


def move(view, at, button=LEFT, keys=NO_KEYS):
    send(view, QEvent.Type.MouseMove, at, button, keys)


def release(view, at, button=LEFT, keys=NO_KEYS):
    send(view, QEvent.Type.MouseButtonRelease, at, button, keys)


def double_click(view, at):
    send(view, QEvent.Type.MouseButtonDblClick, at)


def drag(view, start, *stops, button=LEFT, keys=NO_KEYS):
    press(view, start, button, keys)
    for stop in stops:
        move(view, stop, button, keys)
    release(view, stops[-1], button, keys)


def wheel(view, at, notches):
    at = QPointF(*at)
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        NO_KEYS,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


def at_image(view, x, y):
    return view.camera.to_view((x, y))
