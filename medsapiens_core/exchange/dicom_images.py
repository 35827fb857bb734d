"""The DICOM image that a report or presentation state refers to, and its limits for points."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import ImageRef
from medsapiens_core.exchange.convention import Convention, Point, Size, from_image
from medsapiens_core.io.dicom_file import integer, open_dicom
from medsapiens_core.io.refusal import guarded, unreadable
from medsapiens_core.io.sniff import detect
from medsapiens_core.io.source import open_source

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_MAY_BE_EMPTY = (
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)


@dataclass(frozen=True, eq=False)
class DicomImage:
    """A header without pixels, with every element that a derived object takes over, of the file `path`.

    `size` is columns and rows, `frame` the one meant (0-based) of `frames`, `samples` 3 for colour.
    """

    path: Path
    header: Dataset
    size: Size
    frame: int
    frames: int
    samples: int

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.header.SOPInstanceUID)

    @property
    def frame_numbers(self) -> list[int] | None:
        """The frame as DICOM counts, from 1; None for a file with one frame, which must not be given a number."""
        return [self.frame + 1] if self.frames > 1 else None


def open_image(ref: ImageRef) -> DicomImage:
    """Read the header of `ref.path`. Raises UserError when it is no DICOM image, lacks an element or does not fit."""
    if ref.path is None:
        raise UserError("the image was not found on this computer")
    with guarded(ref.path, []), open_source(ref.path, hashed=False) as source:
        if detect(source.head).name != "dicom":
            raise unreadable(ref.path, "it did not come as DICOM", "Choose another format for it, or its DICOM file.")
        file = open_dicom(source)
        header, frames, samples = file.dataset, file.frames, integer(file.dataset, "SamplesPerPixel", 1)
        size = integer(header, "Columns", 0), integer(header, "Rows", 0)
    image = DicomImage(ref.path, _completed(header), size, ref.frame, frames, samples)
    _check_fit(image, ref)
    return image


def corner_point(x: float, y: float, size: Size) -> Point | None:
    """(column, row) from the corner of the first pixel, None outside of the image; highdicom checks neither."""
    column, row = from_image(x, y, size, Convention.CORNER)
    inside = 0 <= column <= size[0] and 0 <= row <= size[1]  # false for NaN too
    return (column, row) if inside else None


def _completed(header: Dataset) -> Dataset:
    missing = [keyword for keyword in _NEEDED if not header.get(keyword)]
    missing += [] if "PatientID" in header else ["PatientID"]
    if missing:
        raise UserError(f"the image lacks {', '.join(missing)}, which every object of its study must repeat")
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, "")
    return header


def _check_fit(image: DicomImage, ref: ImageRef) -> None:
    if not 0 <= image.frame < image.frames:
        raise UserError(f"the image has no frame {image.frame + 1}")
    if ref.sop_instance_uid not in (None, image.uid):
        raise UserError("the file at this place is now another image (its SOP Instance UID has changed)")
    if (ref.width or image.size[0], ref.height or image.size[1]) != image.size:
        raise UserError("the file at this place has another size than the image that was read")
