"""Open a DICOM file up to its pixel data, without trusting it: bounded inflation, no preamble, missing syntax."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.limits import MAX_INFLATE_RATIO, MAX_INFLATED_BYTES
from medsapiens_core.io.refusal import compressed, unreadable
from medsapiens_core.io.source import Source

_DEFLATED_UID = b"1.2.840.10008.1.2.1.99"
_EXPLICIT_UID = b"1.2.840.10008.1.2.1".ljust(len(_DEFLATED_UID), b"\0")
_PIXEL_ELEMENTS = {0x0010: "PixelData", 0x0008: "FloatPixelData", 0x0009: "DoubleFloatPixelData"}
UNDEFINED_LENGTH = 0xFFFFFFFF
_NEWER = {  # than the dictionary of pydicom 3.0
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
}
_NO_PIXELS_HINT = "Reports, structure sets, plans and the like are not images; choose the image series itself."
_NOT_DICOM_HINT = "Export it again from where it came from, as DICOM Part 10 or PNG."


@dataclass(frozen=True)
class DicomFile:
    """A dataset without its pixels, and where those lie: `stream[offset : offset + length]`.

    `length` is UNDEFINED_LENGTH for encapsulated (compressed) pixel data.
    """

    path: Path
    dataset: Dataset
    stream: BinaryIO
    size: int
    syntax: UID
    vr: str
    offset: int
    length: int

    @property
    def frames(self) -> int:
        """Number of frames that the header states, at least 1."""
        return max(integer(self.dataset, "NumberOfFrames", 1), 1)


def integer(dataset: Dataset, keyword: str, default: int) -> int:
    """The value as an int; `default` when it is missing or empty. Raises ValueError when it is no number."""
    value = dataset.get(keyword)
    return default if value in (None, "") else int(value)


def open_dicom(source: Source) -> DicomFile:
    """Parse the header. Raises UnreadableImageError when the file holds no picture that can be decoded."""
    stream, size = _plain_stream(source)
    dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
    syntax = _transfer_syntax(dataset)
    if not syntax.is_transfer_syntax:  # pydicom does not even know in which order its bytes are
        raise compressed(source.path, *compression(syntax))
    element = _pixel_element(stream, syntax)
    if element is None or "Rows" not in dataset or "Columns" not in dataset:
        raise _no_pixels(source.path, dataset, truncated=_is_cut_short(stream, size))
    keyword, vr, length = element
    if keyword != "PixelData":
        raise unreadable(source.path, "its pixels are floating point numbers", "Export it with integer pixel values.")
    if source.head[128:132] != b"DICM" and "SOPClassUID" not in dataset:
        raise unreadable(source.path, "it looks like DICOM but lacks the parts of an image", _NOT_DICOM_HINT)
    return DicomFile(source.path, dataset, stream, size, syntax, vr, stream.tell(), length)


def compression(syntax: UID) -> tuple[str, str]:
    """Name and number of a transfer syntax, for a refusal; what is not DICOM's own is text of the file and left out."""
    number = str(syntax)
    if not re.fullmatch(r"1\.2\.840\.10008(\.\d{1,6}){1,6}", number):
        return "an unknown method", ""
    known = _NEWER.get(number) or (syntax.name if syntax.is_transfer_syntax else "an unknown method")
    return known, number


def _plain_stream(source: Source) -> tuple[BinaryIO, int]:
    """The file itself, or an inflated copy that says it is Explicit VR Little Endian."""
    source.stream.seek(0)
    end = _end_of_meta(source.head)
    meta = source.head[:end]
    if _DEFLATED_UID not in meta:
        return source.stream, source.size
    source.stream.seek(end)
    packed = source.stream.read()
    limit = min(MAX_INFLATED_BYTES, MAX_INFLATE_RATIO * max(len(packed), 1))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(packed, limit)
    if inflater.unconsumed_tail:
        raise unreadable(
            source.path, "it expands to an implausible size", "Export it again without compression (Explicit VR)."
        )
    if not inflater.eof:
        raise unreadable(source.path, "the file is incomplete", "Copy or export it again from where it came from.")
    whole = meta.replace(_DEFLATED_UID, _EXPLICIT_UID) + plain
    return io.BytesIO(whole), len(whole)


def _end_of_meta(head: bytes) -> int:
    """Offset of the first byte after the file meta group, 0 without one."""
    if head[128:132] != b"DICM" or head[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        return 0
    (length,) = struct.unpack("<I", head[140:144])
    return min(144 + int(length), len(head))


def _transfer_syntax(dataset: Any) -> UID:
    stated = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if stated:
        return UID(stated)
    implicit, little = dataset.original_encoding
    if not little:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def _pixel_element(stream: BinaryIO, syntax: UID) -> tuple[str, str, int] | None:
    """Keyword, VR and length of the pixel element that `stream` stands before; leaves it at the value."""
    order = "<" if syntax.is_little_endian else ">"
    header = stream.read(8)
    if len(header) < 8:
        return None
    group, number, vr = struct.unpack(order + "HH2s", header[:6])
    if group != 0x7FE0 or number not in _PIXEL_ELEMENTS:
        return None
    if vr not in (b"OB", b"OW", b"OF", b"OD", b"UN"):
        (length,) = struct.unpack(order + "I", header[4:8])
        return _PIXEL_ELEMENTS[number], "OW", length
    rest = stream.read(4)
    if len(rest) < 4:
        return None
    return _PIXEL_ELEMENTS[number], vr.decode(), struct.unpack(order + "I", rest)[0]


def _is_cut_short(stream: BinaryIO, size: int) -> bool:
    return stream.tell() > size


def _no_pixels(path: Path, dataset: Dataset, *, truncated: bool) -> UnreadableImageError:
    if len(dataset) == 0 or truncated:
        return unreadable(path, "the file is incomplete or not DICOM", _NOT_DICOM_HINT)
    if getattr(dataset, "file_meta", {}).get("MediaStorageSOPClassUID") == "1.2.840.10008.1.3.10":
        return unreadable(path, "it is the table of contents of a disc (DICOMDIR)", "Open the folder that it is in.")
    return unreadable(path, "it is DICOM without pixel data", _NO_PIXELS_HINT)
