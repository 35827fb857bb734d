"""Under the image: which frame or slice of the file is on screen, and which one carries the landmarks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSlider, QSpinBox, QWidget

from app.session.view_state import ImageState
from app.translate import tr
from app.views.widgets import GAP, MARGIN, button, inset, label


class QuietSlider(QSlider):
    """Ignores the wheel unless it has the keyboard focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class QuietSpinBox(QSpinBox):
    """Ignores the wheel unless it has the keyboard focus; `left()`: Return or Esc."""

    left = Signal()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Commit, or leave the number as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.lineEdit().setText(self.textFromValue(self.value()))
            self.left.emit()
            return
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()


class FrameBar(QFrame):
    """`frame_requested(int)`, from 0. Hidden for a picture with one frame; numbers on screen count from 1.

    `use_requested()`: the frame on screen is to carry the landmarks.
    """

    frame_requested = Signal(int)
    use_requested = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._frame = self._count = self._working = 0
        self.slider = QuietSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("Frame"))
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setPageStep(10)
        self.spin = QuietSpinBox()
        self.spin.setAccessibleName(tr("Frame number"))
        self.spin.setKeyboardTracking(False)
        inset(self.spin)
        self._of = label("", "caption")
        self._marks = label("", "caption")
        self.use = button("Use this frame")
        self.use.setToolTip(tr("Work on this frame instead: it becomes a case of its own"))
        self.use.clicked.connect(self.use_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP // 2, MARGIN, GAP // 2)
        layout.setSpacing(GAP)
        layout.addWidget(label("Frame", "caption"))
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.spin)
        layout.addWidget(self._of)
        layout.addWidget(self._marks)
        layout.addWidget(self.use)
        self.slider.valueChanged.connect(self._ask)
        self.spin.valueChanged.connect(lambda number: self._ask(number - 1))
        self.spin.left.connect(self.left)
        self.hide()

    def set_image(self, image: ImageState | None) -> None:
        """Show where this picture stands in its file."""
        count = 0 if image is None else image.frame_count
        self.setVisible(count > 1)
        if image is None or count <= 1:
            self._count = 0
            return
        self._frame, self._count, self._working = image.frame, count, image.working_frame
        self._of.setText(tr("of {count}", count=count))
        self._marks.setText(tr("landmarks on frame {frame}", frame=image.working_frame + 1))
        self._show(image.frame)

    def step(self, by: int) -> None:
        """Ask for a frame further on, stopping at the ends."""
        if self._count:
            self._ask(min(max(self._frame + by, 0), self._count - 1))

    def _ask(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self._show(frame)
            self.frame_requested.emit(frame)

    def _show(self, frame: int) -> None:
        self.use.setVisible(frame != self._working)
        for box, number in ((self.slider, frame), (self.spin, frame + 1)):
            box.blockSignals(True)
            box.setRange(number - frame, self._count - 1 + number - frame)
            box.setValue(number)
            box.blockSignals(False)
