"""ZIP files: those of others are looked at before anything is taken out of them; ours depend on their content alone.

Nothing is taken out by the standard library's `extract`, which gives hostile names another meaning instead of refusing
them. Source: reliability.md H3 and H6, formats.md 0.7.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.files import is_plain_relative
from medsapiens_core.whole_files import sync_file, sync_folder, temporary_beside

ENCRYPTED = 0x1  # of the general purpose flags


class UnsafeZipError(UserError):
    """An archive with something that ours never have; the text says what, and completes "... was not opened: "."""


@dataclass(frozen=True)
class ZipLimits:
    """At most so many entries, of so many bytes together when unpacked."""

    files: int
    bytes: int


def checked_entries(
    archive: zipfile.ZipFile, limits: ZipLimits, *, stored_only: bool = False
) -> dict[str, zipfile.ZipInfo]:
    """The entries by name: plain files below the archive's root, each once. Raises UnsafeZipError.

    With `stored_only` a compressed entry is refused, so that nothing can unpack to more than the file itself holds.
    """
    entries = archive.infolist()
    if len(entries) > limits.files:
        raise UnsafeZipError(f"it holds {len(entries)} files; {limits.files} are the most that are read.")
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        _check(entry, stored_only=stored_only)
        if any(entry.filename.casefold() == known.casefold() for known in found):
            raise UnsafeZipError(f"it holds {entry.filename!r} twice.")
        found[entry.filename] = entry
    total = sum(entry.file_size for entry in entries)
    if total > limits.bytes:
        raise UnsafeZipError(f"it unpacks to {total / 1e9:.1f} GB; {limits.bytes / 1e9:.1f} GB are the most.")
    return found


def _check(entry: zipfile.ZipInfo, *, stored_only: bool) -> None:
    name = entry.filename
    if name != entry.orig_filename or not is_plain_relative(name):
        raise UnsafeZipError(f"it names a file outside of itself, or one that no system can hold ({name[:80]!r}).")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise UnsafeZipError(f"{name!r} is a link or a device, not a file.")
    if entry.flag_bits & ENCRYPTED:
        raise UnsafeZipError(f"{name!r} is encrypted.")
    if stored_only and (entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size):
        raise UnsafeZipError(f"{name!r} is compressed; our own packages never are.")


def write_stored(file: Path, members: Mapping[str, Path | bytes]) -> None:
    """Write files and bytes under their names as one ZIP file, whole or not at all: stored, sorted, without times."""
    temporary = temporary_beside(file)
    try:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name, content in sorted(members.items()):
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                if isinstance(content, bytes):
                    archive.writestr(entry, content)
                    continue
                with content.open("rb") as stream, archive.open(entry, "w", force_zip64=True) as target:
                    shutil.copyfileobj(stream, target, 1 << 20)
        sync_file(temporary)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(file.parent)


def copy_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: BinaryIO) -> None:
    """Copy one checked entry in pieces."""
    with archive.open(entry) as stream:
        shutil.copyfileobj(stream, target, 1 << 20)
