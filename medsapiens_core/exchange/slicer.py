"""3D Slicer's markups: `.mrk.json`, and the older `.fcsv` (formats.md 3). One file for each reading, in a folder.

Choices: on writing `file` "fcsv" for the old kind; on reading `image` (name of the image of a single file), `axis` (0,
1 or 2: the array axis that slices are counted along), `coordinates` (lps or ras, for fcsv files that do not say).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from medsapiens_core.data.annotation import Place
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import located
from medsapiens_core.exchange.hints import check_names
from medsapiens_core.exchange.one_by_one import write_each
from medsapiens_core.exchange.provenance import to_record
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.slicer_fcsv import fcsv_text, read_fcsv
from medsapiens_core.exchange.slicer_json import document, read_markups
from medsapiens_core.exchange.slicer_marks import marks_of, readings_of, space_to_write
from medsapiens_core.exchange.slicer_space import Space
from medsapiens_core.exchange.spacing_text import source_words

_SUFFIXES = (".mrk.json", ".fcsv")


def read(path: Path, options: ReadOptions) -> Batch:
    """The markups of a file, or of all files in a folder; an image is found by its name or by that of the markups.

    Raises UserError for a file that cannot be used; in a folder it is listed, unless no other can be used.
    """
    readings: list[Reading] = []
    messages: list[str] = []
    for file in _files(path, messages):
        try:
            with located(f"{file.name} cannot be used"):
                readings.extend(_read_file(file, options, messages))
        except UserError as error:
            if file == path:
                raise
            messages.append(str(error))
    if not readings:
        raise UserError(f"{path.name} has no markups of 3D Slicer that can be used. " + " ".join(messages[:3]))
    names = tuple(dict.fromkeys(name for reading in readings for name in _labels(reading)))
    return Batch(tuple(readings), names, tuple(messages))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write a file for each reading into the folder `target`, in the space that Slicer gives the image file.

    Readings without an image file, and images that were calibrated here to another size than the file states, are
    skipped: their points would land elsewhere.
    """
    check_names(options.template.ids)
    done = write_each(batch, target, options, FORMAT, _SUFFIXES[_is_old_kind(options)])
    found = done.report().counts
    return done.report(tuple(_losses(done.readings, found, _is_old_kind(options))))


def make(reading: Reading, options: WriteOptions, _number: int, _earlier: Path | None) -> MadeFile:
    """The markups of one reading. Raises UserError when its image has no space, or another one in Slicer."""
    return MadeFile(_text(reading, space_to_write(reading), options, _is_old_kind(options)).encode())


def _is_old_kind(options: WriteOptions) -> bool:
    return options.choices.get("file") == "fcsv"


def _files(path: Path, messages: list[str]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.name.lower().endswith(_SUFFIXES):
            if file.is_symlink() or not file.resolve().is_relative_to(path.resolve()):
                messages.append(f"{file.name} is a link and was left out.")
            elif file.is_file():
                yield file


def _read_file(file: Path, options: ReadOptions, messages: list[str]) -> list[Reading]:
    if file.name.lower().endswith(".fcsv"):
        marks, record = read_fcsv(file, options.choices)
        return readings_of(marks, file, record, options, messages)
    marks, record, whole = read_markups(file, messages)
    readings = readings_of(marks, file, record, options, messages)
    labels = tuple(dict.fromkeys(mark.label for mark in marks))
    extra = {"slicer": {"document": whole if len(readings) == 1 else None, "labels": labels}}
    return [replace(reading, extra=extra) for reading in readings]


def _labels(reading: Reading) -> tuple[str, ...]:
    """All labels in the file's order, undefined ones too."""
    listed = reading.extra.get("slicer", {}).get("labels", ())
    return tuple(dict.fromkeys([*(name for name in listed if name), *reading.points]))


def _text(reading: Reading, space: Space, options: WriteOptions, old_kind: bool) -> str:
    marks = marks_of(reading, space, options.template.ids)
    record = to_record(reading, options.template, options.product)
    if old_kind:
        return fcsv_text(marks, record)
    kept = reading.extra.get("slicer", {}).get("document")
    return dump_json(document(marks, record, _note(reading, space), kept))


def _note(reading: Reading, space: Space) -> str:
    spacing = reading.image.spacing
    ours = "not known" if spacing is None else f"{spacing.row_mm!r} x {spacing.col_mm!r} mm ({source_words(spacing)})"
    return (
        f"Positions hold for pixels of {space.row_mm!r} x {space.col_mm!r} mm (row x column), "
        f"as 3D Slicer reads the image file. Pixel size of the case: {ours}."
    )


def _losses(written: list[Reading], found: Mapping[str, int], old_kind: bool) -> Iterator[str]:
    missing = found[Place.ABSENT.value] + found[Place.NOT_PLACED.value]
    if old_kind and missing:
        yield f"{missing} absent or not placed points were left out: fcsv has no way to say so."
    if any(reading.scores for reading in written):
        yield "Scores were left out: 3D Slicer has no place for them."


FORMAT = Format("slicer", "3D Slicer markups", _SUFFIXES, True, read, write, make)
