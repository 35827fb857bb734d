"""Read the size from a compressed picture's own header, so that a lying DICOM header is found before decoding."""

from __future__ import annotations

import struct

_JPEG_START = b"\xff\xd8"
_J2K_START = b"\xff\x4f\xff\x51"
_NOT_A_FRAME_HEADER = {0xC4, 0xC8, 0xCC}
_END = b"\xff\xd9"


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
    position = 2
    while position + 9 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME_HEADER) or marker == 0xF7:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return int(width), int(height)
        position += 2 + int(struct.unpack(">H", data[position + 2 : position + 4])[0])
    return None
