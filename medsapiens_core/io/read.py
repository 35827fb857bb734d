"""The one door for image files: tell the kind by content, refuse with a reason, or return an `Image`."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Protocol

from medsapiens_core.data.image import Image
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.refusal import guarded, quiet_library_logs, unreadable
from medsapiens_core.io.sniff import detect
from medsapiens_core.io.source import Source, open_source

_VOLUMES = ("metaimage", "nifti", "nrrd")
_KINDS_HINT = "It reads DICOM, PNG, JPEG, TIFF, BMP, NIfTI, MHA/MHD and NRRD."

quiet_library_logs()


class _Reader(Protocol):
    """A module that reads one family of formats."""

    def read(self, source: Source, frame: int | None, axis: int | None, /) -> Image: ...

    def probe(self, source: Source, /) -> ImageHeader: ...


def read_image(path: str | PathLike[str], *, frame: int | None = None, axis: int | None = None) -> Image:
    """Read one picture.

    `frame` counts from 0: the frame of a film, the page of a TIFF, or the slice along `axis` (array axis 0, 1 or 2:
    slices, rows, columns) of a volume. Without them a volume gives the middle slice of its acquired direction and all
    else its first frame. Raises UnreadableImageError; its message names the file, the reason and a remedy.
    """
    location = Path(path)
    notes: list[str] = []
    with guarded(location, notes), open_source(location) as source:
        image = _reader_for(source).read(source, frame, axis)
    provenance = image.provenance
    return replace(image, provenance=replace(provenance, warnings=(*provenance.warnings, *notes)))


def probe(path: str | PathLike[str]) -> ImageHeader:
    """Read only the header. Raises UnreadableImageError for what is no image or is refused for its header."""
    location = Path(path)
    with guarded(location, []), open_source(location, hashed=False) as source:
        return _reader_for(source).probe(source)


def file_sha256(path: str | PathLike[str]) -> str:
    """The sha256 that `read_image` puts into the provenance of this file. Raises UnreadableImageError."""
    location = Path(path)
    with guarded(location, []), open_source(location) as source:
        return _content_sha256(source)


def _content_sha256(source: Source) -> str:
    if detect(source.head).name not in _VOLUMES:
        return source.sha256
    from medsapiens_core.io import medical

    return medical.content_sha256(source)


def _reader_for(source: Source) -> _Reader:
    """The reader, loaded when first needed: together they take most of a second, which the window does not wait for."""
    kind = detect(source.head)
    if kind.name == "dicom":
        from medsapiens_core.io import dicom

        return dicom
    if kind.name in _VOLUMES:
        from medsapiens_core.io import medical

        return medical
    if kind.name == "tiff":
        from medsapiens_core.io import tiff

        return tiff
    if kind.name:
        from medsapiens_core.io import raster

        return raster
    raise unreadable(source.path, f"this is {kind.foreign}, which the program does not read", _KINDS_HINT)
