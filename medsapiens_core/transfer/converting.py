"""From one format to another, without a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, Reading, WriteOptions
from medsapiens_core.transfer.pictures import PictureFolder, described
from medsapiens_core.transfer.reading import read_file, swap_warnings
from medsapiens_core.transfer.reports import check_free, write_with_report


def convert_file(
    source: Path,
    target: Path,
    read_as: Format,
    write_as: Format,
    *,
    images: Path | None = None,
    template: Template | None = None,
    map_file: Path | None = None,
    choices: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Convert, and return the report. Readings whose picture has another size are left out and told in `problems`.

    Raises UserError when nothing can be read or written; then no file appears.
    """
    check_free(target)
    folder = PictureFolder(images)
    found = read_file(source, read_as, template, find_image=folder.find, choices=choices, map_file=map_file)
    readings, problems, notes = _with_pictures(found.batch, folder if images else None)
    if problems and not readings:
        raise UserError(problems[0])
    batch = replace(found.batch, readings=tuple(readings))
    messages = [*found.batch.messages, *notes, *swap_warnings(batch, found.template)]
    options = WriteOptions(found.template, choices or {})
    _, told = write_with_report(batch, target, write_as, options, [*messages, *problems])
    return {"from": read_as.name, **told, "messages": messages, "problems": problems}


def _with_pictures(batch: Batch, folder: PictureFolder | None) -> tuple[list[Reading], list[str], list[str]]:
    """Readings with what their pictures say, problems, and a note for each picture that is not there."""
    readings, problems, notes = [], [], []
    for reading in batch.readings:
        try:
            image = None if folder is None else folder.read(reading.image)
            known = reading.image if image is None else described(reading.image, image)
        except UserError as error:
            problems.append(str(error))
            continue
        if image is None and folder is not None:
            notes.append(f"{reading.image.file_name}: no such picture in the folder, or several of that name.")
        readings.append(replace(reading, image=known))
    return readings, problems, notes
