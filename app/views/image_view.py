"""The review view: the film, the landmarks on it, and what mouse and keys do there (ux.md 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.session.view_state import ImageState
from app.translate import tr
from app.views import gestures, wheel
from app.views.annotated_view import AnnotatedView
from app.views.camera import XY
from app.views.digit_entry import DigitEntry, digit_of
from app.views.loupe_control import LoupeControl

UNDECIDED = ("predicted", "not placed")
ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
HELD = {int(Qt.Key.Key_H): "hide", int(Qt.Key.Key_Q): "predictions"}
NOT_A_NEXT_KEY = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_Escape)
Modifiers = Qt.KeyboardModifier


class ImageView(AnnotatedView):
    """Emits what the user wants; shows what it is told. Coordinates in signals are image pixels."""

    landmark_pressed = Signal(str)
    landmark_dragging = Signal(str, float, float)
    landmark_moved = Signal(str, float, float)
    moving_ended = Signal()
    place_requested = Signal(float, float)
    place_back_requested = Signal()
    tool_cancelled = Signal()
    nudge_requested = Signal(float, float)
    number_entered = Signal(int)
    cursor_moved = Signal(float, float, object)
    cursor_left = Signal()
    context_requested = Signal(object, float, float)
    case_step_requested = Signal(int)
    frame_step_requested = Signal(int)
    escape_pressed = Signal()
    predictions_refused = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Image"))
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self._editable = True
        self._gesture: gestures.Gesture | None = None
        self._grab: gestures.Grab | None = None
        self._placing: str | None = None
        self._pointer: QPointF | None = None
        self._held_keys = HELD
        self._reads_digits = True
        self.is_blind = False  # the predictions of this case are hidden
        self.wheel_habits = wheel.WheelHabits()
        self.digits = DigitEntry(lambda: [marker.number for marker in self.layer.markers], self)
        self.digits.entered.connect(self.number_entered)
        self.digits.changed.connect(lambda _typed: self._show_hint())
        self._hint = _hint_label(self)
        self.loupe = LoupeControl(self)
        for signal in (self.window_changed, self.orientation_changed, self.markers_changed, self.camera_changed):
            signal.connect(self.loupe.renew)

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture; a gesture in progress ends without effect."""
        if self.image is None or image is None or self.image.case_id != image.case_id:
            self.cancel_gesture()
            self.digits.cancel()
            self.layer.gliding.stop()
        super().set_image(image)
        self.loupe.renew()

    def set_keys(self, held: Mapping[int, str], digits: bool) -> None:
        """Which keys do what while they are held ("hide", "predictions"), and whether digits choose a landmark."""
        self._release_held()
        self._held_keys, self._reads_digits = dict(held), digits

    def set_editable(self, editable: bool) -> None:
        """Allow moving and placing, or only looking."""
        self._editable = editable
        if not editable:
            self.cancel_gesture()

    def glide(self, starts: Mapping[str, XY]) -> None:
        """Let markers come from these image points to where they are now."""
        self.layer.gliding.start(starts)

    # tools

    def begin_grab(self) -> None:
        """Let the current landmark follow the pointer until click, Space or Esc."""
        current = self.layer.current
        if current is None or not self.may_edit:
            return
        self.cancel_gesture()
        self._grab = gestures.Grab(self, current.landmark)
        self.viewport().setCursor(Qt.CursorShape.BlankCursor)
        if self._pointer is not None:
            self._grab.move(self._pointer, Modifiers.NoModifier)

    def begin_place(self, name: str) -> None:
        """Arm placing: the next press places the landmark called `name`, until `end_place`."""
        if self.may_edit:
            self._placing = name
            self._reset_cursor()

    def end_place(self) -> None:
        """Leave placing."""
        self._placing = None
        self._reset_cursor()

    @property
    def may_edit(self) -> bool:
        """True when points can be moved: allowed, and on the frame that carries them."""
        return self._editable and self.image is not None and self.image.is_working_frame

    @property
    def pointer(self) -> QPointF | None:
        """Where the pointer is over the view, logical pixels."""
        return self._pointer

    @property
    def is_moving_point(self) -> bool:
        """True while a point is dragged, carried, or about to be placed with the button down."""
        moving = self._gesture is not None and self._gesture.moves_point and self._gesture.dragging
        return moving or self._grab is not None or isinstance(self._gesture, gestures.PlaceLandmark)

    @property
    def is_placing(self) -> bool:
        """True while placing is armed."""
        return self._placing is not None

    @property
    def is_busy(self) -> bool:
        """True while a gesture holds the view still."""
        return self._gesture is not None or self._grab is not None

    @property
    def is_grabbing(self) -> bool:
        """True while a landmark follows the pointer."""
        return self._grab is not None

    def cancel_gesture(self) -> bool:
        """Undo the gesture in progress; True if there was one."""
        gesture, grab = self._gesture, self._grab
        self._gesture = self._grab = None
        if gesture is not None:
            gesture.cancel()
        if grab is not None:
            self.stop_moving()
        self._reset_cursor()
        self.loupe.renew()
        return gesture is not None or grab is not None

    # what gestures call

    def show_moving(self, landmark: str, xy_image: XY) -> None:
        """Show a landmark where it is being dragged."""
        self.layer.set_override(landmark, xy_image)
        self.landmark_dragging.emit(landmark, *xy_image)

    def stop_moving(self) -> None:
        """Show the landmark where it is stored."""
        self.layer.set_override(None)
        self.moving_ended.emit()

    def request_context(self, at: QPointF) -> None:
        """Ask for the menu of the landmark under the pointer, or of the image."""
        under = self.layer.under((at.x(), at.y())) if self.has_overlay else []
        self.context_requested.emit(under[0].landmark if under else None, *self.view_to_image(at))

    def report_cursor(self, at: QPointF) -> None:
        """Tell where the pointer is, or the point that is being moved."""
        self._pointer = at
        if self.image is not None:
            xy = self.layer.moving_xy or self.view_to_image(at)
            self.cursor_moved.emit(*xy, self.value_at(xy))
        self._show_hint()
        self.loupe.renew()

    # events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture."""
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at, button = event.position(), event.button()
        if button in (Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton):
            self.case_step_requested.emit(-1 if button == Qt.MouseButton.BackButton else 1)
        elif self._gesture is None and self.image is not None:
            self._gesture = self._gesture_for(button, at)

    def _gesture_for(self, button: Qt.MouseButton, at: QPointF) -> gestures.Gesture | None:
        if button == Qt.MouseButton.MiddleButton:
            return gestures.Pan(self, at)
        if button == Qt.MouseButton.RightButton:
            return gestures.WindowLevel(self, at)
        if button != Qt.MouseButton.LeftButton:
            return None
        if self._grab is not None:
            self._drop_grab()
            return None
        if self._placing is not None:
            return gestures.PlaceLandmark(self, at)
        return self._press_marker(at) or gestures.Pan(self, at)

    def _press_marker(self, at: QPointF) -> gestures.Gesture | None:
        """Select the nearest marker; it can be dragged if it was current or nobody has decided it yet."""
        under = self.layer.under((at.x(), at.y())) if self.has_overlay else []
        if not under:
            return None
        marker, xy = under[0], self.layer.xy_image(under[0])
        movable = self.may_edit and (marker.is_current or marker.label in UNDECIDED) and not self.layer.show_predictions
        gesture = gestures.MoveLandmark(self, at, marker.landmark, xy) if movable and xy else gestures.Pan(self, at)
        self._gesture = gesture  # set before the signal, so that selecting does not move the view under the pointer
        self.landmark_pressed.emit(marker.landmark)
        return gesture

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or report the pointer."""
        event.accept()
        at = event.position()
        if self._gesture is not None:
            self._gesture.move(at, event.modifiers())
            if self._grab is not None:
                self._grab.last = at  # panning takes the film along, so the landmark stays where it is on it
        elif self._grab is not None:
            self._grab.move(at, event.modifiers())
        self.report_cursor(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        event.accept()
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.release(event.position())
            self._reset_cursor()
            self.loupe.renew()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """On a marker: zoom to it; on the film: fit."""
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or self._placing or self._grab:
            self.mousePressEvent(event)
            return
        under = self.layer.under((event.position().x(), event.position().y())) if self.has_overlay else []
        if under:
            self.zoom_to(under[0].landmark)
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, or what the user prefers; with Ctrl another frame, with Shift another loupe factor."""
        event.accept()
        turned = event.angleDelta().y() or event.angleDelta().x()  # some systems make Shift a sideways wheel
        if self.image is None:
            return
        if event.modifiers() & Modifiers.ControlModifier and turned:
            self.frame_step_requested.emit(-1 if turned > 0 else 1)
        elif event.modifiers() & Modifiers.ShiftModifier and turned:
            self.loupe.step_factor(1 if turned > 0 else -1)
        else:
            wheel.turn(self, event, self.wheel_habits)
            self.report_cursor(event.position())

    def viewportEvent(self, event: QEvent) -> bool:
        """A pinch on a touchpad zooms."""
        return wheel.pinch(self, event) or super().viewportEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is elsewhere."""
        self._pointer = None
        self._hint.hide()
        self.loupe.renew()
        self.cursor_left.emit()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Before any shortcut: a typed number is finished, and tools keep the keys that end them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._keeps_key(event):
                event.accept()
                return True
            if digit_of(event.key(), event.text(), event.modifiers()) is None and event.key() not in NOT_A_NEXT_KEY:
                self.digits.finish()
        return super().event(event)

    def _keeps_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if self._grab is not None or self._gesture is not None:
            return key in (Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        return self._placing is not None and key in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits, arrows, held keys, Esc; everything else is a shortcut of the actions table."""
        digit = digit_of(event.key(), event.text(), event.modifiers()) if self._reads_digits else None
        if digit is not None:
            self.digits.add(digit)
        elif event.key() in self._held_keys and not event.modifiers():
            if not event.isAutoRepeat():
                self._hold(self._held_keys[event.key()], True)
        elif event.key() in ARROWS:
            self._nudge(*ARROWS[Qt.Key(event.key())], event.modifiers())
        elif event.key() == Qt.Key.Key_Escape:
            self._escape()
        elif event.key() == Qt.Key.Key_Space and self._grab is not None:
            self._drop_grab()
        elif event.key() == Qt.Key.Key_Backspace and self._placing is not None:
            self.place_back_requested.emit()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Held keys end."""
        if event.key() in self._held_keys and not event.isAutoRepeat():
            self._hold(self._held_keys[event.key()], False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Held keys end too: their release would never arrive."""
        self._release_held()
        super().focusOutEvent(event)
        self.viewport().update()

    def _release_held(self) -> None:
        for what in HELD.values():
            self._hold(what, False)

    def _hold(self, what: str, down: bool) -> None:
        if what == "hide":
            self.layer.setVisible(self.has_overlay and not down)
            self.heat.setVisible(self.has_overlay and not down)
            self.measures.setVisible(self.has_overlay and self._measures_wanted and not down)
        elif down and self.is_blind:
            self.predictions_refused.emit()
        else:
            self.layer.show_predictions = down
            self.layer.update()

    def _nudge(self, dx: float, dy: float, modifiers: Modifiers) -> None:
        step = 10.0 if modifiers & Modifiers.ShiftModifier else 0.1 if modifiers & Modifiers.ControlModifier else 1.0
        if self.may_edit and self._grab is None and self._gesture is None:
            self.nudge_requested.emit(*self.orientation.to_image(dx * step, dy * step))

    def _escape(self) -> None:
        if self.cancel_gesture():
            return
        if self._placing is not None:
            self.end_place()
            self.tool_cancelled.emit()
        elif self.digits.typed:
            self.digits.cancel()
        else:
            self.escape_pressed.emit()

    def _drop_grab(self) -> None:
        grab, self._grab = self._grab, None
        if grab is not None:
            grab.drop()
        self._reset_cursor()
        self.loupe.renew()

    def _reset_cursor(self) -> None:
        self.viewport().setCursor(Qt.CursorShape.CrossCursor if self._placing else Qt.CursorShape.ArrowCursor)
        self._show_hint()

    def _show_hint(self) -> None:
        """What is being typed or placed, beside the pointer."""
        text = (
            f"{self.digits.typed}_"
            if self.digits.typed
            else tr("Place {name}", name=self._placing)
            if self._placing
            else ""
        )
        self._hint.setVisible(bool(text))
        if text:
            at = self._pointer or QPointF(self.width() / 2, self.height() / 2)
            self._hint.setText(text)
            self._hint.adjustSize()
            x = min(at.x() + 16, self.width() - self._hint.width() - 4)
            y = min(at.y() + 16, self.height() - self._hint.height() - 4)
            self._hint.move(round(x), round(y))


def _hint_label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    label.setStyleSheet("background: #262A30; color: #E7E9EC; border-radius: 4px; padding: 2px 6px; font-size: 13px;")
    label.hide()
    return label
