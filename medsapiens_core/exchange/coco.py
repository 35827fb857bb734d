"""COCO keypoints, plain with our `msl` extension, and exactly as MedSapiens has them (formats.md 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import Place, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.coco_read import NAME, read
from medsapiens_core.exchange.extension import KEY, extension
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.grouping import by_image, only_first, size_of, sized
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.states import counts, state_of, to_write

_VISIBILITY = {Place.VISIBLE: 2, Place.ESTIMATED: 1}


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one file: `v` 2 visible, 1 estimated, 0 the rest; `msl` tells absent from not placed.

    `choices["flavour"]` "medsapiens": names K0...Kn, `v` 2 or 0, no `msl`, one annotation for each image, and the
    pairs of a mirrored picture in `flip_pairs.json` beside it.
    """
    batch, losses = to_write(batch, options)
    readings, skipped = sized(batch.readings)
    if options.choices.get("flavour") == "medsapiens":
        return _write_medsapiens(readings, skipped, losses, target, options)
    kept = batch.extra.get(NAME, {})
    document = {**kept.get("top", {}), **_tables(by_image(readings), options, kept.get("category", {}))}
    write_text(target, dump_json(document))
    return WriteReport((target,), counts(readings, options.template), losses, tuple(skipped))


def _tables(groups: Sequence[Sequence[Reading]], options: WriteOptions, category: Mapping[str, Any]) -> dict[str, Any]:
    category_id = category.get("id", 1)
    image_ids, annotation_ids = _Ids(), _Ids()
    images, annotations = [], []
    for group in groups:
        image_id = image_ids.take(_kept(group[0], "image").get("id"))
        images.append({**_kept(group[0], "image"), "id": image_id, **_image(group[0].image)})
        for reading in group:
            own = {"id": annotation_ids.take(_kept(reading, "annotation").get("id")), "image_id": image_id}
            said = {**_box(reading.image), **_kept(reading, "annotation"), **own, "category_id": category_id}
            said |= _keypoints(reading, options.template)
            annotations.append({**said, KEY: extension(reading, options.template, options.product)})
    return {
        "images": images,
        "annotations": annotations,
        "categories": [_category(options.template, category, category_id)],
    }


class _Ids:
    """Ids as the file had them, and free numbers for what had none or whose id is taken."""

    def __init__(self) -> None:
        self._taken: set[int | str] = set()

    def take(self, wished: int | str | None) -> int | str:
        """A fresh id, the wished one if it is free."""
        if wished is None or wished in self._taken:
            wished = len(self._taken) + 1
            while wished in self._taken:
                wished += 1
        self._taken.add(wished)
        return wished


def _kept(reading: Reading, part: str) -> dict[str, Any]:
    found: dict[str, Any] = reading.extra.get(NAME, {}).get(part, {})
    return found


def _image(image: ImageRef) -> dict[str, Any]:
    value: dict[str, Any] = {"file_name": image.file_name, "width": image.width, "height": image.height}
    if image.spacing is not None:
        value["pixel_spacing_mm"] = [image.spacing.row_mm, image.spacing.col_mm]
    return value


def _box(image: ImageRef) -> dict[str, Any]:
    width, height = size_of(image)
    return {"bbox": [0, 0, width, height], "area": width * height, "iscrowd": 0}


def _keypoints(reading: Reading, template: Template) -> dict[str, Any]:
    numbers: list[float] = []
    for landmark in template.ids:
        numbers += _numbers(state_of(reading, landmark))
    return {"keypoints": numbers, "num_keypoints": sum(v > 0 for v in numbers[2::3])}


def _numbers(state: PointState) -> tuple[float, float, int]:
    if state.x is None or state.y is None:
        return 0, 0, 0
    return state.x, state.y, _VISIBILITY[state.place]


def _category(template: Template, kept: Mapping[str, Any], category_id: int | str) -> dict[str, Any]:
    skeleton = [[template.index[a] + 1, template.index[b] + 1] for a, b in template.lines]
    value = {"name": template.id, "supercategory": "X-ray", "skeleton": skeleton, **kept, "id": category_id}
    if kept.get("keypoints") != list(template.ids):
        value["skeleton"] = skeleton  # a kept one counts along other names
    return {**value, "keypoints": list(template.ids)}


def _write_medsapiens(
    readings: Sequence[Reading],
    skipped: list[tuple[str, str]],
    losses: tuple[str, ...],
    target: Path,
    options: WriteOptions,
) -> WriteReport:
    chosen, others = only_first(by_image(readings), "The MedSapiens file")
    template = options.template
    images, annotations = [], []
    for number, reading in enumerate(chosen, 1):
        images.append({**_image(reading.image), "id": number})
        points = _keypoints(reading, template)
        points["keypoints"][2::3] = [2 if v else 0 for v in points["keypoints"][2::3]]
        annotations.append({"id": number, "image_id": number, "category_id": 1, **_box(reading.image), **points})
    names = [f"K{index}" for index in range(len(template))]
    category = {"id": 1, "name": template.id, "supercategory": "X-ray", "keypoints": names, "skeleton": []}
    pairs = target.with_name("flip_pairs.json")
    write_text(target, dump_json({"images": images, "annotations": annotations, "categories": [category]}))
    write_text(pairs, dump_json(_flip_pairs(template, names)))
    placed = counts(chosen, template)
    return WriteReport((target, pairs), placed, losses + _losses(placed), tuple(skipped + others))


def _flip_pairs(template: Template, names: Sequence[str]) -> dict[str, Any]:
    return {
        "template": f"{template.id}@{template.version}",
        "landmarks": dict(zip(names, template.ids, strict=True)),
        "flip_pairs": [[k, other] for k, other in enumerate(template.flip_index) if k < other],
    }


def _losses(placed: Mapping[str, int]) -> tuple[str, ...]:
    losses = ["Reader, model, time, template version and the source of the spacing are not in MedSapiens files."]
    if placed[Place.ESTIMATED]:
        losses.append(f"{placed[Place.ESTIMATED]} estimated points are written as visible.")
    missing = placed[Place.ABSENT] + placed[Place.NOT_PLACED]
    if missing:
        losses.append(f"{missing} points are missing; MedSapiens' own metrics take every point as present.")
    return tuple(losses)


FORMAT = Format(NAME, "COCO keypoints", (".json",), is_folder=False, read=read, write=write)
