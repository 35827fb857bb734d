"""What chest and spine films share: ribs that run around the chest, lungs full of air, vessels in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.io.phantom_parts.film import Film

Point = tuple[float, float]


def rib(film: Film, course: tuple[Point, Point, Point], width: float, depth: float) -> None:
    """One rib: from the spine over its back arch to the side wall, and on, fainter, to its front end below."""
    (x1, y1), (x2, y2), (x3, y3) = course
    back = [(x1, y1), (x1 + 0.30 * (x2 - x1), y1 - 0.10 * abs(x2 - x1)), (x1 + 0.66 * (x2 - x1), y1 + 0.25 * (y2 - y1)),
            (x1 + 0.92 * (x2 - x1), y1 + 0.66 * (y2 - y1)), (x2, y2)]  # fmt: skip
    fore = [
        (x2, y2),
        (x2 + 0.10 * (x3 - x2), y2 + 0.42 * (y3 - y2)),
        (x2 + 0.5 * (x3 - x2), y2 + 0.84 * (y3 - y2)),
        (x3, y3),
    ]
    for path, share in ((back, 1.0), (fore, 0.72)):
        film.line(path, width, 0.55 * depth * share, blur=width * 0.16)
        for shift in (-0.46, 0.46):
            film.line([(x, y + shift * width) for x, y in path], 2, 0.55 * depth * share, blur=1.4)


def vessels(film: Film, root: Point, towards: float, reach: float) -> None:
    """Branching lung markings that fan out from the hilum `root` to the side `towards` (-1 left, 1 right on film)."""
    for angle in np.linspace(-1.15, 1.2, 9) + film.rng.normal(0.0, 0.06, 9):
        heading = angle if towards > 0 else np.pi - angle
        _branch(film, np.array(root), heading, reach * film.rng.uniform(0.5, 0.8), 3)


def _branch(film: Film, start: NDArray[np.float64], angle: float, length: float, level: int) -> None:
    middle = start + 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
    bent = angle + film.rng.normal(0.0, 0.15)
    end = middle + 0.5 * length * np.array([np.cos(bent), np.sin(bent)])
    film.line(np.array([start, middle, end]), 1 + level, 0.035 * level, blur=1.2 + 0.5 * level)
    if level > 1:
        for turn in (-0.45, 0.40):
            _branch(film, end if turn > 0 else middle, bent + turn, length * 0.62, level - 1)
