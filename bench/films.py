"""The labelled films that models are measured on: ceph test1, and the held-out parts of `joint.SETS`.

Nothing here is ever trained on. ceph test1 is only for reporting: no choice may rest on its figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.io import probe
from medsapiens_core.training.coco import read_coco
from medsapiens_core.training.joint import SETS, LandmarkSet, read_set

Array = NDArray[np.float64]
CEPH_TEST1, TEST1 = "ceph test1", "ceph/test1_senior.json"
SENIOR, JUNIOR = "senior", "junior"


@dataclass(frozen=True, eq=False)
class Film:
    """One labelled picture. `readers` names points (K, 2) in image px, NaN where unlabelled; the first is the main one.

    `size` is (width, height); `spacing` is (row, column) mm or None.
    """

    path: Path
    size: tuple[int, int]
    spacing: tuple[float, float] | None
    readers: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class FilmSet:
    """Films of one template, all with the same readers."""

    name: str
    template: Template
    films: tuple[Film, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """Names of the readers, the main one first."""
        return tuple(self.films[0].readers)

    def truth(self, reader: str) -> Array:
        """Points (n, K, 2) of one reader."""
        return np.stack([film.readers[reader] for film in self.films])

    @property
    def spacings(self) -> Array | None:
        """(n, 2) as (row, column) mm, None unless every film has one."""
        known = [film.spacing for film in self.films if film.spacing is not None]
        return np.array(known) if len(known) == len(self.films) else None

    @property
    def diagonals(self) -> Array:
        """Image diagonals (n,) in px."""
        return np.linalg.norm(np.array([film.size for film in self.films], dtype=np.float64), axis=1)


def held_out_name(template_id: str) -> str:
    """Name of the held-out part of a set."""
    return f"{template_id} held out"


def set_names() -> tuple[str, ...]:
    """Names of all sets that can be measured where the data is."""
    return (CEPH_TEST1, *(held_out_name(source.template_id) for source in SETS if source.held_out))


def load_set(data: Path, name: str, limit: int | None = None) -> FilmSet | None:
    """Read the labels of a set, at most `limit` films of it; None when its file is not in `data`.

    Raises UserError for an unknown name or files that do not agree.
    """
    if name == CEPH_TEST1:
        template = find_template("ceph-19")
        return _film_set(name, template, _test1(data, template) if (data / TEST1).is_file() else None, limit)
    for source in SETS:
        if source.held_out and name == held_out_name(source.template_id):
            template = find_template(source.template_id)
            films = _held_out(data, source, template) if (data / source.file).is_file() else None
            return _film_set(name, template, films, limit)
    raise UserError(f"There is no set {name!r}. Known are: {', '.join(set_names())}.")


def _film_set(name: str, template: Template, films: Sequence[Film] | None, limit: int | None) -> FilmSet | None:
    return FilmSet(name, template, tuple(films)[:limit]) if films else None


def _test1(data: Path, template: Template) -> list[Film]:
    items = read_coco(data / TEST1, data / "ceph/images", template)
    spacings = [None if item.spacing is None else (item.spacing.row_mm, item.spacing.col_mm) for item in items]
    other = _second_reader(data / TEST1, template)
    return [
        Film(item.path, (item.width, item.height), spacing, _readers(item.path.name, item.xy_image, other))
        for item, spacing in zip(items, spacings, strict=True)
    ]


def _held_out(data: Path, source: LandmarkSet, template: Template) -> list[Film]:
    """The images that joint training leaves out."""
    other = _second_reader(data / source.file, template)
    return [
        Film(item.path, _size(item.path), item.spacing, _readers(item.path.name, item.xy_image, other))
        for item in read_set(data, source, template)[1]
    ]


def _size(path: Path) -> tuple[int, int]:
    header = probe(path)
    return header.width, header.height


def _second_reader(file: Path, template: Template) -> dict[str, Array] | None:
    """Points by file name of the junior reader of a file that has a senior one; None for one that has not."""
    if not file.stem.endswith(SENIOR):
        return None
    path = file.with_name(file.name.replace(SENIOR, JUNIOR))
    return {item.path.name: item.xy_image for item in read_coco(path, path.parent / "images", template)}


def _readers(name: str, first: Array, other: Mapping[str, Array] | None) -> dict[str, Array]:
    if other is None:
        return {"labels": first}
    return {SENIOR: first, JUNIOR: other[name], "mean of both": (first + other[name]) / 2}
