"""Decode one frame of a DICOM file to its stored values (formats.md 1.3 and step 1 and 5 of 1.4)."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import as_pixel_options

from medsapiens_core.io.codestream import codestream_size, has_end_marker, is_clean_jpeg
from medsapiens_core.io.dicom_file import UNDEFINED_LENGTH, DicomFile, compression, integer
from medsapiens_core.io.dicom_palette import palette_colours
from medsapiens_core.io.jpeg12 import decode_jpeg12
from medsapiens_core.io.limits import TOO_LARGE_HINT, size_problem
from medsapiens_core.io.refusal import compressed, cut_short, unreadable

_INCOMPLETE_HINT = "Copy or export it again from where it came from."
_DAMAGED_HINT = "Export it again, if you can without compression."

# The first of these that is installed decodes; "" is pydicom's own for plain data. A second one is not tried on data
# that the first refused: damaged data end the whole process in GDCM (formats.md 1.1, 1.3).
_J2K_PLUGINS = ("pylibjpeg", "pillow")
_PLUGINS: dict[str, tuple[str, ...]] = {
    uid.ImplicitVRLittleEndian: ("",),
    uid.ExplicitVRLittleEndian: ("",),
    uid.ExplicitVRBigEndian: ("",),
    uid.DeflatedExplicitVRLittleEndian: ("",),
    uid.RLELossless: ("pydicom",),
    uid.JPEGBaseline8Bit: ("pillow", "gdcm"),
    uid.JPEGExtended12Bit: ("pillow", "gdcm"),
    uid.JPEGLossless: ("gdcm",),
    uid.JPEGLosslessSV1: ("gdcm",),
    uid.JPEGLSLossless: ("pyjpegls", "gdcm"),
    uid.JPEGLSNearLossless: ("pyjpegls", "gdcm"),
    uid.JPEG2000Lossless: _J2K_PLUGINS,
    uid.JPEG2000: _J2K_PLUGINS,
    uid.HTJ2KLossless: ("pylibjpeg",),
    uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
    uid.HTJ2K: ("pylibjpeg",),
}
_PHOTOMETRIC = {
    1: {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"},
    3: {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"},
}
_GDCM_ONLY = (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
RLE_BEST_RATIO = 64  # two bytes stand for at most 128


def decode_frame(file: DicomFile, frame: int) -> NDArray[Any]:
    """Return the stored values of `frame` (0-based): (H, W) integers or (H, W, 3) RGB uint8."""
    check_header(file)
    if not 0 <= frame < file.frames:
        raise unreadable(file.path, f"there is no frame {frame + 1}", f"Choose a frame from 1 to {file.frames}.")
    _check_data(file, frame)
    decoded, photometric = _decode(file, frame)
    native = np.ascontiguousarray(decoded.astype(decoded.dtype.newbyteorder("="), copy=False))
    if photometric == "PALETTE COLOR":
        return palette_colours(native, file.dataset, file.syntax.is_little_endian)
    if native.ndim == 3:
        return _to_uint8_colour(native, integer(file.dataset, "BitsStored", 8))
    return _meaningful_bits(native, file)


def check_header(file: DicomFile) -> None:
    """Refuse a header that no decoder should be given: unknown syntax, odd bit depth, too large."""
    header = file.dataset
    if str(file.syntax) not in _PLUGINS:
        raise compressed(file.path, *compression(file.syntax))
    samples, bits = integer(header, "SamplesPerPixel", 1), integer(header, "BitsAllocated", 0)
    photometric = str(header.get("PhotometricInterpretation", ""))
    if photometric not in _PHOTOMETRIC.get(samples, ()):
        raise unreadable(file.path, "its colour model cannot be read", "Export it as greyscale or RGB.")
    if bits not in (1, 8, 16, 32) or (samples == 3 and bits == 1):
        raise unreadable(file.path, "its number of bits per pixel cannot be read", "Export it with 8 or 16 bits.")
    if not 1 <= integer(header, "BitsStored", bits) <= bits:
        raise unreadable(file.path, "its header contradicts itself (Bits Stored)", _DAMAGED_HINT)
    size = integer(header, "Columns", 0), integer(header, "Rows", 0)
    problem = size_problem(*size, max(bits // 8, 1) * samples, file.frames)
    if problem:
        raise unreadable(file.path, problem, TOO_LARGE_HINT)


def _frame_bits(file: DicomFile) -> int:
    header = file.dataset
    pixels = integer(header, "Columns", 0) * integer(header, "Rows", 0)
    samples = 2 if header.get("PhotometricInterpretation") == "YBR_FULL_422" else integer(header, "SamplesPerPixel", 1)
    return pixels * samples * integer(header, "BitsAllocated", 0)


def _check_data(file: DicomFile, frame: int) -> None:
    if file.syntax.is_encapsulated:
        _check_encapsulated(file, frame)
        return
    if file.length == UNDEFINED_LENGTH:
        raise unreadable(file.path, "its pixel data have no length", _DAMAGED_HINT)
    needed = (_frame_bits(file) * (frame + 1) + 7) // 8
    there = min(file.length, file.size - file.offset)
    if there < needed:
        raise cut_short(file.path, max(there, 0), needed)


def _check_encapsulated(file: DicomFile, frame: int) -> None:
    if file.length != UNDEFINED_LENGTH:
        raise unreadable(file.path, "its compressed pixel data are not packed by the rules", _DAMAGED_HINT)
    whole, complete = _count_fragments(file)
    if not complete and whole <= frame + 1:  # the first item is the offset table
        raise unreadable(file.path, "its pixel data end too early", _INCOMPLETE_HINT)
    data = _encapsulated_frame(file, frame)
    if file.syntax == uid.RLELossless:
        if len(data) * RLE_BEST_RATIO * 8 < _frame_bits(file):
            raise unreadable(file.path, "its pixel data are shorter than the header says", _INCOMPLETE_HINT)
        return
    _check_codestream(file, data)


def _encapsulated_frame(file: DicomFile, frame: int) -> bytes:
    file.stream.seek(file.offset)
    offsets = as_pixel_options(file.dataset).get("extended_offsets")
    data: bytes = get_frame(file.stream, frame, number_of_frames=file.frames, extended_offsets=offsets)
    return data


def _check_codestream(file: DicomFile, data: bytes) -> None:
    size = codestream_size(data)
    expected = integer(file.dataset, "Columns", 0), integer(file.dataset, "Rows", 0)
    if size is not None and size != expected:
        raise unreadable(file.path, "its pixel data have another size than the header says", _DAMAGED_HINT)
    if file.syntax in _GDCM_ONLY and not is_clean_jpeg(data, integer(file.dataset, "SamplesPerPixel", 1)):
        raise unreadable(file.path, "its compressed pixel data are damaged", _DAMAGED_HINT)
    if not has_end_marker(data):
        raise unreadable(file.path, "its pixel data end too early", _INCOMPLETE_HINT)


def _count_fragments(file: DicomFile) -> tuple[int, bool]:
    """How many items lie wholly in the file, and whether the list ends as it should (or with the file's last byte)."""
    position, count = file.offset, 0
    while position + 8 <= file.size:
        file.stream.seek(position)
        group, element, length = struct.unpack("<HHI", file.stream.read(8))
        if (group, element) == (0xFFFE, 0xE0DD):
            return count, True
        if (group, element) != (0xFFFE, 0xE000) or position + 8 + length > file.size:
            return count, False
        position, count = position + 8 + int(length), count + 1
    return count, position == file.size


def _decode(file: DicomFile, frame: int) -> tuple[NDArray[Any], str]:
    options = as_pixel_options(file.dataset, pixel_keyword="PixelData", pixel_vr=file.vr)
    if file.syntax == uid.JPEGExtended12Bit and options["bits_stored"] == 12 and options["samples_per_pixel"] == 1:
        codestream = _encapsulated_frame(file, frame)
        return decode_jpeg12(codestream, options["columns"], options["rows"]), options["photometric_interpretation"]
    decoder = get_decoder(file.syntax)
    plugin = next(name for name in _PLUGINS[str(file.syntax)] if not name or name in decoder.available_plugins)
    file.stream.seek(file.offset)
    pixels, properties = decoder.as_array(file.stream, index=frame, decoding_plugin=plugin, **options)
    return pixels, str(properties["photometric_interpretation"])


def _meaningful_bits(stored: NDArray[Any], file: DicomFile) -> NDArray[Any]:
    """Drop what lies outside Bits Stored (old overlays), and carry the sign of short signed values."""
    bits = integer(file.dataset, "BitsAllocated", 8)
    kept = integer(file.dataset, "BitsStored", bits)
    spare = stored.dtype.itemsize * 8 - kept
    if spare <= 0 or bits == 1:
        return stored
    if integer(file.dataset, "PixelRepresentation", 0) == 1:
        signed = stored.view(stored.dtype.str.replace("u", "i"))
        return np.asarray(np.right_shift(np.left_shift(signed, spare), spare))
    if file.syntax.is_encapsulated and file.syntax != uid.RLELossless:
        return stored  # the codestream knows its own precision
    return np.asarray(stored & np.array((1 << kept) - 1, dtype=stored.dtype))


def _to_uint8_colour(colour: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """RGB of any depth as 8 bits."""
    shallow = colour >> (bits - 8) if bits > 8 and colour.dtype.itemsize > 1 else colour
    return np.ascontiguousarray(shallow.astype(np.uint8))
