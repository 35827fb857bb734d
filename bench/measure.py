"""Ask a contestant for the points of every film of a set, changed in a known way, and map them back."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.contestants import Contestant
from bench.films import Film, FilmSet
from bench.jsonl import append_row, read_rows
from bench.variants import Variant
from medsapiens_core.data.image import Image
from medsapiens_core.data.template import Template
from medsapiens_core.inference.read_ahead import read_ahead
from medsapiens_core.io import read_image

Key = tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """Points (n, K, 2) in px of the unchanged films, NaN where not found, and which films are flagged (n,)."""

    points: NDArray[np.float64]
    flagged: NDArray[np.bool_]


@dataclass
class Memory:
    """Points that were placed before, by the same weights and the same program; a file keeps them if one is named."""

    file: Path | None = None
    rows: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is not None:
            self.rows |= {tuple(row["key"]): row for row in read_rows(self.file)}

    def add(self, key: Key, points: NDArray[np.float64], flagged: bool) -> None:
        """Keep one film's points."""
        row = {"key": list(key), "points": points.tolist(), "flagged": flagged}
        self.rows[key] = row
        if self.file is not None:
            append_row(self.file, row)


def place_all(contestant: Contestant, films: FilmSet, template: Template, variant: Variant, memory: Memory) -> Placed:
    """Points of `template` on every film. It may be another than the set's, to see what is said of a wrong film."""
    keys = [_key(contestant, film, template, variant) for film in films.films]
    missing = [k for k, key in enumerate(keys) if key not in memory.rows]

    def read(position: int) -> Image:
        return variant.make(read_image(films.films[position].path))

    for position, image in zip(missing, read_ahead(read, missing), strict=True):
        placement = contestant.place(image, template)
        back = variant.to_variant(films.films[position].size).inverse()
        memory.add(keys[position], back.apply(placement.xy_image), placement.flagged)
        _tell(contestant, films, template, variant, position)
    rows = [memory.rows[key] for key in keys]
    points = np.array([row["points"] for row in rows], dtype=np.float64)
    return Placed(points, np.array([row["flagged"] for row in rows], dtype=bool))


def _key(contestant: Contestant, film: Film, template: Template, variant: Variant) -> Key:
    place = f"{film.path.parent.parent.name}/{film.path.name}"
    return contestant.id, contestant.code, template.id, variant.name, place


def _tell(contestant: Contestant, films: FilmSet, template: Template, variant: Variant, position: int) -> None:
    if (position + 1) % 25 == 0:
        what = f"{contestant.name}, {template.id} on {films.name}, {variant.name}"
        print(f"{what}: {position + 1} of {len(films.films)}", file=sys.stderr, flush=True)
