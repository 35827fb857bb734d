"""The frozen list of reviewed cases that one training and its comparison use. Later edits do not enter."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import Place
from medsapiens_core.data.image import Spacing

FORMAT = "mssnapshot/1"
Part = Literal["train", "val", "locked"]


@dataclass(frozen=True)
class SnapshotLandmark:
    """One landmark. `x`, `y` in image pixels, None without a position; `weight` 0 leaves it out of training."""

    id: str
    place: Place
    x: float | None
    y: float | None
    weight: float


@dataclass(frozen=True)
class SnapshotItem:
    """One reviewed picture; `landmarks` in template order, `state_hash` of the exact revision that was reviewed."""

    case_id: int
    path: Path
    image_sha256: str
    frame: int
    axis: int | None
    width: int
    height: int
    spacing: Spacing | None
    patient_group: int
    part: Part
    landmarks: tuple[SnapshotLandmark, ...]
    revision: int
    state_hash: str

    @property
    def xy_image(self) -> NDArray[np.float64]:
        """(K, 2) image pixels, NaN without a position."""
        points = [(np.nan, np.nan) if m.x is None or m.y is None else (m.x, m.y) for m in self.landmarks]
        return np.array(points, dtype=np.float64).reshape(-1, 2)

    @property
    def weights(self) -> NDArray[np.float64]:
        """(K,) training weights: 1 decided, 0.5 estimated or confirmed in bulk, 0 absent (ux.md 8.2)."""
        return np.array([mark.weight for mark in self.landmarks], dtype=np.float64)


@dataclass(frozen=True)
class SkippedCase:
    """A reviewed case that was left out because its picture is "missing" or "changed"."""

    case_id: int
    reason: str


@dataclass(frozen=True)
class TrainingSnapshot:
    """`sha256` covers the template and every item but where the files lie."""

    id: str
    template_id: str
    template_version: int
    utc: str
    items: tuple[SnapshotItem, ...]
    sha256: str
    skipped: tuple[SkippedCase, ...] = ()

    @classmethod
    def of(
        cls,
        id: str,
        template_id: str,
        template_version: int,
        utc: str,
        *,
        items: tuple[SnapshotItem, ...],
        skipped: tuple[SkippedCase, ...] = (),
    ) -> TrainingSnapshot:
        """A snapshot with its hash computed."""
        return cls(id, template_id, template_version, utc, items, _hash(template_id, template_version, items), skipped)

    def part(self, part: Part) -> tuple[SnapshotItem, ...]:
        """The items of one part."""
        return tuple(item for item in self.items if item.part == part)

    @property
    def locked_sha256(self) -> str:
        """Hash of the locked test set: pictures, revisions and spacing. Figures are comparable only within one."""
        said = [
            [i.case_id, i.patient_group, i.image_sha256, i.frame, i.axis, *_spacing_mm(i), i.state_hash]
            for i in sorted(self.part("locked"), key=lambda item: item.case_id)
        ]
        return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """A JSON object of format `mssnapshot/1`."""
        return {
            "format": FORMAT,
            "id": self.id,
            "template_id": self.template_id,
            "template_version": self.template_version,
            "utc": self.utc,
            "sha256": self.sha256,
            "items": [{**_said(item), "path": item.path.as_posix()} for item in self.items],
            "skipped": [asdict(case) for case in self.skipped],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TrainingSnapshot:
        """The inverse of `to_json`. Raises ValueError for another format or when the hash does not fit."""
        if value.get("format") != FORMAT:
            raise ValueError(f"not a {FORMAT} file")
        items = tuple(_item(entry) for entry in value["items"])
        skipped = tuple(SkippedCase(**entry) for entry in value["skipped"])
        head = (value["id"], value["template_id"], value["template_version"], value["utc"])
        snapshot = cls.of(*head, items=items, skipped=skipped)
        if snapshot.sha256 != value["sha256"]:
            raise ValueError("the snapshot was changed after it was frozen")
        return snapshot


def _spacing_mm(item: SnapshotItem) -> tuple[float | None, float | None]:
    return (None, None) if item.spacing is None else (item.spacing.row_mm, item.spacing.col_mm)


def _said(item: SnapshotItem) -> dict[str, Any]:
    value = {name: content for name, content in asdict(item).items() if name != "path"}
    value["landmarks"] = [{**asdict(mark), "place": mark.place.value} for mark in item.landmarks]
    if item.spacing is not None:
        value["spacing"] = item.spacing.to_json()
    return value


def _item(value: Mapping[str, Any]) -> SnapshotItem:
    marks = tuple(SnapshotLandmark(**{**mark, "place": Place(mark["place"])}) for mark in value["landmarks"])
    spacing = value["spacing"]
    if spacing is not None:
        spacing = Spacing.from_json(spacing)
    return SnapshotItem(**{**value, "path": Path(value["path"]), "landmarks": marks, "spacing": spacing})


def _hash(template_id: str, template_version: int, items: tuple[SnapshotItem, ...]) -> str:
    said = [template_id, template_version, [_said(item) for item in items]]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
