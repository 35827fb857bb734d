"""Which kind of file this is, told by its contents and never by its name."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"NRRD000", "nrrd"),
)

_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a compressed file of another kind"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a WebP picture or a video"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"SQLite format 3", "a database"),
    (b"\x00\x00\x00\x0cjP  ", "a bare JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a bare JPEG 2000 picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"8BPS", "a Photoshop document"),
    (b"Salted__", "an encrypted file"),
    (b"age-encryption.org/", "an encrypted file"),
    (b"-----BEGIN PGP MESSAGE", "an encrypted file"),
)


_ENVELOPED = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"  # object identifier of CMS enveloped data


@dataclass(frozen=True)
class Kind:
    """`name` of a format that can be read, else "" and `foreign` says what the file is instead."""

    name: str
    foreign: str = ""
    gzipped: bool = False


def detect(head: bytes) -> Kind:
    """Tell the kind of file from its first 4096 bytes (fewer when the file is shorter)."""
    if not head:
        return Kind("", "an empty file")
    if head[:2] == b"\x1f\x8b" and _nifti(_gunzip_head(head)):
        return Kind("nifti", gzipped=True)
    name = next((name for test, name in _TESTS if test(head)), "")
    foreign = (what for signature, what in _FOREIGN if head.startswith(signature))
    return Kind(name) if name else Kind("", next(foreign, _unknown(head)))


def _signed(head: bytes) -> bool:
    return head[128:132] == b"DICM"


def _starts_with(signature: bytes, head: bytes) -> bool:
    return head.startswith(signature)


def _gunzip_head(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


def _nifti(head: bytes) -> bool:
    if len(head) < 348:
        return False
    (size,) = struct.unpack("<i", head[:4])
    sizes = (348, 540, 1543569408, 469893120)  # NIfTI-1 and -2, either byte order
    return size in sizes and (head[344:348] in (b"n+1\0", b"ni1\0") or head[4:7] in (b"n+2", b"ni2"))


def _bitmap(head: bytes) -> bool:
    return (
        head[:2] == b"BM" and len(head) > 26 and struct.unpack("<I", head[14:18])[0] in (12, 40, 52, 56, 64, 108, 124)
    )


def _metaimage(head: bytes) -> bool:
    text = head.split(b"ElementDataFile", 1)[0]
    return re.match(rb"\s*(ObjectType|NDims|Comment)\s*=", text) is not None and b"DimSize" in text


def _dicom_without_preamble(head: bytes) -> bool:
    if len(head) < 8:
        return False
    little, big = struct.unpack("<HH", head[:4]), struct.unpack(">HH", head[:4])
    return any(group in (0x0002, 0x0008) and element <= 0x0100 for group, element in (little, big))


def _unknown(head: bytes) -> str:
    if head[:1] == b"\x30" and _ENVELOPED in head[:32]:  # Secure DICOM (PS3.15 annex D) and encrypted mail
        return "an encrypted file"
    printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in head)
    return "a text file" if printable > 0.95 * len(head) else "no image file that this program knows"


_TESTS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (_signed, "dicom"),
    *((partial(_starts_with, signature), name) for signature, name in _SIGNATURES),
    (_bitmap, "bmp"),
    (_nifti, "nifti"),
    (_metaimage, "metaimage"),
    (_dicom_without_preamble, "dicom"),
)
