"""What can be said of an image file without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ImageHeader:
    """Kind and size of an image file.

    `kind` is dicom, png, jpeg, bmp, tiff, metaimage, nifti or nrrd. `width`, `height` are those of one picture as
    `read_image` gives it (EXIF turn applied). `frames` is the number of frames of a film or page file, or of slices
    along `axis` of a volume; `shape` is the array shape (slices, rows, columns) of a volume, None for all else.
    `data_file` is the file beside a detached header that holds its pixels. `look` says of a DICOM file why a person
    must look at the picture before it is shared, None where the file rules burned-in text out; other files say nothing.
    """

    path: Path
    kind: str
    width: int
    height: int
    frames: int = 1
    axis: int | None = None
    shape: tuple[int, ...] | None = None
    modality: str = ""
    data_file: Path | None = None
    sop_instance_uid: str | None = None
    look: str | None = None

    @property
    def needs_choice(self) -> bool:
        """True when the file holds more than one picture, so that a person should choose."""
        return self.frames > 1
