"""Markers that come to a new place in 200 ms and leave a ghost where they were for a second (ux.md 7.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEasingCurve, QObject, QTimer, QVariantAnimation

from app.views.camera import XY
from app.views.motion import is_motion_reduced

GLIDE_MS, GHOST_MS = 200, 1000


class Glide(QObject):
    """Knows where gliding markers are drawn and where their ghosts lie; `changed` is called when that changes."""

    def __init__(self, changed: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = changed
        self._starts: dict[str, XY] = {}
        self.ghosts: dict[str, XY] = {}
        self._animation = QVariantAnimation(self, duration=GLIDE_MS, startValue=0.0, endValue=1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(lambda _value: self._changed())
        self._animation.finished.connect(self._arrived)
        self._ghost_timer = QTimer(self, singleShot=True, interval=GHOST_MS)
        self._ghost_timer.timeout.connect(self._fade)

    def start(self, starts: Mapping[str, XY]) -> None:
        """Let these landmarks come from image points; what glided before has arrived."""
        self.stop()
        if not starts:
            return
        self.ghosts = dict(starts)
        self._ghost_timer.start()
        if not is_motion_reduced():
            self._starts = dict(starts)
            self._animation.start()
        self._changed()

    def stop(self) -> None:
        """Everything is where it belongs, without ghosts."""
        self._animation.stop()
        self._ghost_timer.stop()
        self._starts, self.ghosts = {}, {}

    def place(self, landmark: str, xy_image: XY) -> XY:
        """Where a landmark that belongs at `xy_image` is drawn now."""
        start = self._starts.get(landmark)
        if start is None:
            return xy_image
        share = float(self._animation.currentValue())
        return (start[0] + (xy_image[0] - start[0]) * share, start[1] + (xy_image[1] - start[1]) * share)

    def _arrived(self) -> None:
        self._starts = {}
        self._changed()

    def _fade(self) -> None:
        self.ghosts = {}
        self._changed()
