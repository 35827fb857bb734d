"""Readings and their pictures as they may leave the house: nothing in them names a patient or a reader.

Headers are cleaned by `deidentify`; text that is burned into a picture only a person can see, so every picture that may
show some must be looked at first (ux.md M35, reliability.md P7 and P8). Names stand for the same person, picture and
subject in every export of a project.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from medsapiens_core import decoding
from medsapiens_core.decoding import probe, read_image
from medsapiens_core.deidentify.burned_in import UNKNOWN
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ImageRef, Reading, WriteOptions
from medsapiens_core.exchange.files import write_bytes
from medsapiens_core.store.files import sha256_file
from medsapiens_core.transfer.reports import check_free, write_with_report

Pixels = Literal["looked-at", "leave-out"]
Key = tuple[Path, int, int | None]
_NAMING_CHOICES = ("verifier", "organisation", "creator", "project")
_FOLDER = ".images"


@dataclass(frozen=True)
class ToLookAt:
    """A picture that may show a name in its pixels, and why. `name` is its file's, for the person who looks."""

    name: str
    path: Path
    warning: str


@dataclass(frozen=True, eq=False)
class CleanBatch:
    """Readings that refer to clean copies. `left_out` are (file name, reason), for the screen, never for a file."""

    batch: Batch
    pictures: int
    left_out: tuple[tuple[str, str], ...]


def pictures_to_look_at(batch: Batch) -> list[ToLookAt]:
    """Every picture of the batch whose file does not rule out burned-in text, in the batch's order."""
    found: dict[Path, ToLookAt] = {}
    for path in dict.fromkeys(reading.image.path for reading in batch.readings if reading.image.path is not None):
        try:
            header = probe(path)
        except UserError:
            continue  # what cannot be read is left out, and told, when it is copied
        warning = header.look if header.kind == "dicom" else UNKNOWN
        if warning is not None:
            found[path] = ToLookAt(path.name, path, warning)
    return list(found.values())


def export_deidentified(
    batch: Batch,
    target: Path,
    form: Format,
    options: WriteOptions,
    pseudonyms: Pseudonyms,
    *,
    pixels: Pixels | None = None,
    without: Collection[str] = (),
    messages: tuple[str, ...] = (),
) -> tuple[dict[str, Any], CleanBatch]:
    """Write clean copies into the folder `<target>.images`, the readings that refer to them, and the report.

    `pixels` says what was done about burned-in text; without it every picture that may show some is a reason to
    refuse. `without` are names of pictures that stay here. Raises UserError; then nothing is left behind.
    """
    refused = [choice for choice in _NAMING_CHOICES if choice in options.choices]
    if refused:
        raise UserError(f"The option {refused[0]} would name people in a de-identified export. Leave it out.")
    check_free(target)
    folder = target.with_name(target.name + _FOLDER)
    check_free(folder)
    wanted, left_out = _without(batch, without)
    if pixels != "looked-at":
        wanted, unseen = _seen_only(wanted, pixels)
        left_out += unseen
    try:
        clean = _clean(wanted, folder, pseudonyms, left_out, looked_at=pixels == "looked-at")
        if not clean.batch.readings:
            raise UserError("Every picture was left out, so nothing was written.")
        more = {"deidentified": {"pictures": clean.pictures, "folder": folder.name, "pixels": pixels or "ruled out"}}
        kept = (*messages, *(f"A picture was left out: {reason}" for _, reason in clean.left_out))
        _, told = write_with_report(clean.batch, target, form, options, kept, more=more)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return told, clean


def _without(batch: Batch, names: Collection[str]) -> tuple[Batch, list[tuple[str, str]]]:
    known = {reading.image.path.name for reading in batch.readings if reading.image.path is not None}
    strangers = [name for name in names if name not in known]
    if strangers:
        raise UserError(f"There is no picture {strangers[0]} among the cases. Check --without.")
    kept = tuple(r for r in batch.readings if r.image.path is None or r.image.path.name not in names)
    return replace(batch, readings=kept), [(name, "it was to stay here.") for name in sorted(names)]


def _seen_only(batch: Batch, pixels: Pixels | None) -> tuple[Batch, list[tuple[str, str]]]:
    unseen = pictures_to_look_at(batch)
    if unseen and pixels is None:
        shown = ", ".join(picture.name for picture in unseen[:10]) + (" ..." if len(unseen) > 10 else "")
        count = f"{len(unseen)} pictures" if len(unseen) > 1 else "1 picture"
        raise UserError(
            f"Text burned into the picture cannot be ruled out in {count}: {shown}. Look at each of them. Leave those "
            "that name somebody here with --without NAME, then say --pixels looked-at; or leave all of them here with "
            "--pixels leave-out."
        )
    paths = {picture.path for picture in unseen}
    kept = tuple(reading for reading in batch.readings if reading.image.path not in paths)
    return replace(batch, readings=kept), [(p.name, "nobody has looked at its pixels.") for p in unseen]


def _clean(
    batch: Batch, folder: Path, pseudonyms: Pseudonyms, left_out: list[tuple[str, str]], *, looked_at: bool
) -> CleanBatch:
    copies: dict[Key, ImageRef | None] = {}
    readings: list[Reading] = []
    for reading in batch.readings:
        path, frame, axis = reading.image.path, reading.image.frame, reading.image.axis
        if path is None:
            left_out.append((reading.image.file_name, "its picture is not known."))
            continue
        key = (path, frame, axis)
        if key not in copies:
            try:
                copies[key] = clean_copy(reading.image, path, folder, pseudonyms, looked_at=looked_at)
            except UserError as error:
                copies[key] = None
                left_out.append((path.name, str(error).removeprefix(f"{path.name}: ")))
        image = copies[key]
        if image is not None:
            readings.append(_said(reading, image, pseudonyms))
    files = {image.path for image in copies.values() if image is not None}
    return CleanBatch(Batch(tuple(readings), batch.landmarks, batch.messages), len(files), tuple(left_out))


def _said(reading: Reading, image: ImageRef, pseudonyms: Pseudonyms) -> Reading:
    """The reading of the copy: no name, note, time, or anything that another tool once wrote beside it."""
    reader = pseudonyms.person(reading.reader)
    return replace(reading, image=image, reader=reader, note="", decided_utc=None, extra={})


def clean_copy(ref: ImageRef, path: Path, folder: Path, pseudonyms: Pseudonyms, *, looked_at: bool) -> ImageRef:
    """Copy one picture, DICOM as DICOM with all its frames; of all else the pixels of the case alone.

    The reference that comes back is about the copy: names, hashes and identifiers stand for the real ones. Raises
    UserError when the picture cannot be cleaned.
    """
    from medsapiens_core.deidentify.picture import plain_picture  # slow to load, and the window knows this module

    subject = pseudonyms.subject(f"group {ref.subject}")
    if probe(path).kind == "dicom":
        stem = f"P-{pseudonyms.short('picture', ref.sha256 or path.as_posix())}"
        target = folder / f"{stem}.dcm"
        copy = decoding.clean_copy(path, pseudonyms, subject=subject, looked_at=looked_at)
        write_bytes(target, copy.data)
        found = replace(ref, path=target, sop_instance_uid=copy.sop_instance_uid, subject=copy.subject)
    else:
        stem = f"P-{pseudonyms.short('picture', f'{ref.sha256} {ref.frame} {ref.axis}')}"
        image = read_image(path, frame=ref.frame, axis=ref.axis)
        written = plain_picture(image, folder / stem)
        found = replace(ref, path=written, frame=0, axis=None, sop_instance_uid=None, subject=subject)
    assert found.path is not None
    identity = f"{ref.sha256} {ref.frame} {ref.axis}"
    return replace(
        found,
        file_name=found.path.name,
        sha256=sha256_file(found.path),
        pixel_sha256=None,
        image_id=pseudonyms.uuid("image", identity),
    )
