"""What a turn of the wheel, two fingers on a touchpad and a pinch do to the film (ux.md 4.3)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

if TYPE_CHECKING:
    from app.views.film_view import FilmView

WHEEL_STEP = 1.15
NOTCH = 120


@dataclass(frozen=True)
class WheelHabits:
    """`up_zooms_in`: turning the wheel away; `touchpad_pans`: two fingers move the film instead of zooming."""

    up_zooms_in: bool = True
    touchpad_pans: bool = sys.platform == "darwin"


def is_touchpad(event: QWheelEvent) -> bool:
    """True for two fingers on a touchpad, as far as the system tells."""
    precise = not event.pixelDelta().isNull() and event.phase() is not Qt.ScrollPhase.NoScrollPhase
    return precise or event.pointingDevice().type() == QInputDevice.DeviceType.TouchPad


def turn(view: FilmView, event: QWheelEvent, habits: WheelHabits) -> None:
    """Zoom at the pointer, or move the film with two fingers."""
    if habits.touchpad_pans and is_touchpad(event):
        delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
        view.pan(delta.x(), delta.y())
    elif event.angleDelta().y():
        steps = event.angleDelta().y() / NOTCH * (1 if habits.up_zooms_in else -1)
        view.zoom_by(WHEEL_STEP**steps, event.position())


def pinch(view: FilmView, event: QEvent) -> bool:
    """Zoom by two fingers moving apart; False when the event is something else."""
    if not isinstance(event, QNativeGestureEvent):
        return False
    if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
        return False
    if view.image is not None:
        view.zoom_by(max(1 + event.value(), 0.1), event.position())
    return True
