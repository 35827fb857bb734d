"""A PA chest film of 1000 x 834 pixels at 0.4 mm. `lung1` lies on the left of the film, as in the template."""

from __future__ import annotations

import numpy as np

from medsapiens_core.io.phantom_parts.film import Film, Map
from medsapiens_core.io.phantom_parts.thorax import rib, vessels

WIDTH, HEIGHT = 1000, 834

LANDMARKS = {
    "lung1_apex": (384.0, 92.0), "lung1_lateral_base": (140.0, 716.0), "lung1_medial_base": (404.0, 604.0),
    "lung2_apex": (622.0, 90.0), "lung2_lateral_base": (862.0, 712.0), "lung2_medial_base": (700.0, 622.0),
}  # fmt: skip
_BODY = [
    (320, -60), (356, 10), (300, 50), (160, 84), (20, 150), (-60, 260), (-60, 420), (60, 470), (96, 560), (88, 900),
    (912, 900), (904, 560), (940, 470), (1060, 420), (1060, 260), (980, 150), (840, 84), (700, 50), (644, 10),
    (680, -60),
]  # fmt: skip
_LUNG1 = [
    (384, 92), (322, 108), (262, 164), (206, 268), (166, 400), (146, 540), (138, 640), (140, 716), (172, 668),
    (236, 622), (320, 600), (404, 604), (412, 560), (418, 480), (430, 400), (452, 300), (456, 210), (436, 130),
]  # fmt: skip
_LUNG2 = [
    (622, 90), (566, 128), (546, 210), (548, 290), (570, 360), (604, 430), (654, 510), (690, 574), (700, 622),
    (752, 626), (812, 656), (862, 712), (866, 640), (856, 540), (834, 400), (796, 268), (740, 164), (684, 108),
]  # fmt: skip
_HEART = [
    (452, 300), (430, 400), (416, 500), (420, 580), (470, 640), (600, 650), (690, 620), (686, 570), (650, 500),
    (600, 424), (566, 350), (556, 300), (548, 250), (500, 230),
]  # fmt: skip


def draw_chest(rng: np.random.Generator) -> tuple[Map, dict[str, tuple[float, float]]]:
    """Return the film (834, 1000) float32 grey 0..255 and its 6 landmarks in pixels."""
    film = Film(WIDTH, HEIGHT, rng, 0.9)
    film.depth += 0.06
    film.solid(_BODY, 1.05, 70, soften=3.0)
    film.solid(_LUNG1, -0.74, 26, soften=2.5)
    film.solid(_LUNG2, -0.74, 26, soften=2.5)
    film.solid(_HEART, 0.30, 60, soften=4.0)
    film.blob((500, 780), (420, 90), 0.40)  # upper abdomen
    film.solid(
        [(690, 660), (760, 650), (820, 690), (800, 740), (720, 730)], -0.14, 24, soften=4.0
    )  # gas of the stomach
    _mediastinum(film)
    for hilum, side in (((428, 376), -1.0), ((592, 362), 1.0)):
        vessels(film, hilum, side, 170.0)
        film.blob(hilum, (20, 40), 0.14)
    _ribs(film)
    _shoulders(film)
    picture = film.expose(gain=246, contrast=1.15, noise=1.9)
    placed = film.place(list(LANDMARKS.values()))
    return picture, {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, placed, strict=True)}


def _mediastinum(film: Film) -> None:
    film.solid([(452, -40), (548, -40), (552, 300), (546, 900), (454, 900), (448, 300)], 0.36, 30, soften=4.0)
    film.blob((562, 262), (24, 30), 0.20)  # aortic knob
    film.solid([(486, -40), (514, -40), (514, 230), (500, 262), (486, 230)], -0.24, 9, soften=2.0)  # windpipe
    film.line([(500, 240), (470, 284), (440, 316)], 14, -0.10, blur=4.0)
    film.line([(500, 240), (536, 276), (572, 310)], 14, -0.10, blur=4.0)
    for number in range(17):
        y = 30.0 + 48.0 * number
        film.bone([(462, y - 18), (538, y - 18), (536, y + 17), (464, y + 17)], 0.05, 0.14, 5, smooth=False)


def _ribs(film: Film) -> None:
    for number in range(10):
        t = number / 9
        y = 84.0 + 58.0 * number
        reach = 150.0 + 215.0 * np.sin(0.5 * np.pi * min(1.0, 0.22 + 1.15 * t))
        drop = 30.0 + 92.0 * t
        for side in (-1.0, 1.0):
            wall = (500.0 + side * reach, y + drop)
            front = (500.0 + side * (90 + 140 * t), y + drop + 90 + 40 * t)
            rib(film, ((500.0 + side * 44, y), wall, front), 19.0, 0.20)


def _shoulders(film: Film) -> None:
    for side in (-1.0, 1.0):
        clavicle = [(500 + side * dx, y) for dx, y in ((46, 158), (130, 140), (220, 104), (300, 80), (372, 76))]
        film.line(clavicle, 22, 0.16, blur=3.0)
        for shift in (-10, 10):
            film.line([(x, y + shift) for x, y in clavicle], 2, 0.20, blur=1.4)
        blade = [
            (500 + side * dx, y) for dx, y in ((352, 92), (300, 150), (330, 300), (366, 420), (392, 330), (420, 190))
        ]
        film.bone(blade, 0.10, 0.14, 6)
        film.bone([(500 + side * dx, y) for dx, y in ((420, 120), (470, 110), (500, 150), (484, 210), (560, 420),
                                                       (520, 430), (440, 230))], 0.24, 0.22, 9)  # fmt: skip
