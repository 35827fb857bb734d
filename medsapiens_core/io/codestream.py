"""Read the size from a compressed picture's own header, so that a lying DICOM header is found before decoding."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_JPEG_START = b"\xff\xd8"
_J2K_START = b"\xff\x4f\xff\x51"
_NOT_A_FRAME_HEADER = {0xC4, 0xC8, 0xCC}
_END = b"\xff\xd9"
_HUFFMAN, _QUANTISATION, _SCAN = 0xC4, 0xDB, 0xDA
_LOSSLESS = (0xC3, 0xC7)


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) stated by a JPEG, JPEG-LS or JPEG 2000 codestream, None when it states none."""
    start = data.find(_J2K_START, 0, 4096)
    if start >= 0:
        return _jpeg2000_size(data[start : start + 40])
    return _jpeg_size(data) if data.startswith(_JPEG_START) else None


def has_end_marker(data: bytes) -> bool:
    """True when the codestream ends as it should; padding bytes after the end are common."""
    return _END in data[-1024:]


def _jpeg2000_size(header: bytes) -> tuple[int, int] | None:
    if len(header) < 24:
        return None
    right, bottom, left, top = struct.unpack(">4I", header[8:24])
    return right - left, bottom - top


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    for marker, body in _segments(data):
        if _is_frame_header(marker) and len(body) >= 5:
            height, width = struct.unpack(">HH", body[1:5])
            return int(width), int(height)
    return None


def is_clean_jpeg(data: bytes, components: int) -> bool:
    """True when the headers of a JPEG stream are whole: nothing between segments, tables sound, components as said.

    GDCM ends the whole process on some streams for which this is False (found by fuzzing); it is asked before.
    """
    found = []
    for marker, body in _segments(data):
        found.append(marker)
        if marker == _HUFFMAN and not _sound_tables(body):
            return False
        if _is_frame_header(marker) and (len(body) < 6 or body[5] != components or len(body) != 6 + 3 * components):
            return False
        if marker == _SCAN:
            lossless = any(marker in found for marker in _LOSSLESS)
            return _HUFFMAN in found and any(map(_is_frame_header, found)) and (lossless or _QUANTISATION in found)
    return False


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and contents of each header segment up to the first scan; ends early where the stream is not clean."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        body = data[position + 4 : position + 2 + length]
        if length < 2 or len(body) != length - 2:
            return
        yield marker, body
        if marker == _SCAN:
            return
        position += 2 + int(length)


def _is_frame_header(marker: int) -> bool:
    return (0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME_HEADER) or marker == 0xF7


def _sound_tables(body: bytes) -> bool:
    """Huffman tables whose codes exist: a table of n-bit codes has room for 2^n of them. Source: ITU-T T.81 C.2."""
    position = 0
    while position < len(body):
        counts = body[position + 1 : position + 17]
        room = 1
        for count in counts:
            room = 2 * room - count
            if room < 0:
                return False
        if len(counts) != 16 or (body[position] & 0xEC) or sum(counts) == 0:
            return False
        position += 17 + sum(counts)
    return position == len(body)
