"""What part of the image is seen, and how large: plain numbers, exact in both directions.

`image` is pixels of the stored image (integer = pixel centre, x right, y down); `view` is logical pixels of the
widget from its top-left corner. Source: ux.md 5, rules 1 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.views.orientation import UPRIGHT, XY, Orientation

MIN_ZOOM, MAX_ZOOM = 0.1, 32.0
FIT_MARGIN = 0.98


@dataclass(frozen=True)
class Camera:
    """`centre` is the image point in the middle of the view of `view` logical pixels.

    `zoom` counts screen device pixels per image column (1.0 shows each image pixel on one device pixel); `aspect`
    is height / width of one image pixel; `ratio` is device pixels per logical pixel; `orientation` is how the view is
    flipped and turned.
    """

    centre: XY = (0.0, 0.0)
    zoom: float = 1.0
    image: tuple[int, int] = (1, 1)
    aspect: float = 1.0
    view: XY = (1.0, 1.0)
    ratio: float = 1.0
    orientation: Orientation = UPRIGHT

    @property
    def scale(self) -> XY:
        """Logical pixels per image column and per image row."""
        return self.zoom / self.ratio, self.zoom * self.aspect / self.ratio

    @property
    def screen_scale(self) -> XY:
        """Logical pixels per image pixel along the screen's x and y."""
        sx, sy = self.scale
        return (sy, sx) if self.orientation.is_sideways else (sx, sy)

    @property
    def screen_size(self) -> tuple[int, int]:
        """Image pixels along the screen's x and y."""
        width, height = self.image
        return (height, width) if self.orientation.is_sideways else (width, height)

    @property
    def visible(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of what is seen, in image coordinates."""
        (x0, y0), (x1, y1) = self.to_image((0.0, 0.0)), self.to_image(self.view)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    @property
    def visible_on_screen(self) -> tuple[float, float, float, float]:
        """As `visible`, in the coordinates of the flipped and turned picture (integer = pixel centre)."""
        (width, height), (x, y) = self.image, self.centre
        middle, (w, h) = ((width - 1) / 2, (height - 1) / 2), self.view
        du, dv = self.orientation.to_screen(x - middle[0], y - middle[1])
        (su, sv), (columns, rows) = self.screen_scale, self.screen_size
        u, v = du + (columns - 1) / 2, dv + (rows - 1) / 2
        return u - w / 2 / su, v - h / 2 / sv, u + w / 2 / su, v + h / 2 / sv

    @property
    def fit_zoom(self) -> float:
        """The zoom at which the whole image is seen."""
        (columns, rows), (w, h) = self.screen_size, self.view
        across, down = (self.aspect, 1.0) if self.orientation.is_sideways else (1.0, self.aspect)
        return FIT_MARGIN * self.ratio * min(w / (columns * across), h / (rows * down))

    def to_view(self, xy_image: XY) -> XY:
        """Map image to view."""
        (x, y), (w, h) = self.centre, self.view
        dx, dy = self.vector_to_view(xy_image[0] - x, xy_image[1] - y)
        return dx + w / 2, dy + h / 2

    def to_image(self, xy_view: XY) -> XY:
        """Map view to image."""
        (x, y), (w, h) = self.centre, self.view
        dx, dy = self.vector_to_image(xy_view[0] - w / 2, xy_view[1] - h / 2)
        return dx + x, dy + y

    def vector_to_view(self, dx: float, dy: float) -> XY:
        """An offset in image pixels as an offset in logical pixels of the view."""
        sx, sy = self.scale
        return self.orientation.to_screen(dx * sx, dy * sy)

    def vector_to_image(self, dx: float, dy: float) -> XY:
        """An offset in logical pixels of the view as an offset in image pixels."""
        (sx, sy), (x, y) = self.scale, self.orientation.to_image(dx, dy)
        return x / sx, y / sy

    def fitted(self) -> Camera:
        """The whole image, centred."""
        width, height = self.image
        return replace(self, centre=((width - 1) / 2, (height - 1) / 2), zoom=self.fit_zoom)

    def zoomed(self, factor: float, xy_view: XY) -> Camera:
        """Larger by `factor` with the image point under `xy_view` staying there; 0.1-32 (or down to fit)."""
        zoom = min(max(self.zoom * factor, min(MIN_ZOOM, self.fit_zoom)), MAX_ZOOM)
        anchor = self.to_image(xy_view)
        moved = replace(self, zoom=zoom)
        w, h = self.view
        dx, dy = moved.vector_to_image(xy_view[0] - w / 2, xy_view[1] - h / 2)
        return moved.centred((anchor[0] - dx, anchor[1] - dy))

    def panned(self, dx: float, dy: float) -> Camera:
        """The content moved by logical pixels."""
        (x, y), (mx, my) = self.centre, self.vector_to_image(dx, dy)
        return self.centred((x - mx, y - my))

    def reoriented(self, orientation: Orientation) -> Camera:
        """The same point in the middle of a view that is flipped or turned another way."""
        return replace(self, orientation=orientation)

    def centred(self, xy_image: XY) -> Camera:
        """That point in the middle; the middle of the view always lies on the image."""
        width, height = self.image
        x = min(max(xy_image[0], -0.5), width - 0.5)
        y = min(max(xy_image[1], -0.5), height - 0.5)
        return replace(self, centre=(x, y))

    def snapped(self) -> Camera:
        """At 1:1, image pixels laid exactly on device pixels; otherwise unchanged.

        Qt draws a picture of unchanged size on whole device pixels. Moving the camera by up to half a pixel keeps
        picture and landmarks together, and the picture crisp.
        """
        if self.zoom != 1.0:
            return self
        (width, height), (x, y) = self.image, self.centre
        corners = self.to_view((-0.5, -0.5)), self.to_view((width - 0.5, height - 0.5))
        left, top = (min(pair) for pair in zip(*corners, strict=True))
        dx, dy = (round(edge * self.ratio) / self.ratio - edge for edge in (left, top))
        mx, my = self.vector_to_image(dx, dy)
        return replace(self, centre=(x - mx, y - my))

    def showing(self, xy_image: XY, inner: float = 0.8) -> Camera:
        """The smallest pan that brings the point into the inner share of the view; unchanged if it is there."""
        x, y = self.to_view(xy_image)
        (w, h), edge = self.view, (1 - inner) / 2
        dx = min(max(x, w * edge), w * (1 - edge)) - x
        dy = min(max(y, h * edge), h * (1 - edge)) - y
        return self.panned(dx, dy) if dx or dy else self
