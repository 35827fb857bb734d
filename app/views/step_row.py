"""The steps of a job as chips that flow into as many rows as they need: a tick, a filled number, or a faint one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app import theme
from app.session.view_state import JobStep
from app.theme import px
from app.translate import tr

PAD, SPACE, SIGN, FONT = 6, 3, 12, 12


class StepRow(QWidget):
    """Shows steps; the tool tip of each says what it measures or has found."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps: tuple[JobStep, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_steps(self, steps: tuple[JobStep, ...]) -> None:
        """Show these steps."""
        if steps != self.steps:
            self.steps = steps
            self.setAccessibleName(self._spoken())
            self._fit()
            self.update()

    def height_at(self, width: int) -> int:
        """The rows that the chips need at a width; a layout inside a scroll area does not ask, so it is set."""
        boxes = self._boxes(width)
        return boxes[-1].bottom() + 1 if boxes else 0

    def minimumSizeHint(self) -> QSize:
        """The widest chip."""
        return QSize(max((box.width() for box in self._boxes(1)), default=0), 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer rows."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self.height_at(self.width()))

    def box(self, place: int) -> QRect:
        """Where a chip is drawn."""
        return self._boxes(self.width())[place]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the chips."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font())
        for place, (step, box) in enumerate(zip(self.steps, self._boxes(self.width()), strict=True)):
            self._draw(painter, place, step, box)

    def event(self, event: QEvent) -> bool:
        """Say what a step measures where the pointer rests."""
        if isinstance(event, QHelpEvent):
            place = self._place_at(event.pos())
            step = None if place is None else self.steps[place]
            QToolTip.showText(event.globalPos(), "" if step is None else f"{step.name}: {step.measured}", self)
            return True
        return super().event(event)

    def _draw(self, painter: QPainter, place: int, step: JobStep, box: QRect) -> None:
        is_current, is_done = step.state == "current", step.state == "done"
        painter.setPen(QPen(theme.colour("accent" if is_current else "border"), 1))
        painter.setBrush(theme.colour("accent") if is_current else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        role = "on_accent" if is_current else "good" if is_done else "muted"
        painter.setPen(theme.colour(role))
        sign = QRect(box.left() + PAD, box.top(), px(SIGN), box.height())
        painter.drawText(sign, int(Qt.AlignmentFlag.AlignCenter), "✓" if is_done else str(place + 1))
        painter.setPen(theme.colour("on_accent" if is_current else "text" if is_done else "muted"))
        words = box.adjusted(PAD + px(SIGN) + SPACE, 0, -PAD, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), step.name)

    def _boxes(self, width: int) -> list[QRect]:
        boxes: list[QRect] = []
        metrics = QFontMetrics(self._font())
        height, x, y = metrics.height() + 4, 0, 0
        for step in self.steps:
            wide = metrics.horizontalAdvance(step.name) + 2 * PAD + px(SIGN) + SPACE + 2
            if x and x + wide > width:
                x, y = 0, y + height + SPACE
            boxes.append(QRect(x, y, wide, height))
            x += wide + SPACE
        return boxes

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(px(FONT))
        return font

    def _place_at(self, at: QPoint) -> int | None:
        boxes = self._boxes(self.width())
        return next((place for place, box in enumerate(boxes) if box.contains(at)), None)

    def _spoken(self) -> str:
        current = next((place for place, step in enumerate(self.steps) if step.state == "current"), None)
        if current is None:
            return tr("Steps of the job")
        step = self.steps[current]
        return tr(
            "Step {n} of {of}, {name}: {measured}",
            n=current + 1,
            of=len(self.steps),
            name=step.name,
            measured=step.measured,
        )
