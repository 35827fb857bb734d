"""The text files of the ISBI 2015 cephalometric challenge: one per image, no names, whole pixels (formats.md 4.4).

A folder is read with its subfolders, each of which is one reader. Choices on reading: `origin` "centre" (default) or
"one-based"; `mean` "yes" adds, for images of several readers, the mean of all as a reading with a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from medsapiens_core.data.annotation import Decision
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import checked_point, checked_points, located, number
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.files import base_name, unique_stems, write_text
from medsapiens_core.exchange.hints import find_by_stem, frameless, read_lines
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write

LANDMARKS = 19
CLASSES = 8
_MAX_FILE = 20_000  # bytes; a file of the challenge has some 200
_ORIGINS = {"centre": Convention.CENTRE, "one-based": Convention.ONE_BASED}


def read(path: Path, options: ReadOptions) -> Batch:
    """One reading for each file. Raises UserError for a template of other than 19 landmarks or when no file fits."""
    template = options.template or find_template("ceph-19")
    _check_template(template)
    convention = _ORIGINS.get(options.choices.get("origin", "centre"))
    if convention is None:
        raise UserError("The origin of ISBI files is centre or one-based.")
    readings: list[Reading] = []
    messages: list[str] = []
    for file, reader in _files(path, messages):
        checked_points(LANDMARKS * (len(readings) + 1))
        try:
            readings.append(_reading(file, reader, template, options, convention))
        except UserError as error:
            if file == path:
                raise
            messages.append(f"{error} The file was left out.")
    if not readings:
        raise UserError(
            f"{path.name} has no text file with {LANDMARKS} lines of two numbers. " + " ".join(messages[:3])
        )
    means = _means(readings, template) if options.choices.get("mean") == "yes" else []
    return Batch((*readings, *means), template.ids, tuple(messages))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write `<image>.txt` into `target`, in one subfolder for each named reader, rounded to whole pixels.

    Readings in which a landmark has no position are skipped. Raises UserError when the template has not 19 landmarks.
    """
    _check_template(options.template)
    batch, losses = to_write(batch, options)
    readings, skipped = frameless(batch.readings, "ISBI text")
    written, files = [], []
    for folder, group in _by_reader(readings):
        taken: set[str] = set()
        for reading in group:
            (stem,) = unique_stems([base_name(reading.image.file_name)])
            reason = _why_not(reading, options.template, stem, taken)
            if reason:
                skipped.append((reading.image.file_name, reason))
                continue
            taken.add(stem.casefold())
            files.append(target / folder / f"{stem}.txt")
            write_text(files[-1], _text(reading, options.template))
            written.append(reading)
    found = counts(written, options.template)
    losses = (*losses, *_losses(written, found))
    return WriteReport(tuple(files), found, losses, tuple(skipped), 1 / 2)


def _why_not(reading: Reading, template: Template, stem: str, taken: set[str]) -> str | None:
    missing = sum(state_of(reading, name).x is None for name in template.ids)
    if missing:
        return f"{missing} landmarks have no position, and ISBI text cannot leave one out"
    if stem.casefold() in taken:
        return "another image of this reader has the same name; a folder of ISBI text has no subfolders for images"
    return None


def _check_template(template: Template) -> None:
    if len(template) != LANDMARKS:
        raise UserError(f"ISBI files have {LANDMARKS} landmarks, but template {template.id} has {len(template)}.")


def _files(path: Path, messages: list[str]) -> Iterator[tuple[Path, str]]:
    """Each text file with its reader: the name of the subfolder it lies in, none directly in `path`."""
    if not path.is_dir():
        yield path, ""
        return
    for file in sorted(path.rglob("*.txt")):
        if file.is_symlink() or not file.resolve().is_relative_to(path.resolve()):
            messages.append(f"{file.name} is a link and was left out.")
        elif file.is_file():
            reader = file.relative_to(path).parent.as_posix()
            yield file, "" if reader == "." else reader


def _reading(file: Path, reader: str, template: Template, options: ReadOptions, convention: Convention) -> Reading:
    if file.stat().st_size > _MAX_FILE:
        raise UserError(f"{file.name} is too long for a file of landmarks.")
    lines = [line.strip() for line in read_lines(file)]
    filled = [line for line in lines if line]
    if len(filled) not in (LANDMARKS, LANDMARKS + CLASSES):
        raise UserError(f"{file.name} has {len(filled)} lines, not {LANDMARKS} or {LANDMARKS + CLASSES}.")
    points = {}
    for index, (name, line) in enumerate(zip(template.ids, filled, strict=False), start=1):
        with located(f"{file.name}, line {index}"):
            points[name] = placed_state(*_pair(line, convention), source="reader")
    classes = filled[LANDMARKS:]
    if not all(len(text) <= 2 and text.isascii() and text.isdigit() for text in classes):
        raise UserError(f"{file.name}: a class after the landmarks is not a whole number.")
    found = find_by_stem(options, file.stem)
    image = ImageRef(file.stem if found is None else found.name, path=found)
    note = f"ISBI classes: {' '.join(classes)}" if classes else ""
    return Reading(image, points, reader, note=note, extra={"isbi": {"classes": classes}} if classes else {})


def _pair(line: str, convention: Convention) -> tuple[float, float]:
    parts = line.split(",")
    if len(parts) != 2:
        raise UserError("two numbers with a comma between them were expected")
    u, v = checked_point(number(parts[0]), number(parts[1]))
    return to_image(u, v, (1, 1), convention)


def _means(readings: Sequence[Reading], template: Template) -> Iterator[Reading]:
    """The mean of all readers for each image that more than one has read."""
    by_image: dict[str, list[Reading]] = {}
    for reading in readings:
        by_image.setdefault(reading.image.file_name, []).append(reading)
    for group in by_image.values():
        if len(group) < 2:
            continue
        points = {}
        for name in template.ids:
            states = [reading.points[name] for reading in group]
            x, y = (sum(values) / len(values) for values in ([s.x or 0 for s in states], [s.y or 0 for s in states]))
            points[name] = placed_state(x, y, source="reader")
        yield Reading(
            group[0].image, points, "mean of " + " and ".join(reading.reader or "unnamed" for reading in group)
        )


def _by_reader(readings: Sequence[Reading]) -> Iterator[tuple[str, list[Reading]]]:
    """Folder and readings of each reader or model, "" for nobody's."""
    groups: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        who = reading.reader if reading.source == "reader" else f"model {reading.model_id or ''}".rstrip()
        groups.setdefault((reading.source, who), []).append(reading)
    named = [key for key in groups if key[1]]
    folders = dict(zip(named, unique_stems(who.replace(".", "_") for _, who in named), strict=True))
    for key, group in groups.items():
        yield folders.get(key, ""), group


def _text(reading: Reading, template: Template) -> str:
    states = [state_of(reading, name) for name in template.ids]
    lines = [f"{round(state.x or 0)},{round(state.y or 0)}" for state in states]
    classes = reading.extra.get("isbi", {}).get("classes", [])
    return "\n".join([*lines, *classes]) + "\n"


def _losses(written: Sequence[Reading], found: dict[str, int]) -> Iterator[str]:
    if written:
        yield "Positions were rounded to whole pixels."
    if found["estimated"]:
        yield f"{found['estimated']} estimated points became ordinary points: ISBI text cannot tell them apart."
    undecided = (state.decision is Decision.PREDICTED for reading in written for state in reading.points.values())
    if any(undecided):
        yield "Predicted points became ordinary points, and scores were left out: ISBI text has no place for them."


FORMAT = Format("isbi", "ISBI 2015 text", (".txt",), True, read, write)
