"""The pictures of the fixed packs (ux.md 2.7): one drawn skull, bent into many persons, as the kinds of file asked for.

Landmarks go through the same map as the pixels, so the true places are exact to a few hundredths of a pixel.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from medsapiens_core.io.phantom import KINDS, film_as_dicom, make_phantom
from medsapiens_core.io.phantom_parts.skull import place_landmarks as place_skull
from medsapiens_core.io.phantom_parts.spine import place_landmarks as place_spine

Points = dict[str, tuple[float, float]]
HALF_MM = 0.4  # pixel size of the skull films, which are half as large as the phantom's 968 x 1200
SIZE = (484, 600)
BURNED_IN = ("TEST^PATIENT", "01.02.1970", "ID 4711-22")
CUT_TURN_DEG = 20.0  # the head is tilted so far that Menton, and only Menton, lies below the edge


@dataclass(frozen=True, eq=False)
class Film:
    """Pixels (H, W) uint8 with bone bright, true places in pixels, pixel size (row, column) in mm or None."""

    pixels: np.ndarray
    points: Points
    spacing: tuple[float, float] | None


@functools.cache
def _base() -> Film:
    pixels, _ = make_phantom("skull", 1)
    return Film(cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA), base_points(), (HALF_MM, HALF_MM))


def base_points() -> Points:
    """The landmarks of the drawn skull in the half-size picture."""
    rng = np.random.default_rng([KINDS.index("skull"), 1])
    return {mark: _halved(xy) for mark, xy in place_skull(rng).items()}


def _halved(xy: tuple[float, float]) -> tuple[float, float]:
    """Pixel centres of a picture of half the size."""
    return (xy[0] + 0.5) / 2 - 0.5, (xy[1] + 0.5) / 2 - 0.5


def skull(number: int) -> Film:
    """Skull number 1 to 24, each another person, 484 x 600 pixels at 0.4 mm."""
    return moved(_base(), *_person(number), SIZE)


def skull_points(number: int) -> Points:
    """The landmarks of a skull, without its picture."""
    matrix, offset = _person(number)
    return {mark: tuple((matrix @ xy + offset).tolist()) for mark, xy in base_points().items()}


def _person(number: int) -> tuple[np.ndarray, np.ndarray]:
    """How the drawn skull is turned, stretched and shifted to be another one."""
    rng = np.random.default_rng([24, number])
    turn, scale = np.deg2rad(rng.uniform(-3, 3)), rng.uniform(0.96, 1.03, 2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * scale
    matrix[0, 1] += rng.uniform(-0.03, 0.03)
    centre = np.array(SIZE) / 2
    return matrix, centre - matrix @ centre + rng.uniform(-6, 6, 2)


def moved(film: Film, matrix: np.ndarray, offset: np.ndarray, size: tuple[int, int]) -> Film:
    """The film after x -> matrix x + offset, on a canvas of another size (width, height)."""
    affine = np.hstack([matrix, np.asarray(offset, dtype=np.float64)[:, None]])
    pixels = cv2.warpAffine(film.pixels, affine, size, flags=cv2.INTER_LINEAR, borderValue=4)
    points = {mark: tuple((affine[:, :2] @ xy + affine[:, 2]).tolist()) for mark, xy in film.points.items()}
    return Film(pixels, points, film.spacing)


def unequal_pixels(film: Film) -> Film:
    """The same film with pixels of 0.12 mm (rows) by 0.10 mm (columns)."""
    factor = np.array([HALF_MM / 0.10, HALF_MM / 0.12])
    size = (round(SIZE[0] * factor[0]), round(SIZE[1] * factor[1]))
    return Film(*_parts(moved(film, np.diag(factor), (factor - 1) / 2, size)), (0.12, 0.10))


def cut_off(film: Film) -> Film:
    """Tilted, and cut between Menton and the other landmarks, of which Menton is now the lowest."""
    turn = np.deg2rad(-CUT_TURN_DEG)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array(SIZE) / 2
    tilted = moved(film, matrix, centre - matrix @ centre, SIZE)
    others = max(y for mark, (_, y) in tilted.points.items() if mark != "menton")
    height = int((others + tilted.points["menton"][1]) / 2)
    assert others < height - 1 < tilted.points["menton"][1]
    return Film(tilted.pixels[:height].copy(), tilted.points, tilted.spacing)


def colour_photo(film: Film) -> Film:
    """A photograph of the film: tinted, a little smaller on a grey table, turned by a degree, pixel size unknown."""
    turn = np.deg2rad(1.0)
    matrix = 0.94 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array(SIZE) / 2
    small = moved(film, matrix, centre - matrix @ centre, SIZE)
    tinted = np.clip(small.pixels[..., None] * [0.86, 0.95, 1.0] + [10, 14, 22], 0, 255).astype(np.uint8)
    return Film(tinted, small.points, None)


def burned_in(film: Film) -> Film:
    """With a made-up name, date and number in the upper left corner."""
    pixels = film.pixels.copy()
    for line, text in enumerate(BURNED_IN):
        cv2.putText(pixels, text, (8, 40 + 16 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
    return Film(pixels, film.points, film.spacing)


def write_film(path: Path, film: Film, *, bits: int = 8, negative: bool = False) -> Path:
    """Write as the suffix says: .png and .jpg without a pixel size, .dcm with the film's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".dcm":
        assert film.spacing is not None
        deep = np.rint(film.pixels * ((2**bits - 1) / 255.0)).astype(np.uint8 if bits == 8 else np.uint16)
        path.write_bytes(film_as_dicom(deep, path.stem, film.spacing, bits=bits, negative=negative))
        return path
    buffer = io.BytesIO()
    kind = {".png": ("PNG", {"compress_level": 1}), ".jpg": ("JPEG", {"quality": 92})}[path.suffix]
    PIL.Image.fromarray(film.pixels).save(buffer, kind[0], **kind[1])
    path.write_bytes(buffer.getvalue())
    return path


def spine(seed: int) -> Film:
    """A drawn spine of 420 x 1024 pixels at 0.5 mm, 68 corners."""
    pixels, points = make_phantom("spine", seed)
    return Film(pixels, points, (0.5, 0.5))


def spine_points(seed: int) -> Points:
    """The corners of a spine, without its picture."""
    return place_spine(np.random.default_rng([KINDS.index("spine"), seed]))


LEG_POINTS: Points = {
    "femoral_head": (1560.0, 980.0),
    "greater_trochanter": (1180.0, 1120.0),
    "femoral_condyle_medial": (1700.0, 4700.0),
    "femoral_condyle_lateral": (1300.0, 4720.0),
    "tibial_plateau_medial": (1690.0, 4840.0),
    "tibial_plateau_lateral": (1310.0, 4850.0),
    "ankle": (1480.0, 8350.0),
}


def leg() -> Film:
    """A whole leg on one long film: 3080 columns, 9036 rows, 0.143 mm; bones as thick lines, smooth grey beside."""
    small = np.zeros((9036 // 4, 3080 // 4), dtype=np.uint8)
    cv2.ellipse(small, (375, 1100), (180, 1150), 0, 0, 360, 70, -1)
    hip, knee, ankle = (np.array(LEG_POINTS[mark]) / 4 for mark in ("femoral_head", "femoral_condyle_lateral", "ankle"))
    knee, below = knee + np.array([50, 0]), knee + np.array([50, 30])
    for start, end, width in ((hip, knee, 46), (below, ankle, 40)):
        cv2.line(small, *(tuple(int(v) for v in p) for p in (start, end)), 190, width)
    for mark, radius in (("femoral_head", 34), ("ankle", 30)):
        cv2.circle(small, tuple(int(v / 4) for v in LEG_POINTS[mark]), radius, 210, -1)
    for place in (1175, 1215):
        cv2.ellipse(small, (375, place), (56, 20), 0, 0, 360, 205, -1)
    small = cv2.GaussianBlur(small, (0, 0), 3)
    cv2.putText(small, "SYNTHETIC", (20, small.shape[0] - 30), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 240, 2, cv2.LINE_AA)
    return Film(cv2.resize(small, (3080, 9036), interpolation=cv2.INTER_LINEAR), LEG_POINTS, (0.143, 0.143))


def _parts(film: Film) -> tuple[np.ndarray, Points]:
    return film.pixels, film.points
