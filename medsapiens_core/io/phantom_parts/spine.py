"""An AP film of the thoracic and lumbar spine, 420 x 1024 pixels, with a side curve; 17 vertebrae, 4 corners each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.io.phantom_parts.film import Film, Map
from medsapiens_core.io.phantom_parts.thorax import rib

WIDTH, HEIGHT = 420, 1024
COUNT = 17
_CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")


def draw_spine(rng: np.random.Generator) -> tuple[Map, dict[str, tuple[float, float]]]:
    """Return the film (1024, 420) float32 grey 0..255 and its 68 landmarks in pixels."""
    film = Film(WIDTH, HEIGHT, rng, 0.5)
    bodies = _vertebrae(rng)
    _trunk(film)
    for corners in bodies[:12]:
        _rib_pair(film, corners)
    for number, corners in enumerate(bodies):
        _vertebra(film, corners, number)
    _pelvis(film, bodies[-1])
    picture = film.expose(gain=240, contrast=1.0, noise=2.4)
    return picture, _placed(film, bodies)


def place_landmarks(rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """The landmarks of the film that `draw_spine` would draw, without drawing it."""
    return _placed(Film(WIDTH, HEIGHT, rng, 0.5), _vertebrae(rng))


def _placed(film: Film, bodies: list[NDArray[np.float64]]) -> dict[str, tuple[float, float]]:
    names = [f"v{number + 1:02d}_{corner}" for number in range(COUNT) for corner in _CORNERS]
    placed = film.place(np.vstack([np.array(corners) for corners in bodies]))
    return {name: (float(x), float(y)) for name, (x, y) in zip(names, placed, strict=True)}


def _vertebrae(rng: np.random.Generator) -> list[NDArray[np.float64]]:
    """Corners (4, 2) of each body: top left, top right, bottom left, bottom right."""
    heights = np.linspace(26.0, 48.0, COUNT)
    gaps = np.linspace(9.0, 16.0, COUNT)
    halves = np.concatenate([np.linspace(32.0, 29.0, 5), np.linspace(30.0, 40.0, COUNT - 5)])
    bend = rng.uniform(14.0, 40.0) * rng.choice([-1.0, 1.0])
    bodies, y = [], 42.0
    for height, gap, half in zip(heights, gaps, halves, strict=True):
        middle = y + height / 2
        t = middle / HEIGHT
        x = 208.0 - bend * np.sin(2.3 * np.pi * (t - 0.08)) * np.sin(np.pi * t)
        slope = np.arctan(-bend / HEIGHT * 2.3 * np.pi * np.cos(2.3 * np.pi * (t - 0.08)) * np.sin(np.pi * t))
        along = np.array([np.sin(slope), np.cos(slope)]) * height / 2
        across = np.array([np.cos(slope), -np.sin(slope)]) * half
        centre = np.array([x, middle])
        bodies.append(np.array([centre - along - across, centre - along + across,
                                centre + along - across, centre + along + across]))  # fmt: skip
        y += height + gap
    return bodies


def _trunk(film: Film) -> None:
    film.depth += 0.10
    film.solid([(150, -60), (270, -60), (300, 40), (480, 90), (480, 1100), (-60, 1100), (-60, 90), (120, 40)], 0.75, 80)
    film.solid([(150, 60), (60, 110), (0, 240), (-30, 420), (-20, 470), (60, 430), (130, 440), (160, 300), (170, 140)],
               -0.55, 40, soften=4.0)  # fmt: skip
    film.solid([(268, 60), (360, 110), (424, 240), (450, 430), (400, 460), (330, 440), (310, 380), (256, 290),
                (250, 140)], -0.55, 40, soften=4.0)  # fmt: skip
    film.solid([(180, 260), (260, 260), (330, 380), (330, 450), (200, 460)], 0.22, 40, soften=8.0)  # heart
    film.blob((210, 620), (180, 130), 0.20)
    for centre, size in (((70, 760), 26), ((330, 720), 30), ((110, 850), 22), ((350, 880), 26)):
        film.blob(centre, (size, size * 0.8), -0.14)  # gas in the bowel
    film.solid([(180, -40), (240, -40), (250, 500), (262, 1100), (160, 1100), (166, 500)], 0.20, 46, soften=8.0)


def _vertebra(film: Film, corners: NDArray[np.float64], number: int) -> None:
    top_left, top_right, bottom_left, bottom_right = corners
    waist = 0.06 * (top_right - top_left)
    left, right = (top_left + bottom_left) / 2 + waist, (top_right + bottom_right) / 2 - waist
    outline = np.array([top_left, (top_left + top_right) / 2, top_right, right, bottom_right,
                        (bottom_left + bottom_right) / 2, bottom_left, left])  # fmt: skip
    film.bone(outline, 0.20, 0.26, 5, smooth=False)
    film.line(np.array([top_left, top_right]), 3, 0.22, blur=1.3)
    film.line(np.array([bottom_left, bottom_right]), 3, 0.22, blur=1.3)
    centre, half = corners.mean(axis=0), float(np.hypot(*(top_right - top_left))) / 2
    for side in (-1.0, 1.0):
        x, y = centre[0] + side * half * 0.62, centre[1] - 3
        ring = [(x + 5 * np.cos(a), y + 8 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 9)[:-1]]
        film.line(ring, 2, 0.22, closed=True, blur=1.1)  # pedicle
        reach = half * (1.5 if number < 12 else 1.9)
        film.line([(centre[0] + side * half, y), (centre[0] + side * reach, y - 5)], 9, 0.12, blur=2.5)
    process = np.array([(-5.0, -4.0), (5.0, -4.0), (6.0, 16.0), (-6.0, 16.0)])
    film.solid(centre + process, 0.16, 5)


def _rib_pair(film: Film, corners: NDArray[np.float64]) -> None:
    (left, right), y = (corners[0], corners[1]), float(corners[:2, 1].mean())
    reach = 150.0 + 40.0 * np.sin(np.pi * min(y / 560.0, 1.0))
    for x, side in ((float(left[0]), -1.0), (float(right[0]), 1.0)):
        wall = (x + side * reach, y + 46.0)
        rib(film, ((x + side * 4, y), wall, (x + side * 90.0, y + 130.0)), 11.0, 0.16)


def _pelvis(film: Film, last: NDArray[np.float64]) -> None:
    x, y = last[2:].mean(axis=0)
    film.bone([(x - 52, y + 12), (x + 52, y + 12), (x + 40, y + 90), (x - 40, y + 90)], 0.24, 0.18, 8)
    for side in (-1.0, 1.0):
        wing = [
            (x + side * dx, y + dy)
            for dx, dy in ((50, 40), (70, -20), (130, -62), (190, -50), (240, 30), (240, 120), (60, 120))
        ]
        film.bone(wing, 0.26, 0.26, 9)
