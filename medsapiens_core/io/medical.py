"""MHA/MHD, NIfTI and NRRD through SimpleITK: a 2D picture, or one slice of a volume as it is stored (formats.md 1.6).

SimpleITK reads by name only, so it is given a private copy of the bytes that were hashed, under a name of ours.
"""

from __future__ import annotations

import hashlib
import math
import struct
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import psutil
import SimpleITK
from numpy.typing import NDArray

from medsapiens_core.data.image import Image, Provenance, Spacing, SpacingSource
from medsapiens_core.data.sides import PatientSides, sides_of
from medsapiens_core.data.spacing import SpacingCandidate
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import MEMORY_SHARE, SCRATCH_PREFIX, TOO_LARGE_HINT, size_problem
from medsapiens_core.io.raster import ALPHA_NOTE, display_window, on_black
from medsapiens_core.io.refusal import memory_refusal, unreadable
from medsapiens_core.io.sniff import detect
from medsapiens_core.io.source import Source
from medsapiens_core.io.volume_header import HEADER_BYTES, VolumeHeader, parse_volume_header

SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)

_CHUNK = 2**20
_INCOMPLETE_HINT = "Copy or export it again from where it came from."
_TWO_ORIENTATIONS = "The file states two orientations that differ; the sform is used."
_DETACHED_HINT = "Put the header and its one data file into the same folder, with a plain file name in the header."


@dataclass(frozen=True)
class _Slice:
    """Which part of an array is the picture: `axis` None for a 2D file."""

    axis: int | None
    frame: int
    frames: int


def read(source: Source, frame: int | None, axis: int | None) -> Image:
    """Read a picture, or slice `frame` along array axis `axis` (default: see `default_axis`)."""
    header = _checked_header(source)
    part = _choose(source.path, header.shape, frame, axis)
    volume, digest = _decode(source, header)
    notes = [_TWO_ORIENTATIONS] if header.contradicts_itself else []
    pixels = _picture(source.path, _array(volume, header), part, notes)
    provenance = Provenance(
        path=source.path,
        sha256=digest,
        reader=f"SimpleITK {SimpleITK.Version().VersionString()}",
        frame=part.frame,
        frame_count=part.frames,
        axis=part.axis,
        warnings=tuple(notes),
    )
    spacing = _spacing(volume, part.axis, header)
    aspect = spacing.row_mm / spacing.col_mm if spacing else 1.0
    candidates = (SpacingCandidate(spacing, "Header of the volume", is_default=True),) if spacing else ()
    return Image(
        pixels,
        provenance,
        window=display_window(pixels),
        spacing=spacing,
        pixel_aspect=aspect,
        candidates=candidates,
        sides=_sides(volume, part.axis, header),
    )


def probe(source: Source) -> ImageHeader:
    """Size of a slice along the default axis, number of slices, shape of the volume."""
    header = _checked_header(source)
    shape = header.shape
    part = _choose(source.path, shape, None, None)
    rows, columns = (length for number, length in enumerate(shape) if number != part.axis)
    volume = shape if part.frames > 1 else None
    kind = detect(source.head).name
    data = None if header.data_file is None else _detached(source.path, header.data_file)
    return ImageHeader(source.path, kind, columns, rows, part.frames, part.axis, volume, data_file=data)


def content_sha256(source: Source) -> str:
    """The sha256 of the file, or of header and detached data file one after the other."""
    header = _checked_header(source)
    if header.data_file is None:
        return source.sha256
    digest = hashlib.sha256(_read_at(source.stream, 0, source.size))
    digest.update(_detached(source.path, header.data_file).read_bytes())
    return digest.hexdigest()


def default_axis(shape: tuple[int, ...]) -> int:
    """The array axis that slices are counted along: the acquired one (0) unless another has less than half as many."""
    fewest = int(np.argmin(shape))
    return fewest if shape[fewest] * 2 < shape[0] else 0


def _checked_header(source: Source) -> VolumeHeader:
    kind = detect(source.head)
    start = _read_at(source.stream, 0, HEADER_BYTES)
    if kind.gzipped:
        start = zlib.decompressobj(wbits=31).decompress(start, HEADER_BYTES)
    try:
        header = parse_volume_header(kind, start)
    except (KeyError, IndexError, struct.error) as error:
        raise unreadable(source.path, "its header is damaged or of an unknown variant", _INCOMPLETE_HINT) from error
    _check_size(source, header, kind.gzipped)
    return header


def _check_size(source: Source, header: VolumeHeader, gzipped: bool) -> None:
    shape = header.shape
    if len(shape) not in (2, 3):
        raise unreadable(
            source.path, f"it has {len(shape)} dimensions", "Save one volume or one picture of it by itself."
        )
    if header.channels not in (1, 3, 4) or (header.channels > 1 and header.itemsize != 1):
        raise unreadable(source.path, "its pixels are vectors", "Save one component, or an 8-bit RGB picture.")
    pixel_bytes = header.channels * header.itemsize
    rows, columns = sorted(shape)[-2:]
    problem = size_problem(columns, rows, pixel_bytes, min(shape))
    if problem:
        raise unreadable(source.path, problem, TOO_LARGE_HINT)
    if math.prod(shape) * pixel_bytes > MEMORY_SHARE * psutil.virtual_memory().total:
        raise memory_refusal(source.path)
    if header.stored_bytes is not None and not gzipped:
        data = source.path if header.data_file is None else _detached(source.path, header.data_file)
        size = source.size if header.data_file is None else data.stat().st_size
        if size - header.data_offset < header.stored_bytes:
            raise unreadable(source.path, "its data are shorter than the header says", _INCOMPLETE_HINT)


def _detached(path: Path, name: str) -> Path:
    """The data file beside the header. Raises UnreadableImageError for anything but a plain name that is there."""
    name = path.stem + ".img" if name == ".img" else name
    plain = name == Path(name).name and not set(name) & set('/\\:%*?"<>| ') and not name.startswith(".")
    if not plain or name.upper().startswith("LIST"):
        raise unreadable(path, "its header points to a data file in a way that is not followed", _DETACHED_HINT)
    data = path.parent / name
    if not data.is_file() or data.resolve().parent != path.parent.resolve() or data.samefile(path):
        raise unreadable(path, "the data file that belongs to it is not beside it", _DETACHED_HINT)
    return data


def _choose(path: Path, shape: tuple[int, ...], frame: int | None, axis: int | None) -> _Slice:
    if len(shape) == 2:
        if axis is not None or frame not in (None, 0):
            raise unreadable(path, "it has only one picture", "Leave the slice out.")
        return _Slice(None, 0, 1)
    flat = [number for number, length in enumerate(shape) if length == 1]
    chosen = axis if axis is not None else (flat[0] if flat else default_axis(shape))
    if not 0 <= chosen <= 2:
        raise unreadable(path, f"there is no axis {chosen}", "Choose 0 (slices), 1 (rows) or 2 (columns).")
    number = shape[chosen] // 2 if frame is None else frame
    if not 0 <= number < shape[chosen]:
        raise unreadable(path, f"there is no slice {number + 1}", f"Choose a slice from 1 to {shape[chosen]}.")
    return _Slice(chosen, number, shape[chosen])


def _decode(source: Source, header: VolumeHeader) -> tuple[Any, str]:
    """The SimpleITK image, and the sha256 of all bytes it came from."""
    kind, digest = detect(source.head), source.sha256
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX) as folder:
        target = Path(folder) / _private_name(kind.name, header)
        if header.data_file is not None:
            data = _detached(source.path, header.data_file).read_bytes()
            digest = hashlib.sha256(_read_at(source.stream, 0, source.size) + data).hexdigest()
            (target.with_suffix(".img") if kind.name == "nifti" else Path(folder) / header.data_file).write_bytes(data)
        _copy(source, target, header, kind.gzipped)
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(target))
        return reader.Execute(), digest


def _private_name(kind: str, header: VolumeHeader) -> str:
    attached, detached = {"metaimage": (".mha", ".mhd"), "nrrd": (".nrrd", ".nhdr"), "nifti": (".nii", ".hdr")}[kind]
    return "medsapiens-volume" + (attached if header.data_file is None else detached)


def _copy(source: Source, target: Path, header: VolumeHeader, gzipped: bool) -> None:
    source.stream.seek(0)
    expected = header.data_offset + (header.stored_bytes or 0)
    inflater = zlib.decompressobj(wbits=31)
    with target.open("wb") as handle:
        while chunk := source.stream.read(_CHUNK):
            if not gzipped:
                handle.write(chunk)
                continue
            while chunk and handle.tell() < expected:
                handle.write(inflater.decompress(chunk, _CHUNK))
                chunk = inflater.unconsumed_tail
        if gzipped and handle.tell() < expected:
            raise unreadable(source.path, "its data are shorter than the header says", _INCOMPLETE_HINT)


def _array(volume: Any, header: VolumeHeader) -> NDArray[Any]:
    """The values in the shape of the header, with the channels last where there are several."""
    channels = (header.channels,) if header.channels > 1 else ()
    array: NDArray[Any] = SimpleITK.GetArrayViewFromImage(volume)
    return array.reshape(*header.shape, *channels)


def _picture(path: Path, array: NDArray[Any], part: _Slice, notes: list[str]) -> NDArray[Any]:
    picture = np.array(array if part.axis is None else np.take(array, part.frame, axis=part.axis))
    if picture.ndim == 3 and picture.shape[2] == 4:
        notes.append(ALPHA_NOTE)
        return on_black(picture[..., :3], picture[..., 3])
    if picture.dtype.kind not in "uif":
        raise unreadable(path, "its pixels are complex numbers", "Save their magnitude as an image of its own.")
    return picture


def _spacing(volume: Any, axis: int | None, header: VolumeHeader) -> Spacing | None:
    """(row, column) of the slice; None when the header states 1 everywhere and no direction, which means nothing."""
    lengths = tuple(reversed(volume.GetSpacing()[: len(header.shape)]))
    straight = np.array_equal(volume.GetDirection(), np.eye(volume.GetDimension()).ravel())
    if all(length == 1.0 for length in lengths) and (straight or not header.coded):
        return None
    row_mm, col_mm = (length for number, length in enumerate(lengths) if number != axis)
    try:
        return Spacing(row_mm, col_mm, SpacingSource.HEADER if header.coded else SpacingSource.UNKNOWN)
    except ValueError:
        return None


def _sides(volume: Any, axis: int | None, header: VolumeHeader) -> PatientSides | None:
    """From the directions of a volume's axes; None for a 2D file, and where the header says nothing of them."""
    directions = np.array(volume.GetDirection()).reshape(volume.GetDimension(), -1)
    if axis is None or len(directions) != 3 or not header.coded or header.contradicts_itself:
        return None
    if header.is_unit_by_default and np.array_equal(directions, np.eye(3)):
        return None
    rows, columns = (2 - number for number in range(3) if number != axis)  # array axes count from the other end
    return sides_of(directions[:, columns].tolist(), directions[:, rows].tolist())


def _read_at(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    return stream.read(length)
