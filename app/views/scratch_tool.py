"""Measuring by hand on the image (ux.md 4.2, M, Shift+M, K): drag a line or click its ends; drag an end to move it.

While a tool is on it takes the left button and Esc from the image view; everything else works as always.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel

from app.session.scratch import ANGLE, DISTANCE, RULER, ScratchMeasure
from app.session.view_state import ImageState
from app.translate import tr
from app.views.camera import XY
from app.views.image_view import ImageView
from app.views.scratch_layer import ScratchLayer

REACH, DRAG_FROM = 12.0, 3.0
SPARE = 8
HINTS = {
    DISTANCE: "Distance: drag a line, or click both ends. Esc leaves.",
    ANGLE: "Angle: click one end, the vertex, the other end. Esc leaves.",
    RULER: "Calibrate: drag a line along a scale of known length. Esc leaves.",
}
LEFT = Qt.MouseButton.LeftButton


class ScratchTool(QObject):
    """`ruler_drawn((xy, xy))` when the line of the ruler is there; `changed()` when a measure or the tool changed."""

    ruler_drawn = Signal(object)
    changed = Signal()

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view = view
        self.kind = ""
        self._kind_before = ""
        self._done: list[ScratchMeasure] = []
        self._drawing: ScratchMeasure | None = None
        self._grabbed: tuple[int, int] | None = None  # which measure, which point
        self._press: QPointF | None = None
        self._is_new = False
        self._case: int | None = None
        self.layer = ScratchLayer(view)
        view.scene().addItem(self.layer)
        self._hint = _hint_label(view)
        view.image_changed.connect(self._image_changed)
        view.installEventFilter(self)
        view.viewport().installEventFilter(self)

    @property
    def measures(self) -> tuple[ScratchMeasure, ...]:
        """What lies on the image, that which is being drawn last."""
        return (*self._done, *([self._drawing] if self._drawing else []))

    def start(self, kind: str) -> None:
        """Put a tool on; pressing its key again leaves it."""
        if self._view.image is None:
            return
        if kind == self.kind:
            self.leave()
            return
        self._view.cancel_gesture()
        self._kind_before = self.kind if kind == RULER else ""
        self._drawing = None
        self._set_kind(kind)

    def leave(self) -> None:
        """Back to the landmarks; what was measured goes."""
        self._done.clear()
        self._drawing = self._grabbed = self._press = None
        self._set_kind("")

    def end_ruler(self) -> None:
        """The ruler has done its work, or is not wanted any more: back to the tool before, with its measures."""
        self._drawing = None
        self._done = [measure for measure in self._done if measure.kind != RULER]
        if self.kind == RULER:
            self._set_kind(self._kind_before)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the left button and Esc while a tool is on."""
        if not self.kind or self._view.image is None:
            return False
        if watched is self._view:
            return self._take_key(event)
        if isinstance(event, QMouseEvent):
            return self._take_mouse(event)
        return False

    # --- keys and mouse

    def _take_key(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.key() != Qt.Key.Key_Escape:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress:
            self._escape()
            return True
        return False

    def _escape(self) -> None:
        if self._drawing is not None or self._grabbed is not None:
            self._drawing = self._grabbed = self._press = None
            self._show()
        elif self.kind == RULER:
            self.end_ruler()
        else:
            self.leave()

    def _take_mouse(self, event: QMouseEvent) -> bool:
        at, kind = event.position(), event.type()
        if kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) and event.button() == LEFT:
            self._view.setFocus(Qt.FocusReason.MouseFocusReason)
            self._pressed(at)
            return True
        if kind == QEvent.Type.MouseMove:
            self._moved(at)
            if event.buttons() in (Qt.MouseButton.NoButton, LEFT):
                self._view.report_cursor(at)
                return True
        if kind == QEvent.Type.MouseButtonRelease and event.button() == LEFT:
            self._released(at)
            return True
        return False

    def _pressed(self, at: QPointF) -> None:
        self._press = at
        if self._drawing is None:
            self._grabbed = self._end_under(at)
        if self._grabbed is None:
            self._begin_or_go_on(self._xy(at))
        self._show()

    def _begin_or_go_on(self, xy: XY) -> None:
        """The last point of what is drawn follows the pointer until the next click, or the end of a drag, fixes it."""
        self._is_new = self._drawing is None
        if self._drawing is not None:
            self._drawing = self._drawing.with_point(len(self._drawing.points) - 1, xy)
            return
        self._drawing = ScratchMeasure(self.kind, (xy, xy))
        if self.kind == RULER:
            self._done = [measure for measure in self._done if measure.kind != RULER]

    def _moved(self, at: QPointF) -> None:
        if self._grabbed is not None:
            which, point = self._grabbed
            self._done[which] = self._done[which].with_point(point, self._xy(at))
        elif self._drawing is not None:
            last = len(self._drawing.points) - 1
            self._drawing = self._drawing.with_point(last, self._xy(at))
        else:
            over = self._end_under(at) is not None
            self._view.viewport().setCursor(Qt.CursorShape.OpenHandCursor if over else Qt.CursorShape.CrossCursor)
            return
        self._show()

    def _released(self, at: QPointF) -> None:
        press, self._press = self._press, None
        if self._grabbed is not None:
            which, _ = self._grabbed
            self._grabbed = None
            if self._done[which].kind == RULER:
                self._tell_ruler(self._done[which])
            return
        dragged = press is not None and math.hypot(at.x() - press.x(), at.y() - press.y()) > DRAG_FROM
        if self._drawing is not None and (dragged or not self._is_new):
            self._fix(self._drawing)
        self._show()

    def _fix(self, measure: ScratchMeasure) -> None:
        """The last point stays where it is, unless it lies on the one before."""
        before, last = (self._view.image_to_view(xy) for xy in measure.points[-2:])
        if math.hypot(last.x() - before.x(), last.y() - before.y()) <= DRAG_FROM:
            return
        if measure.is_complete:
            self._finish(measure)
        else:
            self._drawing = ScratchMeasure(self.kind, (*measure.points, measure.points[-1]))

    def _finish(self, measure: ScratchMeasure) -> None:
        self._drawing = None
        self._done.append(measure)
        if measure.kind == RULER:
            self._tell_ruler(measure)

    def _tell_ruler(self, measure: ScratchMeasure) -> None:
        self._show()
        self.ruler_drawn.emit(measure.points)

    def _end_under(self, at: QPointF) -> tuple[int, int] | None:
        """The nearest end of a finished measure within reach."""
        found = []
        for which, measure in enumerate(self._done):
            for point, xy in enumerate(measure.points):
                spot = self._view.image_to_view(xy)
                found.append((math.hypot(spot.x() - at.x(), spot.y() - at.y()), which, point))
        distance, which, point = min(found, default=(math.inf, 0, 0))
        return (which, point) if distance <= REACH else None

    # --- showing

    def _xy(self, at: QPointF) -> XY:
        return self._view.clamp(self._view.view_to_image(at))

    def _image_changed(self, image: ImageState | None) -> None:
        case = None if image is None else image.case_id
        if case != self._case and self.kind:
            self.leave()
        self._case = case
        self._show()

    def _set_kind(self, kind: str) -> None:
        self.kind = kind
        self._view.viewport().setCursor(Qt.CursorShape.CrossCursor if kind else Qt.CursorShape.ArrowCursor)
        self._hint.setVisible(bool(kind))
        self._hint.setText(tr(HINTS.get(kind, "")))
        self._hint.adjustSize()
        self._hint.move(max(SPARE, (self._view.width() - self._hint.width()) // 2), SPARE)
        self._show()

    def _show(self) -> None:
        self.layer.set_measures(self.measures)
        self.changed.emit()


def _hint_label(parent: ImageView) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    label.setStyleSheet("background: #262A30; color: #E7E9EC; border-radius: 4px; padding: 3px 8px; font-size: 13px;")
    label.hide()
    return label
