"""Files that appear whole or not at all, and the content-addressed store of a project (reliability.md 1)."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

from medsapiens_core.store.errors import DamagedProjectError, UnknownRecordError


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no blanks, shortest exact floats. NaN and infinity are refused."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """Hex SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut (Windows has no such call and needs none)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of a closed file survive a power cut."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def temporary_beside(path: Path) -> Path:
    """A fresh name in the same folder; such names begin with a dot and hold `.tmp-`."""
    return path.with_name(f".{path.name}.tmp-{uuid.uuid4().hex[:8]}")


def write_atomic(path: Path, data: bytes) -> None:
    """Write under a temporary name, sync, then rename: `path` holds the old or the new bytes, never a part."""
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


class ObjectStore:
    """Files named by the SHA-256 of their bytes: `ab/abcdef...`, written once, never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the object lies or would lie."""
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Store the bytes and return their hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes. Raises UnknownRecordError, or DamagedProjectError when they no longer have this hash."""
        path = self.path(sha256)
        if not path.is_file():
            raise UnknownRecordError(f"The stored object {sha256[:12]} is missing from the project's objects folder.")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DamagedProjectError(
                f"The stored object {sha256[:12]} was changed outside the program. Restore it from a backup."
            )
        return data
