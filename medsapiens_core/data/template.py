"""A landmark template: the list of landmarks that a case gets, their order, pairs and lines. Ids never change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

PairRule = Literal["image", "anatomical"]


@dataclass(frozen=True)
class Landmark:
    """One point of a template.

    `id` is stable and equals the keypoint name in exchange files; `pair` is the id of the landmark on the other side
    (None for a landmark of the midline); `tolerance_mm` is the distance that still counts as the same point.
    `hard_when` tells when it is hard to see; `since` is the revision of the template that wrote this definition.
    """

    id: str
    name: str
    abbreviation: str
    definition: str
    pair: str | None = None
    group: str = ""
    tolerance_mm: float = 2.0
    hard_when: str = ""
    absent_allowed: bool = True
    estimated_allowed: bool = True
    since: int = 1


@dataclass(frozen=True)
class Example:
    """The example picture of a template: `picture` is a PNG or JPEG file, `points` are landmark id -> its x, y there.

    Coordinates are pixels of the example, an integer is a pixel's centre.
    """

    picture: bytes
    width: int
    height: int
    points: tuple[tuple[str, float, float], ...] = ()

    def point(self, landmark: str) -> tuple[float, float] | None:
        """Where a landmark lies in the example, None where nobody has shown it."""
        return next(((x, y) for mark, x, y in self.points if mark == landmark), None)


@dataclass(frozen=True)
class Template:
    """A versioned list of landmarks. `lines` are pairs of landmark ids drawn between points.

    `pair_rule` says whose sides left and right are: the image's or the patient's.
    """

    id: str
    version: int
    name: str
    landmarks: tuple[Landmark, ...]
    lines: tuple[tuple[str, str], ...] = ()
    description: str = ""
    pair_rule: PairRule = "image"
    example: Example | None = None

    def __post_init__(self) -> None:
        ids = [landmark.id for landmark in self.landmarks]
        if len(set(ids)) != len(ids):
            raise ValueError(f"template {self.id}: a landmark id occurs twice")
        by_id = {landmark.id: landmark for landmark in self.landmarks}
        for landmark in self.landmarks:
            if landmark.pair is None:
                continue
            other = by_id.get(landmark.pair)
            if other is None or other.pair != landmark.id or other is landmark:
                raise ValueError(f"template {self.id}: {landmark.id} and {landmark.pair} are not a mutual pair")
        for line in self.lines:
            if not set(line) <= set(ids):
                raise ValueError(f"template {self.id}: line {line} names an unknown landmark")

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Landmark ids in template order; every (K, ...) array follows it."""
        return tuple(landmark.id for landmark in self.landmarks)

    @cached_property
    def index(self) -> dict[str, int]:
        """Landmark id -> position."""
        return {landmark_id: position for position, landmark_id in enumerate(self.ids)}

    @cached_property
    def flip_index(self) -> tuple[int, ...]:
        """For each channel the channel that it becomes in a mirrored picture."""
        return tuple(self.index[mark.pair] if mark.pair else k for k, mark in enumerate(self.landmarks))

    def __len__(self) -> int:
        return len(self.landmarks)
