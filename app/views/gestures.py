"""What the mouse does on the image between press and release (ux.md 4.3). One object per gesture.

A gesture talks to the image view through a few methods; `QPointF` positions are logical pixels of the view.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt

from app.views.camera import XY

if TYPE_CHECKING:
    from app.views.image_view import ImageView

THRESHOLD = 3.0
FINE = 0.1
Modifiers = Qt.KeyboardModifier


class Gesture:
    """A press that may become a drag once the pointer has gone 3 px."""

    moves_point = False

    def __init__(self, view: ImageView, at: QPointF) -> None:
        self.view = view
        self.start = at
        self.last = at
        self.dragging = False

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        """The pointer moved with the button down."""
        if not self.dragging and math.hypot(at.x() - self.start.x(), at.y() - self.start.y()) > THRESHOLD:
            self.dragging = True
            self.begin()
        if self.dragging:
            self.drag(at, modifiers)
        self.last = at

    def begin(self) -> None:
        """The press has become a drag."""

    def drag(self, at: QPointF, modifiers: Modifiers) -> None:
        """The drag goes on."""

    def release(self, at: QPointF) -> None:
        """The button went up."""

    def cancel(self) -> None:
        """Esc, or the view lost the pointer: as if nothing had happened."""


class Pan(Gesture):
    """Move the film under the pointer."""

    def begin(self) -> None:
        """Show the closed hand."""
        self.view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def drag(self, at: QPointF, _modifiers: Modifiers) -> None:
        """Pan by what the pointer moved."""
        self.view.pan(at.x() - self.last.x(), at.y() - self.last.y())


class WindowLevel(Gesture):
    """Right drag: window left-right, level up-down; without a drag it asks for the menu."""

    def __init__(self, view: ImageView, at: QPointF) -> None:
        super().__init__(view, at)
        self.window = view.window_range

    def drag(self, at: QPointF, _modifiers: Modifiers) -> None:
        """A drag over the whole view width doubles the window."""
        low, high = self.window
        width, level = high - low, (high + low) / 2
        step = max(width, 1e-6) / 400
        width = max(width + (at.x() - self.start.x()) * step * 2, step)
        level += (at.y() - self.start.y()) * step
        self.view.change_window(level - width / 2, level + width / 2)

    def release(self, at: QPointF) -> None:
        """A click opens the menu."""
        if not self.dragging:
            self.view.request_context(at)

    def cancel(self) -> None:
        """Back to the window at the press."""
        self.view.change_window(*self.window)


class MoveLandmark(Gesture):
    """Drag a point: it keeps its offset to the pointer; Ctrl makes 1:10 steps, Shift keeps to the larger axis."""

    moves_point = True

    def __init__(self, view: ImageView, at: QPointF, landmark: str, xy_image: XY) -> None:
        super().__init__(view, at)
        self.landmark = landmark
        self.origin = xy_image
        self.offset = [0.0, 0.0]
        self.xy_image = xy_image

    def begin(self) -> None:
        """The pointer hides; what it moved so far counts."""
        self.view.viewport().setCursor(Qt.CursorShape.BlankCursor)
        self.last = self.start

    def drag(self, at: QPointF, modifiers: Modifiers) -> None:
        """Follow the pointer."""
        sx, sy = self.view.camera.scale
        fine = FINE if modifiers & Modifiers.ControlModifier else 1.0
        step = self.view.camera.vector_to_image(at.x() - self.last.x(), at.y() - self.last.y())
        self.offset = [self.offset[0] + step[0] * fine, self.offset[1] + step[1] * fine]
        dx, dy = self.offset
        if modifiers & Modifiers.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) * sx >= abs(dy) * sy else (0.0, dy)
        self.xy_image = self.view.clamp((self.origin[0] + dx, self.origin[1] + dy))
        self.view.show_moving(self.landmark, self.xy_image)

    def release(self, _at: QPointF) -> None:
        """Report the move once; a press without a drag changes nothing."""
        self.view.stop_moving()
        if self.dragging and self.xy_image != self.origin:
            self.view.landmark_moved.emit(self.landmark, *self.xy_image)

    def cancel(self) -> None:
        """The point goes back."""
        self.view.stop_moving()


class PlaceLandmark(Gesture):
    """Press to place, refine while held, release to commit; Esc before the release cancels."""

    def move(self, at: QPointF, _modifiers: Modifiers) -> None:
        """Show the loupe where the point would land."""
        self.view.report_cursor(at)

    def release(self, at: QPointF) -> None:
        """Report the place."""
        xy = self.view.clamp(self.view.camera.to_image((at.x(), at.y())))
        self.view.place_requested.emit(*xy)


class Grab:
    """`G`: the current landmark follows the pointer without a button; click or Space drops it, Esc puts it back."""

    def __init__(self, view: ImageView, landmark: str) -> None:
        self.view = view
        self.landmark = landmark
        self.xy_image: XY | None = None
        self.last: QPointF | None = None

    def move(self, at: QPointF, modifiers: Modifiers) -> None:
        """Jump to the pointer, then follow it; Ctrl makes 1:10 steps."""
        if self.xy_image is None or self.last is None:
            target = self.view.camera.to_image((at.x(), at.y()))
        else:
            fine = FINE if modifiers & Modifiers.ControlModifier else 1.0
            dx, dy = self.view.camera.vector_to_image(at.x() - self.last.x(), at.y() - self.last.y())
            target = (self.xy_image[0] + dx * fine, self.xy_image[1] + dy * fine)
        self.last = at
        self.xy_image = self.view.clamp(target)
        self.view.show_moving(self.landmark, self.xy_image)

    def drop(self) -> None:
        """Keep the place."""
        self.view.stop_moving()
        if self.xy_image is not None:
            self.view.landmark_moved.emit(self.landmark, *self.xy_image)
