"""Files that appear whole or not at all, also after a power cut (reliability.md 1)."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


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
    """A fresh name in the same folder; such names begin with a dot and hold `.tmp-`, and long names are cut."""
    return path.with_name(f".{path.name[:40]}.tmp-{uuid.uuid4().hex[:8]}")


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
