"""Short movements of the view, and the moment when it has come to rest (ux.md 5.7, 6.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEasingCurve, QObject, QTimer, QVariantAnimation
from PySide6.QtWidgets import QApplication, QStyle

from app.views.camera import Camera

GLIDE_MS = 120
REST_MS = 150


def is_motion_reduced() -> bool:
    """True where the system asks programs to do without movement."""
    style = QApplication.style()
    return style is not None and style.styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0


class Motion(QObject):
    """Glides from one camera to another; tells when nothing has moved for 150 ms."""

    def __init__(self, show: Callable[[Camera], None], moving: Callable[[bool], None], parent: QObject) -> None:
        super().__init__(parent)
        self._show, self._tell = show, moving
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(lambda: self._tell(False))
        self._glide = QVariantAnimation(self, duration=GLIDE_MS, startValue=0.0, endValue=1.0)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._glide.valueChanged.connect(self._step)
        self._start = self._end = Camera()

    @property
    def is_gliding(self) -> bool:
        """True while the view moves by itself."""
        return self._glide.state() is QVariantAnimation.State.Running

    def touch(self) -> None:
        """The view moves under the user's hand."""
        self._tell(True)
        self._rest.start()

    def glide(self, start: Camera, end: Camera) -> None:
        """Move from one place to another in 120 ms, or at once where the system wants no movement."""
        self.stop()
        if start == end:
            return
        if is_motion_reduced():
            self._show(end)
            return
        self._start, self._end = start, end
        self._glide.start()

    def stop(self) -> None:
        """Something else moves the view."""
        self._glide.stop()

    def finish(self) -> None:
        """Be where the movement leads."""
        if self.is_gliding:
            self._glide.stop()
            self._show(self._end)

    def _step(self, share: float) -> None:
        (x0, y0), (x1, y1) = self._start.centre, self._end.centre
        middle = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        self.touch()
        self._show(self._end if share == 1.0 else replace(self._end, centre=middle))
