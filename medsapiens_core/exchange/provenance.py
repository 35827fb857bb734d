"""Who, with which template and model, on which image: a small JSON object put where other tools keep comments.

Written into TPS comments, fcsv comment lines, mrk.json and SLEAP files; what other tools write there is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import ImageRef, Reading
from medsapiens_core.exchange.hints import image_hint
from medsapiens_core.exchange.spacing_text import MAX_AREAS

Text = Annotated[str, Field(max_length=1000)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Whole = Annotated[int, Field(ge=0, le=2**31)]
_Area = Annotated[tuple[float, float, float, float], Field(strict=False)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)

    medsapiens: Literal[1]
    image: Text
    width: Whole | None = None
    height: Whole | None = None
    frame: Whole = 0
    axis: Whole | None = None
    sha256: Digest | None = None
    pixel_sha256: Digest | None = None
    sop_instance_uid: Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")] | None = None
    spacing: tuple[float, float, Text] | None = Field(default=None, strict=False)
    spacing_chosen: bool = False
    spacing_areas: Annotated[list[_Area], Field(max_length=MAX_AREAS)] = []
    image_id: Text = ""
    subject: Text = ""
    source: Literal["reader", "model"] = "reader"
    reader: Text = ""
    model: Text | None = None
    template: Text | None = None
    template_version: Whole | None = None
    reviewed: bool = False
    decided_utc: Text | None = None
    revision: Whole = 0
    note: Text = ""


def to_record(reading: Reading, template: Template, product: str) -> dict[str, Any]:
    """The JSON object for a reading; what is unknown is left out."""
    image, spacing = reading.image, reading.image.spacing
    record = {
        "medsapiens": 1, "product": product, "template": template.id, "template_version": template.version,
        "image": image.file_name, "width": image.width, "height": image.height, "frame": image.frame,
        "axis": image.axis, "sha256": image.sha256, "pixel_sha256": image.pixel_sha256,
        "sop_instance_uid": image.sop_instance_uid,
        "image_id": image.image_id, "subject": image.subject, "source": reading.source, "reader": reading.reader,
        "model": reading.model_id, "reviewed": reading.reviewed, "decided_utc": reading.decided_utc,
        "revision": reading.revision, "note": reading.note[:1000],
        "spacing": None if spacing is None else [spacing.row_mm, spacing.col_mm, spacing.source.value],
        "spacing_chosen": spacing is not None and spacing.chosen,
        "spacing_areas": None if spacing is None or not spacing.areas else [list(area) for area in spacing.areas],
    }  # fmt: skip
    return {key: value for key, value in record.items() if value is not None and value not in ("", False)}


def to_text(record: Mapping[str, Any]) -> str:
    """The object in one line of ASCII."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False)


def from_text(text: str) -> Any:
    """The object in a comment, None for a comment of another kind."""
    if not text.lstrip().startswith("{") or len(text) > 20_000:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def with_record(reading: Reading, value: Any) -> Reading:
    """The reading with what our own object says added; unchanged when `value` is none of ours or not usable."""
    try:
        record = _Record.model_validate(value)
        image = _image(record, reading.image)
    except (ValidationError, ValueError):
        return reading
    return replace(
        reading,
        image=image,
        reader=record.reader,
        source=record.source,
        model_id=record.model,
        template_id=record.template,
        template_version=record.template_version,
        reviewed=record.reviewed,
        decided_utc=record.decided_utc,
        revision=record.revision,
        note=record.note,
    )


def _image(record: _Record, image: ImageRef) -> ImageRef:
    spacing = image.spacing
    if record.spacing is not None:
        row_mm, col_mm, source = record.spacing
        areas = tuple(record.spacing_areas)
        spacing = Spacing(row_mm, col_mm, SpacingSource(source), record.spacing_chosen, areas)
    return replace(
        image,
        file_name=image_hint(record.image),
        width=record.width if image.width is None else image.width,
        height=record.height if image.height is None else image.height,
        frame=record.frame,
        axis=record.axis,
        sha256=record.sha256,
        pixel_sha256=record.pixel_sha256,
        sop_instance_uid=record.sop_instance_uid,
        spacing=spacing,
        image_id=record.image_id,
        subject=record.subject,
    )
