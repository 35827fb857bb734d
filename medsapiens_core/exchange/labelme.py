"""LabelMe: one JSON file for each image, one point shape for each landmark (formats.md 2.2)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import Place, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Format, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.convention import Convention, from_image
from medsapiens_core.exchange.extension import KEY, extension
from medsapiens_core.exchange.files import unique_stems, write_text
from medsapiens_core.exchange.hints import check_names, frameless
from medsapiens_core.exchange.labelme_read import NAME, read
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.states import counts, state_of, to_write

VERSION = "5.5.0"


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write a folder with one file beside where each image would lie; frames of a file are skipped.

    Absent and not placed landmarks have no shape; our `msl` key tells them apart. Shapes of other kinds that were
    read from LabelMe are written back as they were.
    """
    batch, losses = to_write(batch, options)
    check_names(options.template.ids)
    readings, skipped = frameless(batch.readings, "LabelMe")
    files = []
    for reading, stem in zip(readings, unique_stems(r.image.file_name for r in readings), strict=True):
        files.append(target / f"{stem}.json")
        write_text(files[-1], dump_json(_document(reading, stem, options)))
    placed = counts(readings, options.template)
    if placed[Place.ABSENT]:
        losses += (f"{placed[Place.ABSENT]} absent points have no shape; without our msl key they are not placed.",)
    return WriteReport(tuple(files), placed, losses, tuple(skipped))


def _document(reading: Reading, stem: str, options: WriteOptions) -> dict[str, Any]:
    kept = reading.extra.get(NAME, {})
    return {
        "version": VERSION,
        "flags": {},
        **kept.get("top", {}),
        "shapes": _shapes(reading, options.template, kept.get("shapes", ())),
        "imagePath": posixpath.relpath(reading.image.file_name, posixpath.dirname(stem) or "."),
        "imageData": None,
        "imageHeight": reading.image.height,
        "imageWidth": reading.image.width,
        KEY: extension(reading, options.template, options.product),
    }


def _shapes(reading: Reading, template: Template, kept: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Kept shapes in their order, with positions renewed; landmarks that had no shape come at the end."""
    positioned = {name: state_of(reading, name) for name in template.ids if state_of(reading, name).x is not None}
    shapes: list[Mapping[str, Any]] = []
    for shape in kept:
        label = str(shape.get("label"))
        if shape.get("shape_type") != "point" or label not in template.index:
            shapes.append(shape)
        elif label in positioned:
            shapes.append(_shape(label, positioned.pop(label), shape))
    return shapes + [_shape(name, state, {}) for name, state in positioned.items()]


def _shape(label: str, state: PointState, kept: Mapping[str, Any]) -> dict[str, Any]:
    new: Mapping[str, Any] = {"label": label, "points": [], "group_id": None, "description": "", "shape_type": "point"}
    flags = kept.get("flags") if isinstance(kept.get("flags"), dict) else {}
    estimated = state.place is Place.ESTIMATED
    if not kept or estimated or (flags and "occluded" in flags):
        flags = {**(flags or {}), "occluded": estimated}
    point = from_image(state.x or 0.0, state.y or 0.0, (1, 1), Convention.CORNER)
    return {**(kept or new), "points": [list(point)], "flags": flags}


FORMAT = Format(NAME, "LabelMe", (".json",), is_folder=True, read=read, write=write)
