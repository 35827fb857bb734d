"""TPS files of the tps programs, geomorph and others (formats.md 4.3): y upwards, no names, no states.

Choices: `origin` "corner" (default: the lower left corner of the lower left pixel is 0, 0) or "centre" (its centre is);
on reading `negative` "missing" takes points with two negative coordinates for missing ones, as tpsDig writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from medsapiens_core.data.annotation import Decision, Place, PointState
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import checked_point, checked_points, located, number
from medsapiens_core.exchange.convention import Convention, from_image, to_image
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.hints import frameless, image_hint, one_line, read_lines
from medsapiens_core.exchange.provenance import from_text, to_record, to_text, with_record
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write
from medsapiens_core.exchange.tps_records import Record, parse_records
from medsapiens_core.exchange.trust import gives_mm
from medsapiens_core.io.read import probe

DECIMALS = 5
_LOSSES = {
    Place.ESTIMATED: "{} estimated points became ordinary points: TPS cannot tell them apart.",
    Place.ABSENT: "{} absent points became missing points: TPS cannot tell them apart.",
}


def read(path: Path, options: ReadOptions) -> Batch:
    """The records whose image is found (its height turns y around), points in the order of the template.

    Raises UserError without a template, for another number of points, or when no image is found.
    """
    template = options.template
    if template is None:
        raise UserError("A TPS file has no landmark names. Choose the template whose order it follows.")
    origin = _origin(options.choices)
    records = parse_records(path.name, read_lines(path))
    checked_points(len(records) * len(template))
    readings: list[Reading] = []
    messages: list[str] = []
    for index, record in enumerate(records, start=1):
        with located(f"{path.name}, record {index}"):
            reading = _reading(record, options, template, origin, messages)
        if reading is not None:
            readings.append(reading)
    if records and not readings:
        raise UserError(f"{path.name}: none of its images was found. Give the folder in which they lie.")
    return Batch(tuple(readings), template.ids, tuple(messages))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one record for each reading, with 5 decimals. Images of unknown height are skipped."""
    origin = _origin(options.choices)
    batch, losses = to_write(batch, options)
    readings, skipped = frameless(batch.readings, "TPS")
    written = []
    for reading in readings:
        reason = _why_not(reading.image)
        if reason:
            skipped.append((reading.image.file_name, reason))
        else:
            written.append(reading)
    lines = [_lines(reading, number, options, origin) for number, reading in enumerate(written, start=1)]
    write_text(target, "".join(lines))
    found = counts(written, options.template)
    lost = [text.format(found[place.value]) for place, text in _LOSSES.items() if found[place.value]]
    if any(
        state.decision is Decision.PREDICTED for r in written if r.source == "reader" for state in r.points.values()
    ):
        lost.append("Undecided points became ordinary points: TPS cannot tell them apart.")
    if any(reading.scores for reading in written):
        lost.append("Scores were left out: TPS has no place for them.")
    return WriteReport((target,), found, (*losses, *lost), tuple(skipped), 10**-DECIMALS / 2)


def _origin(choices: Mapping[str, str]) -> str:
    origin = choices.get("origin", "corner")
    if origin not in ("corner", "centre"):
        raise UserError(f"The origin of a TPS file is corner or centre, not {origin!r}.")
    return origin


def _reading(
    record: Record, options: ReadOptions, template: Template, origin: str, messages: list[str]
) -> Reading | None:
    if len(record.points) != len(template):
        raise UserError(f"it has {len(record.points)} points, but template {template.id} has {len(template)}")
    name = image_hint(record.fields.get("IMAGE", ""))
    image = _found(name, options, messages)
    if image is None or image.width is None or image.height is None:
        return None
    comment = record.fields.get("COMMENT", "")
    spacing = _spacing(record.fields.get("SCALE"), name, messages)
    size = (image.width, image.height)
    image = replace(image, spacing=spacing, image_id=record.fields.get("ID", ""))
    reading = with_record(Reading(image, {}, note=comment), from_text(comment))
    points = {
        landmark: placed_state(*_to_image(pair, size, origin), source=reading.source)
        for landmark, pair in zip(template.ids, record.points, strict=True)
        if pair is not None and not _stands_for_missing(pair, options.choices)
    }
    if any(pair is not None and max(pair) < 0 for pair in record.points) and "negative" not in options.choices:
        messages.append(
            f"{name} has points with two negative coordinates; choose negative=missing if they are missing."
        )
    return replace(reading, points=points)


def _found(name: str, options: ReadOptions, messages: list[str]) -> ImageRef | None:
    path = options.find_image(name)
    if path is None:
        messages.append(f"{name} was left out: the image was not found, and without its height y cannot be read.")
        return None
    try:
        header = probe(path)
    except UserError as error:
        messages.append(f"{name} was left out: {error}")
        return None
    return ImageRef(name, header.width, header.height, path=path)


def _stands_for_missing(pair: tuple[float, float], choices: Mapping[str, str]) -> bool:
    return choices.get("negative") == "missing" and max(pair) < 0


def _to_image(pair: tuple[float, float], size: tuple[int, int], origin: str) -> tuple[float, float]:
    u, v = pair
    point = to_image(u, v, size, Convention.UP) if origin == "corner" else (u, size[1] - 1 - v)
    return checked_point(*point)


def _from_image(x: float, y: float, size: tuple[int, int], origin: str) -> tuple[float, float]:
    return from_image(x, y, size, Convention.UP) if origin == "corner" else (x, size[1] - 1 - y)


def _spacing(text: str | None, name: str, messages: list[str]) -> Spacing | None:
    if text is None:
        return None
    try:
        size = number(text.replace(",", "."))
        return Spacing(size, size, SpacingSource.UNKNOWN)
    except (UserError, ValueError):
        messages.append(f"The scale of {name} cannot be a pixel size in millimetres and was left out.")
        return None


def _why_not(image: ImageRef) -> str | None:
    if image.width is None or image.height is None:
        return "the height of the image is not known, and TPS counts y from its lower edge"
    return None if one_line(image) else "its name does not fit into one line"


def _lines(reading: Reading, index: int, options: WriteOptions, origin: str) -> str:
    image, template = reading.image, options.template
    size = (image.width or 0, image.height or 0)
    points = [_text(state_of(reading, landmark), size, origin) for landmark in template.ids]
    spacing = image.spacing
    known = spacing is not None and gives_mm(spacing) and spacing.is_square and not spacing.areas
    lines = [f"LM={len(template)}", *points, f"IMAGE={image.file_name}", f"ID={index}"]
    lines.append(f"COMMENT={to_text(to_record(reading, template, options.product))}")
    if spacing is not None and known:
        lines.append(f"SCALE={spacing.col_mm!r}")
    return "\n".join(lines) + "\n"


def _text(state: PointState, size: tuple[int, int], origin: str) -> str:
    if state.x is None or state.y is None:
        return "NA NA"
    u, v = _from_image(state.x, state.y, size, origin)
    return f"{u:.{DECIMALS}f} {v:.{DECIMALS}f}"


FORMAT = Format("tps", "TPS (tpsDig, geomorph)", (".tps",), False, read, write)
