"""DICOM Structured Report (TID 1500): one measurement group for each landmark (formats.md 6).

One report is written for each reading, `<image name>.sr.dcm`, and only for images that came as DICOM; `ImageRef.path`
must say where they lie. A report that already lies there becomes the predecessor of the new one.
Choices for writing: `undecided=include`; `project` (text that keeps marks of two projects apart); `verifier` and
`organisation` (both: verified reports); `series_number`. Reading takes a file or a folder; `find_image` is asked with
the SOP Instance UID.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, Reading, ReadOptions, WriteOptions, WriteReport
from medsapiens_core.exchange.dicom_images import open_image
from medsapiens_core.exchange.dicom_output import library_calls
from medsapiens_core.exchange.dicom_sr_document import DocumentSettings, sr_document
from medsapiens_core.exchange.dicom_sr_groups import Source, landmark_groups
from medsapiens_core.exchange.dicom_sr_read import read_document
from medsapiens_core.exchange.dicom_sr_readings import ReportContent, as_batch, is_report, read_report
from medsapiens_core.exchange.one_by_one import write_each

SUFFIX = ".sr.dcm"
_REFUSED = "the header of the image does not allow a report"
_REPORT_CLASSES = "1.2.840.10008.5.1.4.1.1.88."


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one report for each reading into the folder `target`; what cannot be written is in the report's `skipped`.

    Raises EnvironmentProblemError when the folder cannot be written to.
    """
    return write_each(batch, target, options, FORMAT, SUFFIX).report()


def make(reading: Reading, options: WriteOptions, number: int, earlier: Path | None) -> MadeFile:
    """The report of one reading. Raises UserError when its image or its points do not allow one."""
    image = open_image(reading.image)
    source = Source(reading, image, options.template, options.choices.get("project", ""))
    settings = replace(_settings(options), number=number, previous=_previous(earlier, source))
    stream = io.BytesIO()
    with library_calls(image.path, _REFUSED, "Choose another format for it."):
        marks = landmark_groups(source)
        if not marks.groups:
            raise UserError("there is no landmark to write")
        sr_document(source, marks.groups, settings).save_as(stream)
    return MadeFile(stream.getvalue(), marks.losses, marks.rounding_px)


def _settings(options: WriteOptions) -> DocumentSettings:
    choices = options.choices
    try:
        series_number = int(choices.get("series_number", DocumentSettings.series_number))
    except ValueError as error:
        raise UserError("The series number must be a whole number.") from error
    return DocumentSettings(
        options.product, series_number, 1, choices.get("verifier", ""), choices.get("organisation", "")
    )


def _previous(path: Path | None, source: Source) -> Dataset | None:
    """The report that lies at this place, when it is one of the same study."""
    if path is None:
        return None
    try:
        earlier = read_document(path)
    except UserError:
        return None
    same_study = earlier.get("StudyInstanceUID") == source.image.header.StudyInstanceUID
    return earlier if same_study and is_report(earlier) else None


def read(path: Path, options: ReadOptions) -> Batch:
    """Read one report, or every report under a folder.

    Raises UserError for a damaged report, or when there is none; in a folder a damaged one becomes a message.
    """
    if not path.is_dir():
        return as_batch([read_report(path, options)])
    root = path.resolve()
    inside = (file for file in sorted(path.rglob("*")) if file.resolve().is_relative_to(root))  # links may lead out
    reports = [file for file in inside if _is_report_file(file)]
    if not reports:
        raise UserError(f"{path.name}: there is no DICOM report in this folder.")
    return as_batch([_read_or_say_why(file, options) for file in reports])


def _read_or_say_why(path: Path, options: ReadOptions) -> ReportContent:
    try:
        return read_report(path, options)
    except UserError as error:
        return ReportContent((), (str(error),))


def _is_report_file(file: Path) -> bool:
    """True for a DICOM file whose first bytes say that it is a report; images are not read any further."""
    if file.name.startswith(".") or not file.is_file():
        return False
    with file.open("rb") as stream:
        if stream.read(132)[128:] != b"DICM":
            return False
    try:
        with library_calls(file, "it is not DICOM", ""):
            meta = read_file_meta_info(file)
            return str(meta.get("MediaStorageSOPClassUID", "")).startswith(_REPORT_CLASSES)
    except UserError:
        return False


FORMAT = Format("dicom-sr", "DICOM Structured Report (TID 1500)", (".dcm",), True, read, write, make)
