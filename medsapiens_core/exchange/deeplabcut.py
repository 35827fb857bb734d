"""DeepLabCut's `CollectedData_<scorer>.csv` and its prediction tables (formats.md 4.2).

The HDF5 file beside it is never read: pandas keeps pickled objects in it.
The scorer is the reader, or the model where the file has likelihoods. Choice on writing: `folder` names the folder
under `labeled-data` for images that lie in none (default "medsapiens", which is taken off again on reading).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from medsapiens_core.data.annotation import Decision, PointState
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.checks import checked_point, located, number
from medsapiens_core.exchange.deeplabcut_table import Sheet, read_sheet
from medsapiens_core.exchange.files import unique_stems, write_text
from medsapiens_core.exchange.hints import check_names, frameless, image_hint
from medsapiens_core.exchange.states import counts, placed_state, state_of, to_write

_ROOT, _FOLDER = "labeled-data", "medsapiens"
_NOBODY = "unnamed"  # DeepLabCut needs a scorer
_Cells = Mapping[tuple[str, str], str]  # by landmark and coord


def read(path: Path, _options: ReadOptions) -> Batch:
    """One reading for each row and scorer. Raises UserError that names the line."""
    sheet = read_sheet(path)
    messages: list[str] = []
    readings = []
    for line, index, cells in sheet.rows:
        image = _image(path, index)
        for scorer, by_name in _by_scorer(sheet, cells).items():
            with located(f"{path.name}, line {line}"):
                readings.append(_reading(image, scorer, by_name, messages))
    return Batch(tuple(readings), sheet.landmarks, tuple(messages))


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write `target` for the first reader, and a file beside it for each further reader or model."""
    check_names(options.template.ids)
    batch, losses = to_write(batch, options)
    readings, skipped = frameless(batch.readings, "DeepLabCut")
    groups = _by_reader(readings) or {("reader", ""): []}
    suffixes = ["", *("_" + stem for stem in unique_stems(who or _NOBODY for _, who in list(groups)[1:]))]
    written, files = [], []
    for ((source, who), group), suffix in zip(groups.items(), suffixes, strict=True):
        rows, kept = _rows(group, source == "model", options, skipped)
        files.append(target.with_name(target.stem + suffix.replace("/", "_") + target.suffix))
        write_text(files[-1], _csv([*_header(who or _NOBODY, options.template, source == "model"), *rows]))
        written.extend(kept)
    found = counts(written, options.template)
    return WriteReport(tuple(files), found, (*losses, *_losses(written, found)), tuple(skipped))


def _image(path: Path, index: Sequence[str]) -> ImageRef:
    if len(index) == 1 and index[0].isascii() and index[0].isdigit() and len(index[0]) < 10:
        return ImageRef(image_hint(path.stem.split("DLC_")[0]), frame=int(index[0]))  # a table of a video
    return ImageRef(image_hint("/".join(index)).removeprefix(f"{_ROOT}/{_FOLDER}/"))


def _by_scorer(sheet: Sheet, cells: Sequence[str]) -> dict[str, dict[tuple[str, str], str]]:
    result: dict[str, dict[tuple[str, str], str]] = {}
    for column, cell in zip(sheet.columns, cells, strict=True):
        result.setdefault(column.scorer, {})[column.landmark, column.coord] = cell
    return result or {_NOBODY: {}}


def _reading(image: ImageRef, scorer: str, cells: _Cells, messages: list[str]) -> Reading:
    is_model = any(coord == "likelihood" for _, coord in cells)
    points: dict[str, PointState] = {}
    scores: dict[str, float] = {}
    for landmark in dict.fromkeys(name for name, _ in cells):
        x, y, score = (_value(cells.get((landmark, coord), "")) for coord in ("x", "y", "likelihood"))
        if x is not None and y is not None:
            points[landmark] = placed_state(*checked_point(x, y), source="model" if is_model else "reader")
            if score is not None and 0 <= score <= 1:
                scores[landmark] = score
        elif x is not None or y is not None:
            messages.append(f"{image.file_name}: {landmark} has only one coordinate and was left out.")
    who = "" if scorer == _NOBODY else scorer
    if is_model:
        return Reading(image, points, source="model", model_id=who or None, scores=scores)
    return Reading(image, points, who)


def _value(cell: str) -> float | None:
    return None if cell.strip().lower() in ("", "nan", "na") else number(cell)


def _by_reader(readings: Sequence[Reading]) -> dict[tuple[str, str], list[Reading]]:
    groups: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        who = (reading.model_id or "") if reading.source == "model" else reading.reader
        groups.setdefault((reading.source, who), []).append(reading)
    return groups


def _header(scorer: str, template: Template, is_model: bool) -> Iterator[list[str]]:
    coords = ["x", "y", "likelihood"] if is_model else ["x", "y"]
    columns = [(name, coord) for name in template.ids for coord in coords]
    yield ["scorer", "", "", *(scorer for _ in columns)]
    yield ["bodyparts", "", "", *(name for name, _ in columns)]
    yield ["coords", "", "", *(coord for _, coord in columns)]


def _rows(
    group: Sequence[Reading], is_model: bool, options: WriteOptions, skipped: list[tuple[str, str]]
) -> tuple[list[list[str]], list[Reading]]:
    rows: dict[tuple[str, ...], list[str]] = {}
    kept = []
    for reading in group:
        index = _index(reading.image.file_name, options.choices.get("folder", _FOLDER))
        if index in rows:
            skipped.append((reading.image.file_name, "its reader has another picture of that folder and name"))
            continue
        rows[index] = [*index, *(cell for name in options.template.ids for cell in _cells(reading, name, is_model))]
        kept.append(reading)
    return list(rows.values()), kept


def _index(file_name: str, folder: str) -> tuple[str, ...]:
    """DeepLabCut knows exactly one level of folders, under `labeled-data`."""
    *parents, name = file_name.removeprefix(_ROOT + "/").split("/")
    return _ROOT, "_".join(parents) or folder, name


def _cells(reading: Reading, landmark: str, is_model: bool) -> Iterator[str]:
    state = state_of(reading, landmark)
    values = (state.x, state.y, reading.scores.get(landmark)) if is_model else (state.x, state.y)
    return ("" if value is None else repr(float(value)) for value in values)


def _csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _losses(written: Sequence[Reading], found: Mapping[str, int]) -> Iterator[str]:
    if found["estimated"]:
        yield f"{found['estimated']} estimated points became ordinary points: DeepLabCut cannot tell them apart."
    if found["absent"]:
        yield f"{found['absent']} absent points became missing points: DeepLabCut cannot tell them apart."
    by_readers = (reading for reading in written if reading.source == "reader")
    if any(state.decision is Decision.PREDICTED for reading in by_readers for state in reading.points.values()):
        yield "Undecided points became ordinary points: DeepLabCut cannot tell them apart."
    yield "DeepLabCut works with its HDF5 file: run its convertcsv2h5, and put each image where its row says."


FORMAT = Format("deeplabcut", "DeepLabCut CSV", (".csv",), False, read, write)
