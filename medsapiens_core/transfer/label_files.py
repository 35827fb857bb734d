"""Files of landmarks as a person hands them over: which they are, and all of them read into one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medsapiens_core import decoding
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ReadOptions
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.transfer.reading import FindImage

SUFFIXES = (".json", ".jsonl", ".csv", ".xml", ".slp", ".tps", ".fcsv", ".txt")
REPORTS = b"1.2.840.10008.5.1.4.1.1.88."  # SOP classes of structured reports
HEAD_BYTES = 1024  # the file meta group of a DICOM file names its class
GoOn = Callable[[int, int], bool]
"""Told (done, total); answers whether to go on."""


@dataclass(frozen=True, eq=False)
class LabelFiles:
    """What some files of one format say together. `refused` are (file name, reason).

    `is_stopped`: not all were read.
    """

    form: Format
    paths: tuple[Path, ...]
    batch: Batch
    refused: tuple[tuple[str, str], ...] = ()
    is_stopped: bool = False


def may_hold_landmarks(path: Path) -> bool:
    """True for a file that is landmarks rather than a picture, by its name or, for DICOM, by its class."""
    if path.name.lower().endswith(SUFFIXES):
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False
    return head[128:132] == b"DICM" and REPORTS in head


def readable_formats() -> list[Format]:
    """Formats that landmarks can be read from, in the order of the documents."""
    return [form for form in map(find_format, MODULES) if form.read is not None]


def writable_formats() -> list[Format]:
    """Formats that landmarks can be written in, in the order of the documents."""
    return [form for form in map(find_format, MODULES) if form.write is not None]


def guess_format(paths: Sequence[Path]) -> str:
    """The name of the one format of the files. Raises UserError where it cannot be told, or they are of several."""
    found: set[str] = set()
    problem = "No file was chosen."
    for path in paths:
        try:
            found.add(decoding.guess_format(path))
        except UserError as error:
            problem = str(error)
    if not found:
        raise UserError(problem)
    if len(found) > 1:
        raise UserError(f"These files are of several formats ({', '.join(sorted(found))}). Import one kind at a time.")
    return found.pop()


def read_label_files(
    paths: Sequence[Path],
    form: Format,
    template: Template,
    *,
    find_image: FindImage = lambda _name: None,
    choices: Mapping[str, str] | None = None,
    go_on: GoOn = lambda _done, _total: True,
) -> LabelFiles:
    """Read every file in a child process; one that cannot be read is told with its reason, and the others go on.

    Names stay as the files have them.
    """
    options = ReadOptions(template, find_image, choices or {})
    batches: list[Batch] = []
    refused: list[tuple[str, str]] = []
    for done, path in enumerate(paths):
        if not go_on(done, len(paths)):
            return LabelFiles(form, tuple(paths), joined(batches), tuple(refused), is_stopped=True)
        try:
            batches.append(_read(path, form, options))
        except UserError as error:
            refused.append((path.name, str(error)))
    return LabelFiles(form, tuple(paths), joined(batches), tuple(refused))


def joined(batches: Iterable[Batch]) -> Batch:
    """One batch of several: all readings, every name once, every message."""
    found = list(batches)
    names = dict.fromkeys(name for batch in found for name in batch.landmarks)
    readings = tuple(reading for batch in found for reading in batch.readings)
    return Batch(readings, tuple(names), tuple(text for batch in found for text in batch.messages))


def _read(path: Path, form: Format, options: ReadOptions) -> Batch:
    batch = decoding.read_labels(path, form, options)
    return batch if batch.landmarks else replace(batch, landmarks=_named(batch))


def _named(batch: Batch) -> tuple[str, ...]:
    """Names of the points themselves, for a reader that lists none."""
    return tuple(dict.fromkeys(name for reading in batch.readings for name in reading.points))
