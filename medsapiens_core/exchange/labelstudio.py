"""Label Studio JSON tasks, and the labelling configuration that carries all states (formats.md 2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import AbsentReason, Place, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.convention import Convention, from_image
from medsapiens_core.exchange.extension import KEY, extension
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.grouping import by_image, size_of, sized
from medsapiens_core.exchange.hints import check_names, frameless
from medsapiens_core.exchange.labelstudio_config import labelling_config
from medsapiens_core.exchange.labelstudio_file import (
    ABSENT_PREFIX,
    VISIBILITY,
    image_key,
    image_name,
    region_label,
    region_value,
    separate_labels,
)
from medsapiens_core.exchange.labelstudio_read import NAME, read
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.states import counts, state_of, to_write

DOT_PERCENT = 0.3


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write the tasks, and beside them `<name>.config.xml`, without which estimated and absent are lost on import.

    Readings of models become predictions. Regions of other kinds that were read from Label Studio are kept.
    """
    batch, losses = to_write(batch, options)
    check_names(options.template.ids)
    single, frames = frameless(batch.readings, "Label Studio")
    readings, unknown = sized(single)
    config = target.with_name(f"{target.stem}.config.xml")
    write_text(target, dump_json([_task(group, options) for group in by_image(readings)]))
    write_text(config, labelling_config(options.template))
    losses += ("Label Studio's server drops our msl records: who decided what, template version, spacing source.",)
    return WriteReport((target, config), counts(readings, options.template), losses, tuple(frames + unknown))


def _task(group: Sequence[Reading], options: WriteOptions) -> dict[str, Any]:
    kept = dict(_kept(group[0], "task"))
    data = dict(kept.pop("data", {}))
    name = group[0].image.file_name
    key = image_key(data) if data else "image"
    if image_name(str(data.get(key, ""))) != name:
        data[key] = name
    people = [_annotation(reading, options) for reading in group if reading.source == "reader"]
    models = [_prediction(reading, options.template) for reading in group if reading.source == "model"]
    return {**kept, "data": data, "annotations": people, "predictions": models}


def _annotation(reading: Reading, options: WriteOptions) -> dict[str, Any]:
    kept = _kept(reading, "annotation")
    said = {"was_cancelled": False, "ground_truth": False, **kept, "result": _result(reading, options.template)}
    return {**said, KEY: extension(reading, options.template, options.product)}


def _prediction(reading: Reading, template: Template) -> dict[str, Any]:
    said: dict[str, Any] = {"model_version": reading.model_id or "unknown", "result": _result(reading, template)}
    if reading.scores:
        said["score"] = sum(reading.scores.values()) / len(reading.scores)
    return {**said, **_kept(reading, "annotation"), "result": said["result"]}


def _kept(reading: Reading, part: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = reading.extra.get(NAME, {}).get(part, {})
    return found


def _result(reading: Reading, template: Template) -> list[dict[str, Any]]:
    """Kept regions in their order, with positions renewed; then new ones; then our choices."""
    kept = list(_kept(reading, "annotation").get("result", ()))
    labels = separate_labels(kept)
    left = {name: state_of(reading, name) for name in template.ids if state_of(reading, name).x is not None}
    regions, estimated = [], []
    for region in filter(lambda found: not _is_our_choice(found), kept):
        label = _label(region, labels)
        if label not in template.index:
            regions.append(region)
        elif label in left:
            regions.append(_region(label, left.pop(label), reading, template, region))
    regions += [_region(label, state, reading, template, {}) for label, state in left.items()]
    for region in regions:
        label = _label(region, labels)
        if label in template.index and state_of(reading, label).place is Place.ESTIMATED:
            estimated.append({**region, "type": "choices", "from_name": VISIBILITY, "value": _chosen(region)})
    return regions + estimated + _absent(reading, template)


def _chosen(region: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{key: value for key, value in region["value"].items() if key != "keypointlabels"},
        "choices": ["estimated"],
    }


def _label(region: dict[str, Any], labels: dict[str, list[Any]]) -> str:
    try:
        return region_label(region, labels) or ""
    except UserError:  # a keypoint that was not read is kept as it is
        return ""


def _is_our_choice(region: Mapping[str, Any]) -> bool:
    names = {VISIBILITY, *(ABSENT_PREFIX + reason.value for reason in AbsentReason)}
    return region.get("type") == "choices" and str(region.get("from_name")) in names


def _region(
    label: str, state: PointState, reading: Reading, template: Template, kept: Mapping[str, Any]
) -> dict[str, Any]:
    u, v = from_image(state.x or 0.0, state.y or 0.0, size_of(reading.image), Convention.PERCENT)
    region: dict[str, Any] = {"id": f"msl{template.index[label]:04d}", "type": "keypointlabels", "from_name": "lm"}
    region |= {**_where(reading), **kept}
    old = region_value(region) if kept else {"width": DOT_PERCENT, "keypointlabels": [label]}
    if label in reading.scores:
        region["score"] = reading.scores[label]
    return {**region, "value": {**old, "x": u, "y": v}}


def _where(reading: Reading) -> dict[str, Any]:
    width, height = size_of(reading.image)
    return {"to_name": "image", "original_width": width, "original_height": height, "image_rotation": 0}


def _absent(reading: Reading, template: Template) -> list[dict[str, Any]]:
    choices = []
    for reason in AbsentReason:
        gone = [name for name in template.ids if state_of(reading, name).absent_reason is reason]
        if gone:
            name = ABSENT_PREFIX + reason.value
            value = {"choices": gone}
            choices.append({"id": name, "type": "choices", "from_name": name, **_where(reading), "value": value})
    return choices


FORMAT = Format(NAME, "Label Studio", (".json",), is_folder=False, read=read, write=write)
