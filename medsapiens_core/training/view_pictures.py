"""Pictures that teach how a film lies and what it shows: films laid in every way, and things that are no film of ours.

The latter are torn and shuffled films, close-ups, noise, and the CT, MR and ultrasound images of pydicom.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.errors import UserError
from medsapiens_core.geometry import udp_affine
from medsapiens_core.inference.preprocess import normalise, to_grey, warp
from medsapiens_core.inference.view import View
from medsapiens_core.io.phantom import TEMPLATES, make_phantom
from medsapiens_core.io.read import read_image
from medsapiens_core.io.samples import CHEST_FILM, chest_film_path
from medsapiens_core.models.compact import Anatomy
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.view_head import VIEW_CLASSES, VIEW_SIZE
from medsapiens_core.training.augment import AugmentRange, random_grey
from medsapiens_core.training.dataset import LandmarkDataset

Grey = NDArray[np.float32]
SIDE = 512  # films are reduced to this before they are laid and shown
GREYS = AugmentRange(invert=0.0)  # inverting is one of the things to be told
OTHERS_SHARE = 0.2
PHANTOM_SEEDS = range(100, 104)  # others than those of the sample films


@dataclass(frozen=True, eq=False)
class Shown:
    """One picture as the head sees it: `pixels` (3, h, w), its view, and the number of its anatomy (last: none)."""

    pixels: NDArray[np.float32]
    view: View
    anatomy: int


class ViewPictures:
    """Random pictures of films that lie anyhow, and of other things."""

    def __init__(
        self,
        films: Mapping[str, LandmarkDataset],
        others: Sequence[Grey],
        anatomies: Sequence[Anatomy],
        config: ModelConfig,
        *,
        phantom_seeds: Sequence[int] = (),
    ) -> None:
        self.anatomies, self.config, self.others = anatomies, config, others
        groups = [[films[template] for template in anatomy.templates if template in films] for anatomy in anatomies]
        self._films = [
            [reduced(part.cached(k)[0]) for part in group for k in range(len(part))] + phantoms(anatomy, phantom_seeds)
            for anatomy, group in zip(anatomies, groups, strict=True)
        ]

    def draw(self, rng: np.random.Generator) -> Shown:
        """One picture; every anatomy as often as any other."""
        if rng.random() < OTHERS_SHARE:
            return self._show(self._other(rng), View(), len(self.anatomies), rng)
        anatomy = int(rng.integers(len(self.anatomies)))
        film = self._films[anatomy][int(rng.integers(len(self._films[anatomy])))]
        # Half of the films lie as they should: that is what most users bring.
        index = 0 if rng.random() < 0.5 else int(rng.integers(VIEW_CLASSES))
        return self._show(film, View.from_class(index, inverted=bool(rng.random() < 0.3)), anatomy, rng)

    def _show(self, film: Grey, view: View, anatomy: int, rng: np.random.Generator) -> Shown:
        film = random_grey(film, GREYS, rng)
        if rng.random() < 0.2:
            film = with_border(film, rng)
        laid = view.lay(film)
        affine = udp_affine(
            (laid.shape[1], laid.shape[0]),
            VIEW_SIZE,
            rotation=float(np.deg2rad(np.clip(rng.normal(0, 7), -20, 20))),
            scale=float(np.exp(rng.uniform(np.log(0.85), np.log(1.25)))),
            shift=(rng.uniform(-0.06, 0.06), rng.uniform(-0.06, 0.06)),
        )
        return Shown(normalise(warp(laid, affine, VIEW_SIZE), self.config), view, anatomy)

    def _other(self, rng: np.random.Generator) -> Grey:
        if self.others and rng.random() < 0.4:
            return self.others[int(rng.integers(len(self.others)))]
        anatomy = self._films[int(rng.integers(len(self._films)))]
        return spoilt(anatomy[int(rng.integers(len(anatomy)))], rng)


def reduced(grey: NDArray[np.uint8]) -> Grey:
    """A picture of at most `SIDE` pixels, float32 on 0..255."""
    factor = min(1.0, SIDE / max(grey.shape))
    size = max(2, round(grey.shape[1] * factor)), max(2, round(grey.shape[0] * factor))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def phantoms(anatomy: Anatomy, seeds: Sequence[int]) -> list[Grey]:
    """Our own synthetic films of an anatomy: the samples must be known, too."""
    kinds = [kind for kind, template in TEMPLATES.items() if template in anatomy.templates]
    return [reduced(make_phantom(kind, seed)[0]) for kind in kinds for seed in seeds]


def with_border(film: Grey, rng: np.random.Generator) -> Grey:
    """A film inside a larger picture, as photographed: even surroundings of any grey."""
    height, width = film.shape
    wide, high = int(width * rng.uniform(1.05, 1.7)), int(height * rng.uniform(1.05, 1.7))
    picture = np.full((high, wide), rng.uniform(0, 255), dtype=np.float32)
    top, left = int(rng.integers(0, high - height + 1)), int(rng.integers(0, wide - width + 1))
    picture[top : top + height, left : left + width] = film
    return picture


def spoilt(film: Grey, rng: np.random.Generator) -> Grey:
    """Something that is no film of any template: shuffled pieces, a close-up, noise or an even grey."""
    height, width = film.shape
    kind = rng.random()
    if kind < 0.4:
        rows, columns = (np.array_split(np.arange(n), int(rng.integers(3, 6))) for n in (height, width))
        order_r, order_c = rng.permutation(len(rows)), rng.permutation(len(columns))
        return np.ascontiguousarray(
            film[np.concatenate([rows[k] for k in order_r])][:, np.concatenate([columns[k] for k in order_c])]
        )
    if kind < 0.75:
        part = rng.uniform(0.1, 0.25)
        h, w = max(8, int(height * part)), max(8, int(width * part))
        top, left = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
        return np.asarray(cv2.resize(film[top : top + h, left : left + w], (width, height)), dtype=np.float32)
    coarse = rng.uniform(0, 255, (int(rng.integers(1, 40)), int(rng.integers(1, 40)))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def strange_pictures(config: ModelConfig) -> tuple[list[Grey], list[Grey]]:
    """Images that come with pydicom-data, reduced: (to learn from, kept apart) by file name; without the sample film.

    Raises EnvironmentProblemError when the package is not installed.
    """
    parts: tuple[list[Grey], list[Grey]] = ([], [])
    for path in sorted(chest_film_path().parent.glob("*.dcm")):
        if path.name == CHEST_FILM or path.name.startswith(CHEST_FILM[:3]):
            continue
        try:
            grey = to_grey(read_image(path), config.grey)
        except UserError:
            continue
        parts[zlib.crc32(path.name.encode()) % 2].append(reduced(np.rint(grey).astype(np.uint8)))
    return parts
