"""What may be wrong with the landmarks of one case, one line each with the numbers (ux.md 6.3): W1 to W5.

No warning does not mean that all is well: small errors are not caught.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.guidance.order_checks import Exchanged, find_exchanged, misfit
from medsapiens_core.guidance.shape_limits import Floats, ShapeLimits, find_strays

EDGE_PX = 1.0  # nearer than this to the outermost pixel centre is at the edge
SAME_PX = 1.0  # two landmarks nearer than this are on one point
WHY = {
    "W1": "The usual shape was learned from {source}. Given the other landmarks it says where this one should be; in "
    "98 % of those cases it was nearer than the limit. Unusual anatomy can lie outside it too. Look, then confirm or "
    "correct. That there is no warning does not mean that a point is right: small errors are not caught.",
    "W2": "Laid onto the usual shape, these two fit clearly better with their places exchanged. Swap exchanges them as "
    " one step that can be undone.",
    "W3": "These two belong to opposite sides and seem to be on each other's. Swap exchanges them as one step that can "
    "be undone.",
    "W4": "Two landmarks lie on the same point. One of them was probably placed under the other's name.",
    "W5": "The landmark lies at the border of the picture or beyond it. If it is cut off, mark it absent (X).",
}


@dataclass(frozen=True)
class Warning:
    """One line. `key` names it for dismissing; `landmarks` are those concerned, `swap` two that can be exchanged."""

    key: str
    code: str
    landmarks: tuple[str, ...]
    text: str
    why: str
    swap: tuple[str, str] | None = None


@dataclass(frozen=True)
class Usual:
    """What is known of the usual shape: limits from reviewed cases, or at least mean shapes (K, 2) of any unit."""

    limits: ShapeLimits | None = None
    means: tuple[Floats, ...] = ()

    def mean_for(self, points: Floats) -> Floats | None:
        """The usual shape that these points (K, 2) are nearest to: of reviewed cases, else of the model's films."""
        means = self.means if self.limits is None else (self.limits.mean_points,)
        return min(means, key=lambda mean: misfit(points, mean), default=None)


def find_warnings(
    annotation: Annotation, template: Template, size: tuple[int, int], spacing: Spacing | None, usual: Usual
) -> list[Warning]:
    """Every warning of a case, most telling first. `size` is (columns, rows) of the picture."""
    cell = np.ones(2) if spacing is None else np.array([spacing.col_mm, spacing.row_mm])
    points = annotation.xy_image * cell
    mean = usual.mean_for(points)
    exchanged = [] if mean is None else find_exchanged(points, mean)
    found = [_exchange(template, pair) for pair in exchanged]
    explained = {mark for warning in found for mark in warning.landmarks}
    found += [w for w in _strays(template, points, spacing, usual.limits) if w.landmarks[0] not in explained]
    return [*found, *_duplicates(annotation, template), *_at_the_edge(annotation, template, size)]


def by_landmark(warnings: Iterable[Warning]) -> dict[str, list[Warning]]:
    """The warnings of each landmark that has any."""
    result: dict[str, list[Warning]] = {}
    for warning in warnings:
        for mark in warning.landmarks:
            result.setdefault(mark, []).append(warning)
    return result


def _exchange(template: Template, pair: Exchanged) -> Warning:
    first, second = sorted((template.landmarks[pair.first], template.landmarks[pair.second]), key=lambda m: m.name)
    if first.pair == second.id:
        text = f"{first.name} and {second.name} are on each other's side"
        return _pair_warning("W3", (first.id, second.id), text)
    return _pair_warning("W2", (first.id, second.id), f"{first.name} and {_lower(second.name)} may be swapped")


def _pair_warning(code: str, marks: tuple[str, str], text: str) -> Warning:
    return Warning(f"{code} {marks[0]} {marks[1]}", code, marks, text, WHY[code], marks)


def _strays(template: Template, points: Floats, spacing: Spacing | None, limits: ShapeLimits | None) -> list[Warning]:
    if limits is None or limits.landmarks != template.ids or (limits.unit == "mm" and spacing is None):
        return []
    unit, factor = ("mm", 1.0) if limits.unit == "mm" else ("% of the shape's size", 100.0)
    result = []
    for stray in find_strays(points, limits):
        mark = template.landmarks[stray.position]
        text = (
            f"{mark.name} lies {stray.distance * factor:.1f} {unit} from where the other {stray.others} suggest "
            f"(usual limit {stray.limit * factor:.1f})"
        )
        why = WHY["W1"].format(source=limits.source)
        result.append(Warning(f"W1 {mark.id}", "W1", (mark.id,), text, why))
    return result


def _duplicates(annotation: Annotation, template: Template) -> list[Warning]:
    points = annotation.xy_image
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.argwhere(np.triu(np.nan_to_num(distance, nan=np.inf) < SAME_PX, 1))
    result = []
    for i, j in near.tolist():
        first, second = template.landmarks[i], template.landmarks[j]
        text = f"{first.name} and {second.name} lie on the same point."
        result.append(Warning(f"W4 {first.id} {second.id}", "W4", (first.id, second.id), text, WHY["W4"]))
    return result


def _at_the_edge(annotation: Annotation, template: Template, size: tuple[int, int]) -> list[Warning]:
    result = []
    for mark, (x, y) in zip(template.landmarks, annotation.xy_image.tolist(), strict=True):
        outside = _outside((x, y), size)
        if outside is not None:
            where = "outside the picture" if outside else "at the edge of the picture"
            result.append(Warning(f"W5 {mark.id}", "W5", (mark.id,), f"{mark.name} lies {where}", WHY["W5"]))
    return result


def _outside(xy: Sequence[float], size: tuple[int, int]) -> bool | None:
    """True beyond the outermost pixel centres by more than half a pixel, False within 1 px of them, else None."""
    if not np.isfinite(xy).all():
        return None
    inside = min(min(v, last - v) for v, last in zip(xy, (size[0] - 1, size[1] - 1), strict=True))
    return None if inside >= EDGE_PX else inside < -0.5


def _lower(name: str) -> str:
    """A name inside a sentence: "Upper incisor tip" -> "upper incisor tip", but "ANS" stays."""
    return name[0].lower() + name[1:] if name[1:2].islower() else name
