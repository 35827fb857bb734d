"""The bytes of a file, read once: what is hashed is what is decoded (reliability.md H9)."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from medsapiens_core.io.limits import IN_MEMORY_BYTES

HEAD_BYTES = 4096


@dataclass(frozen=True)
class Source:
    """An open file: `stream` (position undefined), its first bytes, its size, and its sha256 ("" for a probe)."""

    path: Path
    stream: BinaryIO
    head: bytes
    size: int
    sha256: str


@contextlib.contextmanager
def open_source(path: Path, *, hashed: bool = True) -> Iterator[Source]:
    """Open `path`; files up to 256 MB are held in memory when `hashed`, larger ones are hashed and stay open."""
    with path.open("rb") as handle:
        size = handle.seek(0, io.SEEK_END)
        handle.seek(0)
        if not hashed:
            yield Source(path, handle, handle.read(HEAD_BYTES), size, "")
        elif size <= IN_MEMORY_BYTES:
            data = handle.read()
            yield Source(path, io.BytesIO(data), data[:HEAD_BYTES], len(data), hashlib.sha256(data).hexdigest())
        else:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
            handle.seek(0)
            yield Source(path, handle, handle.read(HEAD_BYTES), size, digest)
