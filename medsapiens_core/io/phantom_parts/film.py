"""A synthetic X-ray film: shapes add thickness that the ray passes, and the film darkens by the rest that gets through.

Shapes are polygons through control points in pixels of the film (x, y), smoothed, and moved by one random deformation,
so that each seed is another person and landmarks move along with the bones.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

Points = Sequence[tuple[float, float]] | NDArray[np.float64]
Map = NDArray[np.float32]
_SUBPIXEL = 4  # OpenCV takes coordinates in 1/16 pixel
TEXT = "SYNTHETIC"


def curve(points: ArrayLike, closed: bool = True, step: int = 12) -> NDArray[np.float64]:
    """A smooth line (N, 2) through the control points."""
    knots = np.asarray(points, dtype=np.float64)
    if closed:
        knots = np.vstack([knots, knots[:1]])
    chord = np.concatenate([[0.0], np.cumsum(np.maximum(np.hypot(*np.diff(knots, axis=0).T), 1e-6) ** 0.5)])
    spline = CubicSpline(chord, knots, bc_type="periodic" if closed else "natural")
    dense = np.linspace(0.0, chord[-1], step * len(knots))
    result: NDArray[np.float64] = spline(dense)
    return result


class Film:
    """A canvas of ray thickness (H, W). All sizes in pixels; thickness 1 absorbs about two thirds of the ray."""

    def __init__(self, width: int, height: int, rng: np.random.Generator, variation: float = 1.0) -> None:
        self.width, self.height, self.rng = width, height, rng
        self.depth: Map = np.zeros((height, width), dtype=np.float32)
        self._bend = rng.normal(0.0, variation, (2, 5)) * np.array([0.006, 0.006, 0.009, 0.009, 0.012]) * width
        self._shift = rng.normal(0.0, variation, 2) * 0.008 * width

    def place(self, points: ArrayLike) -> NDArray[np.float64]:
        """Where control points (N, 2) lie on this film, after the deformation that makes it one person's."""
        xy = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        u, v = xy[:, 0] / self.width - 0.5, xy[:, 1] / self.height - 0.5
        basis = np.stack([u, v, u * v, np.sin(3 * v), np.sin(3 * u)])
        moved: NDArray[np.float64] = xy + (self._bend @ basis).T + self._shift
        return moved

    def solid(self, points: Points, depth: float, edge: float, *, smooth: bool = True, soften: float = 1.0) -> None:
        """Add a rounded body: thickness rises from the outline over `edge` pixels like the side of a ball."""
        box, distance = self._inside(points, smooth)
        rise = np.clip(distance / edge, 0.0, 1.0)
        self._add(box, depth * np.sqrt(1.0 - (1.0 - rise) ** 2), soften)

    def bone(self, points: Points, depth: float, cortex: float, wall: float, *, smooth: bool = True) -> None:
        """Add a bone: a body of `depth` and a dense wall `wall` pixels thick of `cortex` more, with fine trabeculae."""
        box, distance = self._inside(points, smooth)
        inside = np.clip(distance / 1.5, 0.0, 1.0)
        grain = 1.0 + 0.06 * self._noise(box, 1.2) + 0.05 * self._noise(box, 5.0)
        body = depth * np.sqrt(np.clip(distance / (3 * wall), 0.0, 1.0)) * grain
        shell = cortex * inside * np.exp(-((distance / wall) ** 2))
        self._add(box, body + shell, 0.9)

    def union(self, outlines: Sequence[Points], depth: float, edge: float, *, soften: float = 1.0) -> None:
        """Add one rounded body made of several shapes that run into each other, such as fingers and palm."""
        mask = np.zeros((self.height, self.width), dtype=np.uint8)
        for points in outlines:
            outline = np.rint(curve(self.place(points)) * 2**_SUBPIXEL).astype(np.int32)
            cv2.fillPoly(mask, [outline], 255, cv2.LINE_8, _SUBPIXEL)
        rise = np.clip(cv2.distanceTransform(mask, cv2.DIST_L2, 5) / edge, 0.0, 1.0)
        self._add((0, 0, self.width, self.height), depth * np.sqrt(1.0 - (1.0 - rise) ** 2), soften)

    def line(self, points: Points, width: float, depth: float, *, closed: bool = False, blur: float = 1.2) -> None:
        """Add a sheet of bone seen on edge: a soft line."""
        path = curve(self.place(points), closed)
        margin = 4 + int(width + 4 * blur)
        low = np.floor(path.min(axis=0)).astype(int) - margin
        high = np.ceil(path.max(axis=0)).astype(int) + margin
        stroke = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.uint8)
        fixed = np.rint((path - low) * 2**_SUBPIXEL).astype(np.int32)
        cv2.polylines(stroke, [fixed], closed, 255, max(round(width), 1), cv2.LINE_AA, _SUBPIXEL)
        self._add((int(low[0]), int(low[1]), int(high[0]), int(high[1])), stroke * (depth / 255.0), blur)

    def blob(self, centre: tuple[float, float], radii: tuple[float, float], depth: float, turn: float = 0.0) -> None:
        """Add a cloud: a Gaussian of the given radii (one sigma), turned clockwise by `turn` radians."""
        x0, y0 = self.place([centre])[0]
        reach = 3.5 * max(radii)
        left, right = (int(np.clip(x0 + side * reach, 0, self.width)) for side in (-1, 1))
        top, bottom = (int(np.clip(y0 + side * reach, 0, self.height)) for side in (-1, 1))
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        along = (x - x0) * np.cos(turn) + (y - y0) * np.sin(turn)
        across = (y - y0) * np.cos(turn) - (x - x0) * np.sin(turn)
        cloud = depth * np.exp(-0.5 * ((along / radii[0]) ** 2 + (across / radii[1]) ** 2))
        self._add((left, top, right, bottom), cloud, 0.0)

    def mottle(self, points: Points, amount: float, grain: float, *, edge: float = 20.0) -> None:
        """Give an area uneven thickness, as cancellous bone, air cells or vessels do."""
        box, distance = self._inside(points, True)
        self._add(box, amount * np.clip(distance / edge, 0.0, 1.0) * self._noise(box, grain), 0.0)

    def expose(self, *, gain: float = 255.0, contrast: float = 1.0, noise: float = 2.0) -> Map:
        """Develop the film to grey 0..255: scatter, film curve, grain, and SYNTHETIC in the lower left corner."""
        scattered = 0.82 * self.depth + 0.18 * cv2.GaussianBlur(self.depth, (0, 0), self.width / 18)
        light = 1.0 - np.exp(-contrast * np.clip(scattered, 0.0, None))
        fine = self.rng.normal(0.0, noise, light.shape).astype(np.float32)
        coarse = cv2.GaussianBlur(self.rng.normal(0.0, noise * 2.0, light.shape).astype(np.float32), (0, 0), 1.3)
        picture = np.clip(gain * light * 1.02 + (fine + coarse) * (0.4 + light), 0.0, 255.0)
        text = np.zeros((self.height, self.width), dtype=np.uint8)
        size, font = max(self.width, 700) / 1400, cv2.FONT_HERSHEY_SIMPLEX
        (wide, high), _ = cv2.getTextSize(TEXT, font, size, 2)
        picture[self.height - 20 - high : self.height - 8, 6 : 18 + wide] *= 0.15  # legible on bright film too
        cv2.putText(text, TEXT, (12, self.height - 14), font, size, 240, 2, cv2.LINE_AA)
        result: Map = np.maximum(picture, text).astype(np.float32)
        return result

    def _inside(self, points: Points, smooth: bool) -> tuple[tuple[int, int, int, int], Map]:
        """Bounding box (x1, y1, x2, y2) of a shape on the film, and the distance to its outline within."""
        outline = self.place(points)
        outline = curve(outline) if smooth else outline
        low = np.floor(outline.min(axis=0)).astype(int) - 4
        high = np.ceil(outline.max(axis=0)).astype(int) + 5
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), dtype=np.uint8)
        cv2.fillPoly(mask, [np.rint((outline - low) * 2**_SUBPIXEL).astype(np.int32)], 255, cv2.LINE_8, _SUBPIXEL)
        distance = cv2.distanceTransform(mask, cv2.DIST_L2, 5).astype(np.float32)
        return (int(low[0]), int(low[1]), int(high[0]), int(high[1])), distance

    def _noise(self, box: tuple[int, int, int, int], grain: float) -> Map:
        shape = box[3] - box[1], box[2] - box[0]
        noise = cv2.GaussianBlur(self.rng.normal(0.0, 1.0, shape).astype(np.float32), (0, 0), grain)
        result: Map = noise / np.float32(max(float(noise.std()), 1e-6))
        return result

    def _add(self, box: tuple[int, int, int, int], thickness: NDArray[np.floating], soften: float) -> None:
        """Add a patch of thickness where its box overlaps the film."""
        patch = thickness.astype(np.float32)
        if soften > 0:
            patch = cv2.GaussianBlur(patch, (0, 0), soften)
        x1, y1, x2, y2 = max(box[0], 0), max(box[1], 0), min(box[2], self.width), min(box[3], self.height)
        if x1 < x2 and y1 < y2:
            self.depth[y1:y2, x1:x2] += patch[y1 - box[1] : y2 - box[1], x1 - box[0] : x2 - box[0]]
