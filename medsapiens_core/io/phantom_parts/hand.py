"""A film of a left hand, back to front, 780 x 1000 pixels at 0.25 mm: five rays, eight wrist bones, radius and ulna."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.io.phantom_parts.film import Film, Map

WIDTH, HEIGHT = 780, 1000

# Ray: base of the metacarpal, then the joints as the template counts them, the last one the tip of the finger.
_RAYS = {
    "thumb": [(492, 730), (596, 588), (652, 486), (698, 402)],
    "forefinger": [(430, 668), (494, 442), (532, 290), (558, 196), (580, 124)],
    "middle_finger": [(380, 666), (404, 428), (402, 256), (402, 146), (400, 66)],
    "ring_finger": [(334, 676), (322, 456), (284, 296), (262, 190), (244, 112)],
    "pinky_finger": [(294, 694), (248, 496), (188, 388), (152, 320), (118, 254)],
}  # fmt: skip
_HALF = {"thumb": 24.0, "forefinger": 23.0, "middle_finger": 23.5, "ring_finger": 21.0, "pinky_finger": 18.0}
WRIST = (360.0, 826.0)

_PALM = [
    (262, 1060), (272, 880), (252, 780), (216, 640), (196, 520), (226, 452), (300, 410), (400, 384), (500, 396),
    (536, 452), (556, 540), (600, 580), (640, 600), (604, 690), (530, 770), (488, 850), (486, 930), (506, 1060),
]  # fmt: skip
_CARPALS = [
    ((322, 794), (30, 27)), ((374, 800), (34, 25)), ((424, 786), (36, 28)), ((296, 758), (26, 24)),
    ((330, 736), (30, 34)), ((384, 728), (32, 42)), ((432, 730), (25, 25)), ((470, 752), (29, 28)),
]  # fmt: skip
_RADIUS = [
    (352, 838), (400, 842), (448, 826), (462, 812), (472, 838), (462, 884), (452, 960), (450, 1060), (372, 1060),
    (370, 960), (356, 890), (344, 852),
]  # fmt: skip
_ULNA = [
    (284, 826), (292, 818), (306, 838), (336, 842), (340, 866), (332, 900), (334, 1060), (280, 1060), (288, 940),
    (280, 880),
]  # fmt: skip


def draw_hand(rng: np.random.Generator) -> tuple[Map, dict[str, tuple[float, float]]]:
    """Return the film (1000, 780) float32 grey 0..255 and its 21 landmarks in pixels."""
    film = Film(WIDTH, HEIGHT, rng, 1.3)
    film.depth += 0.05
    fingers = [_flesh(joints, _HALF[name]) for name, joints in _RAYS.items()]
    film.union([_PALM, *fingers], 0.46, 44, soften=2.0)
    film.blob((540, 640), (60, 70), 0.10)  # ball of the thumb
    for name, joints in _RAYS.items():
        _ray(film, joints, _HALF[name], name == "thumb")
    for centre, radii in _CARPALS:
        film.bone(_oval(centre, radii, rng), 0.36, 0.30, 5)
    film.bone(_RADIUS, 0.44, 0.36, 8)
    film.bone(_ULNA, 0.38, 0.34, 7)
    film.blob((574, 548), (7, 6), 0.22)  # sesamoid
    picture = film.expose(gain=262, contrast=1.1, noise=2.4)
    names, points = zip(*_landmarks(), strict=True)
    placed = film.place(points)
    return picture, {name: (float(x), float(y)) for name, (x, y) in zip(names, placed, strict=True)}


def _landmarks() -> list[tuple[str, tuple[float, float]]]:
    found = [("wrist", WRIST)]
    for name, joints in _RAYS.items():
        counted = joints if name == "thumb" else joints[1:]
        found += [(f"{name}{number + 1}", (float(x), float(y))) for number, (x, y) in enumerate(counted)]
    return found


def _flesh(joints: list[tuple[int, int]], half: float) -> NDArray[np.float64]:
    path = np.array(joints[1:], dtype=np.float64)
    along = path[-1] - path[-2]
    path[-1] = path[-1] + along / np.hypot(*along) * half * 0.55
    side = _normals(path)
    widths = half * np.linspace(1.75, 1.25, len(path))[:, None]
    return np.vstack([path - side * widths, (path + side * widths)[::-1]])


def _ray(film: Film, joints: list[tuple[int, int]], half: float, thumb: bool) -> None:
    points = [np.asarray(joint, dtype=np.float64) for joint in joints]
    for number, (near, far) in enumerate(pairwise(points)):
        last = number == len(points) - 2
        size = half * (1.05 if number == 0 else 1.0 - 0.13 * (number - (0 if thumb else 1)))
        _long_bone(film, near, far, size * (0.8 if last else 1.0), last)


def _long_bone(film: Film, near: NDArray[np.float64], far: NDArray[np.float64], half: float, tip: bool) -> None:
    """A tubular bone from joint to joint with a wide base, a waist and a rounded head (or the tuft of a fingertip)."""
    axis = (far - near) / np.hypot(*(far - near))
    side = np.array([-axis[1], axis[0]])
    length = float(np.hypot(*(far - near)))
    start, end = 7.0, length - (2.0 if tip else 6.0)
    profile = [(0.0, 0.70), (0.04, 1.0), (0.14, 0.90), (0.38, 0.58), (0.62, 0.54), (0.84, 0.74 if not tip else 0.52),
               (0.95, 0.80 if not tip else 0.60), (1.0, 0.50)]  # fmt: skip
    left = [near + axis * (start + t * (end - start)) - side * w * half for t, w in profile]
    right = [near + axis * (start + t * (end - start)) + side * w * half for t, w in reversed(profile)]
    film.bone(np.array(left + right), 0.42, 0.50, max(half * 0.26, 3.0))


def _normals(path: NDArray[np.float64]) -> NDArray[np.float64]:
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)


def _oval(centre: tuple[float, float], radii: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float64]:
    angles = np.linspace(0.0, 2 * np.pi, 9)[:-1]
    wobble = 1.0 + rng.normal(0.0, 0.06, 8)
    return np.stack([centre[0] + radii[0] * wobble * np.cos(angles), centre[1] + radii[1] * wobble * np.sin(angles)], 1)
