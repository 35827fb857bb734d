"""What part of the image is seen, and how large: plain numbers, exact in both directions.

`image` is pixels of the stored image (integer = pixel centre, x right, y down); `view` is logical pixels of the
widget from its top-left corner. Source: ux.md 5, rules 1 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

XY = tuple[float, float]
MIN_ZOOM, MAX_ZOOM = 0.1, 32.0
FIT_MARGIN = 0.98


@dataclass(frozen=True)
class Camera:
    """`centre` is the image point in the middle of the view of `view` logical pixels.

    `zoom` counts screen device pixels per image column (1.0 shows each image pixel on one device pixel); `aspect`
    is height / width of one image pixel; `ratio` is device pixels per logical pixel.
    """

    centre: XY = (0.0, 0.0)
    zoom: float = 1.0
    image: tuple[int, int] = (1, 1)
    aspect: float = 1.0
    view: XY = (1.0, 1.0)
    ratio: float = 1.0

    @property
    def scale(self) -> XY:
        """Logical pixels per image column and per image row."""
        return self.zoom / self.ratio, self.zoom * self.aspect / self.ratio

    @property
    def visible(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of what is seen, in image coordinates."""
        (x, y), (sx, sy), (w, h) = self.centre, self.scale, self.view
        return x - w / 2 / sx, y - h / 2 / sy, x + w / 2 / sx, y + h / 2 / sy

    @property
    def fit_zoom(self) -> float:
        """The zoom at which the whole image is seen."""
        (width, height), (w, h) = self.image, self.view
        return FIT_MARGIN * self.ratio * min(w / width, h / (height * self.aspect))

    def to_view(self, xy_image: XY) -> XY:
        """Map image to view."""
        (x, y), (sx, sy), (w, h) = self.centre, self.scale, self.view
        return (xy_image[0] - x) * sx + w / 2, (xy_image[1] - y) * sy + h / 2

    def to_image(self, xy_view: XY) -> XY:
        """Map view to image."""
        (x, y), (sx, sy), (w, h) = self.centre, self.scale, self.view
        return (xy_view[0] - w / 2) / sx + x, (xy_view[1] - h / 2) / sy + y

    def fitted(self) -> Camera:
        """The whole image, centred."""
        width, height = self.image
        return replace(self, centre=((width - 1) / 2, (height - 1) / 2), zoom=self.fit_zoom)

    def zoomed(self, factor: float, xy_view: XY) -> Camera:
        """Larger by `factor` with the image point under `xy_view` staying there; 0.1-32 (or down to fit)."""
        zoom = min(max(self.zoom * factor, min(MIN_ZOOM, self.fit_zoom)), MAX_ZOOM)
        anchor = self.to_image(xy_view)
        moved = replace(self, zoom=zoom)
        (sx, sy), (w, h) = moved.scale, self.view
        centre = anchor[0] - (xy_view[0] - w / 2) / sx, anchor[1] - (xy_view[1] - h / 2) / sy
        return moved.centred(centre)

    def panned(self, dx: float, dy: float) -> Camera:
        """The content moved by logical pixels."""
        (x, y), (sx, sy) = self.centre, self.scale
        return self.centred((x - dx / sx, y - dy / sy))

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
        left, top = self.to_view((-0.5, -0.5))
        dx, dy = (round(edge * self.ratio) / self.ratio - edge for edge in (left, top))
        (x, y), (sx, sy) = self.centre, self.scale
        return replace(self, centre=(x - dx / sx, y - dy / sy))

    def showing(self, xy_image: XY, inner: float = 0.8) -> Camera:
        """The smallest pan that brings the point into the inner share of the view; unchanged if it is there."""
        x, y = self.to_view(xy_image)
        (w, h), edge = self.view, (1 - inner) / 2
        dx = min(max(x, w * edge), w * (1 - edge)) - x
        dy = min(max(y, h * edge), h * (1 - edge)) - y
        return self.panned(dx, dy) if dx or dy else self
