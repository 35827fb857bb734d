"""Which shape a case is filled from: that of the project's own reviewed cases, or one that comes with the template."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.resources import resource_path
from medsapiens_core.shape.model import Floats, ShapeModel, learn_shape

ENOUGH_OWN = 30  # reviewed cases from which the project's own shape is better than one of other films
NOMINAL = 250.0  # a film's diagonal where its spacing is unknown, so that lengths stay of the order of millimetres


class Labelled(Protocol):
    """A case with points (K, 2) in image pixels, its size (columns, rows) and its spacing."""

    @property
    def xy_image(self) -> Floats:
        """(K, 2) image pixels, NaN where absent."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""

    @property
    def spacing(self) -> Spacing | None:
        """Millimetres a pixel, None where unknown."""


@dataclass(frozen=True, eq=False)
class ShapeSource:
    """A shape, whether its unit is millimetres (else parts of the film's diagonal), and what it was made from."""

    shape: ShapeModel
    is_mm: bool
    text: str

    def scale(self, spacing: Spacing | None, size: tuple[int, int]) -> tuple[Floats, bool]:
        """Factors (2,) from image pixels (x, y) to the shape's unit, and whether the size is only guessed."""
        if self.is_mm:
            return (_pixel(spacing), False) if spacing is not None else (np.ones(2), True)
        return share_scale(spacing, size), False


def share_scale(spacing: Spacing | None, size: tuple[int, int]) -> Floats:
    """Factors (2,) from image pixels to parts of the diagonal; the shape of the pixels is kept."""
    pixel = np.ones(2) if spacing is None else _pixel(spacing)
    return pixel * NOMINAL / float(np.hypot(*(pixel * np.array(size))))


def source_from_cases(cases: Sequence[Labelled]) -> ShapeSource | None:
    """The shape of reviewed cases; in millimetres when all have a spacing. None without a case of two points."""
    usable = [case for case in cases if np.isfinite(case.xy_image).all(axis=1).sum() >= 2]
    if not usable:
        return None
    is_mm = all(case.spacing is not None for case in usable)
    points = [
        case.xy_image * (_pixel(case.spacing) if is_mm and case.spacing else share_scale(case.spacing, case.size))
        for case in usable
    ]
    count = len(usable)
    text = "1 reviewed case" if count == 1 else f"{count} reviewed cases"
    return ShapeSource(learn_shape(points), is_mm, text)


def shipped_source(template: Template) -> ShapeSource | None:
    """The shape that comes with a template, if one does and its landmarks are the same."""
    path = resource_path("shapes", f"{template.id}.json")
    if not path.is_file():
        return None
    value = json.loads(path.read_text(encoding="utf-8"))
    if tuple(value["landmarks"]) != template.ids:
        return None
    return ShapeSource(ShapeModel.from_json(value), True, "the shape that comes with the template")


def choose_source(template: Template, cases: Sequence[Labelled]) -> ShapeSource | None:
    """The project's own shape from 30 cases on, before that the template's, else what few cases give; None for none."""
    if len(cases) >= ENOUGH_OWN:
        return source_from_cases(cases)
    return shipped_source(template) or source_from_cases(cases)


def _pixel(spacing: Spacing) -> Floats:
    return np.array([spacing.col_mm, spacing.row_mm])
