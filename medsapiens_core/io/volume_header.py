"""Our own short reading of MetaImage, NRRD and NIfTI headers: size, kind of numbers, detached data file.

SimpleITK decodes the pixels; this is read first, so that a header which lies or points elsewhere never reaches it.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

from medsapiens_core.io.nifti_orientation import orientations_differ
from medsapiens_core.io.sniff import Kind

HEADER_BYTES = 2**20  # a text header that is longer is refused
_META_TYPES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}
_NRRD_TYPES = {
    "signed char": 1, "int8": 1, "int8_t": 1, "uchar": 1, "unsigned char": 1, "uint8": 1, "uint8_t": 1,
    "short": 2, "short int": 2, "signed short": 2, "int16": 2, "int16_t": 2, "ushort": 2, "unsigned short": 2,
    "uint16": 2, "uint16_t": 2, "int": 4, "signed int": 4, "int32": 4, "int32_t": 4, "uint": 4, "unsigned int": 4,
    "uint32": 4, "uint32_t": 4, "longlong": 8, "long long": 8, "int64": 8, "int64_t": 8, "ulonglong": 8,
    "unsigned long long": 8, "uint64": 8, "uint64_t": 8, "float": 4, "double": 8,
}  # fmt: skip
_NIFTI_BITS = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64, 2304: 32}


@dataclass(frozen=True)
class VolumeHeader:
    """`dims` in file order (x fastest), `channels` values of `itemsize` bytes each per pixel.

    `data_file` is the name of a detached data file, None when the data follow the header. `stored_bytes` is the length
    of the data when they are not compressed. `coded` is False for a NIfTI file that states no orientation code,
    `contradicts_itself` is True for one that states two different ones.
    """

    dims: tuple[int, ...]
    channels: int
    itemsize: int
    data_file: str | None = None
    data_offset: int = 0
    stored_bytes: int | None = None
    coded: bool = True
    contradicts_itself: bool = False
    is_unit_by_default: bool = True  # axes along x, y, z are what the format says of a file that does not tell

    @property
    def shape(self) -> tuple[int, ...]:
        """Array shape (slices, rows, columns) without trailing dimensions of one."""
        dims = list(self.dims)
        while len(dims) > 2 and dims[-1] == 1:
            dims.pop()
        return tuple(reversed(dims))


def parse_volume_header(kind: Kind, head: bytes) -> VolumeHeader:
    """Read the header from the first bytes of the (unzipped) file. Raises ValueError when it is not understood."""
    return {"metaimage": _metaimage, "nrrd": _nrrd, "nifti": _nifti}[kind.name](head)


def _metaimage(head: bytes) -> VolumeHeader:
    found = re.search(rb"ElementDataFile\s*=[^\n]*\n?", head)
    if found is None:
        raise ValueError("no ElementDataFile")
    text = head[: found.end()].decode("latin-1")
    fields = {
        key.strip().lower(): value.strip() for key, _, value in (line.partition("=") for line in text.splitlines())
    }
    dims = _dims(fields["dimsize"].split())
    base = fields["elementtype"].upper().removeprefix("MET_").removesuffix("_ARRAY")
    itemsize = _META_TYPES[base.removeprefix("U")]
    channels = int(fields.get("elementnumberofchannels", "1"))
    data = fields["elementdatafile"]
    stored = None if fields.get("compresseddata", "false").lower() == "true" else math.prod(dims) * channels * itemsize
    local = data.upper() == "LOCAL"
    return VolumeHeader(dims, channels, itemsize, None if local else data, found.end() if local else 0, stored)


def _nrrd(head: bytes) -> VolumeHeader:
    text, separator, _ = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    fields = {}
    for line in text.decode("latin-1").splitlines()[1:]:
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#") and not value.startswith("="):
            fields[key.strip().lower().replace(" ", "")] = value.strip()
    itemsize = _NRRD_TYPES[fields["type"].lower()]
    dims = _dims(fields["sizes"].split())
    kinds = fields.get("kinds", "").lower().split()
    channels = dims[0] if kinds and re.match(r"(rgb|vector|.*-color|list)", kinds[0]) else 1
    data_file = fields.get("datafile")
    if data_file is None and not separator:
        raise ValueError("the header has no end")
    raw = fields["encoding"].lower() == "raw"
    stored = math.prod(dims) * itemsize if raw else None
    offset = 0 if data_file else len(text) + 2
    return VolumeHeader(dims[1:] if channels > 1 else dims, channels, itemsize, data_file, offset, stored)


def _nifti(head: bytes) -> VolumeHeader:
    order = "<" if struct.unpack("<i", head[:4])[0] in (348, 540) else ">"
    first = struct.unpack(order + "i", head[:4])[0] == 348
    layout = ("8h", 40, "h", 70, "f", 108, "hh", 252) if first else ("8q", 16, "h", 12, "q", 168, "ii", 344)
    dims = struct.unpack_from(order + layout[0], head, layout[1])
    (code,) = struct.unpack_from(order + layout[2], head, layout[3])
    (offset,) = struct.unpack_from(order + layout[4], head, layout[5])
    if not 1 <= dims[0] <= 7 or code not in _NIFTI_BITS:
        raise ValueError("dimensions or data type of the NIfTI header")
    sizes = _dims([str(size) for size in dims[1 : dims[0] + 1]])
    channels = {128: 3, 2304: 4}.get(code, 1)
    itemsize = _NIFTI_BITS[code] // 8 // channels
    pair = head[344:348] == b"ni1\0" or head[4:7] == b"ni2"
    stored = math.prod(sizes) * channels * itemsize
    coded = any(struct.unpack_from(order + layout[6], head, layout[7]))
    return VolumeHeader(
        sizes,
        channels,
        itemsize,
        ".img" if pair else None,
        int(offset),
        stored,
        coded,
        orientations_differ(head),
        is_unit_by_default=False,
    )


def _dims(texts: list[str]) -> tuple[int, ...]:
    dims = tuple(int(text) for text in texts)
    if not dims or min(dims) < 1:
        raise ValueError("a dimension is not positive")
    return dims
