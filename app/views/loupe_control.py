"""When the floating loupe is seen: switched on with `L`, or while a point is moved below 200 % (ux.md 5.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, Signal

from app.views.floating_loupe import FloatingLoupe
from app.views.lens import FACTOR, Lens, next_factor

if TYPE_CHECKING:
    from app.views.image_view import ImageView

NEEDED_BELOW = 2.0  # screen device pixels per image pixel


class LoupeControl(QObject):
    """`factor_changed(float)`: how many times the loupes enlarge."""

    factor_changed = Signal(float)

    def __init__(self, view: ImageView) -> None:
        super().__init__(view)
        self._view = view
        self.widget = FloatingLoupe(view)
        self.wanted = False
        self.factor = FACTOR

    def set_wanted(self, wanted: bool) -> None:
        """Switch it on or off; while a point is moved it may come by itself."""
        self.wanted = wanted
        self.renew()

    def step_factor(self, by: int = 1) -> None:
        """Enlarge more or less."""
        self.factor = next_factor(self.factor, by)
        self.factor_changed.emit(self.factor)
        self.renew()

    def renew(self) -> None:
        """Show what lies under the pointer, or under the point that is moved; hide when neither is there."""
        view, point = self._view, self._point()
        needed = view.is_moving_point and view.zoom < NEEDED_BELOW
        if view.image is None or point is None or not (self.wanted or needed):
            self.widget.hide()
            return
        xy = view.layer.moving_xy or view.clamp(view.view_to_image(point))
        markers = view.layer.markers if view.has_overlay else ()
        lens = Lens(view.image, xy, view.window_range, view.inverted, view.orientation, self.factor, markers)
        self.widget.show_at((point.x(), point.y()), view.camera.view, lens)

    def _point(self) -> QPointF | None:
        moving = self._view.layer.moving_xy
        return self._view.pointer if moving is None else self._view.image_to_view(moving)
