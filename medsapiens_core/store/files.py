"""Hashes, canonical JSON and the content-addressed store of a project (reliability.md 1)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from medsapiens_core.store.errors import DamagedProjectError, UnknownRecordError
from medsapiens_core.whole_files import write_atomic


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
