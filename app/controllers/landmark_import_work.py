"""What an import of landmarks asks of the core: plain functions that run on a lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.session.import_state import FilesAnswer, NameRow, PicturePreview
from app.thumbnails import make_thumbnail
from medsapiens_core.data.template import Template
from medsapiens_core.decoding import read_image
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch
from medsapiens_core.exchange.csv_table import write_table
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.mapping import Names, match_names, rename
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.importing import ImportPlan, apply_import
from medsapiens_core.transfer.label_files import GoOn, LabelFiles, read_label_files
from medsapiens_core.transfer.sources import CaseFinder, source_of
from medsapiens_core.transfer.suggesting import settled, suggestions

FILM_SIDE = 900  # pixels of the longer side of the picture in the preview


def read_files(project: Project, answer: FilesAnswer, go_on: GoOn) -> LabelFiles:
    """Read all files; each that cannot be read is told."""
    finder = CaseFinder(project, None)
    return read_label_files(
        [Path(path) for path in answer.paths],
        find_format(answer.format),
        project.template,
        find_image=finder.find,
        choices=answer.options,
        go_on=go_on,
    )


def unclear_names(batch: Batch, template: Template) -> tuple[str, ...]:
    """Names that are no landmark of the template, and such that mean the same one, in the file's order."""
    found = {name: match_names([name], template).landmarks.get(name) for name in batch.landmarks}
    times = Counter(found.values())
    return tuple(name for name, mark in found.items() if mark is None or times[mark] > 1)


def name_rows(batch: Batch, template: Template, given: Mapping[str, str]) -> tuple[NameRow, ...]:
    """The unclear names with what may be meant; `given` is what a person has said so far."""
    unclear = unclear_names(batch, template)
    clear = match_names([name for name in batch.landmarks if name not in set(unclear)], template).landmarks
    taken = {**clear, **given}
    open_names = [name for name in unclear if name not in given]
    offers, best = suggestions(open_names, template, taken), settled(open_names, template, taken)
    counts = Counter(name for reading in batch.readings for name in reading.points)
    return tuple(
        NameRow(name, counts[name], given.get(name), offers.get(name, ()), best.get(name, "")) for name in unclear
    )


def understood(batch: Batch, template: Template, given: Mapping[str, str]) -> tuple[Batch, Names]:
    """The batch by landmark ids. Raises UserError when two names mean the same landmark."""
    names = match_names(batch.landmarks, template, given)
    return rename(batch, names), names


def names_problem(batch: Batch, template: Template, given: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    """How many unclear names are open, and the landmarks that several names would mean."""
    unclear = unclear_names(batch, template)
    still_open = sum(name not in given for name in unclear)
    known = {name: mark for name in batch.landmarks for mark in match_names([name], template).landmarks.values()}
    meant = Counter(mark for name in batch.landmarks if (mark := given.get(name, known.get(name, ""))))
    names = {mark.id: mark.name for mark in template.landmarks}
    return still_open, tuple(names[mark] for mark, count in meant.items() if count > 1)


def save_map(path: Path, given: Mapping[str, str]) -> None:
    """Write a map file as `--map` takes it: JSON by its suffix, else CSV."""
    if path.suffix.lower() == ".json":
        write_text(path, dump_json(dict(given)))
    else:
        write_table(path, ("name", "landmark"), ([name, landmark] for name, landmark in given.items()))


def source_told(answer: FilesAnswer, given: Mapping[str, str]) -> dict[str, Any]:
    """What the audit log keeps of the import: hashes and options, no names of files."""
    told = [source_of(Path(path), answer.format, answer.options, None) for path in answer.paths]
    more = {"files_sha256": [one["file_sha256"] for one in told]} if len(told) > 1 else {}
    return {**told[0], "names": dict(given), **more}


def write_plan(
    project: Project, plan: ImportPlan, answer: FilesAnswer, given: Mapping[str, str], go_on: GoOn
) -> tuple[str, int]:
    """Store the plan; the id of the import and how many cases were written."""
    written = 0

    def ask(done: int, total: int) -> bool:
        nonlocal written
        written = done
        goes = go_on(done, total)
        if goes:
            written = done + 1
        return goes

    batch = apply_import(project, plan, source_told(answer, given), answer.reader or None, go_on=ask)
    return batch, written


def film(row: CaseRow, number: int) -> PicturePreview:
    """The film of a case, small."""
    try:
        image = read_image(row.path, frame=row.frame, axis=row.axis)
    except UserError as error:
        return PicturePreview(number, None, problem=str(error))
    grey = make_thumbnail(replace(image, spacing=row.spacing), FILM_SIDE)
    return PicturePreview(number, grey, (grey.shape[1] / image.width, grey.shape[0] / image.height))


def cases_of(project: Project, chosen: Mapping[int, int]) -> dict[int, CaseRow | None]:
    """Reading number -> the case that a person named, None where it is left out."""
    return {position: project.cases.get(case_id) if case_id else None for position, case_id in chosen.items()}
