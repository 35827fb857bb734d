"""The table of contents of a disc (DICOMDIR) as a list of names, none of which leads out of it (formats.md 1.4)."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medsapiens_core.io.refusal import guarded, unreadable

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAX_BYTES = 64_000_000
MAX_FILES = 100_000
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,63}")
_HINT = "Open the folder that it is in."


def contents(path: str | PathLike[str]) -> tuple[str, ...]:
    """Relative names with `/` of the files that a DICOMDIR lists, each once, in its order; climbing ones are left out.

    Raises UnreadableImageError for what is no DICOMDIR, or a damaged one.
    """
    import pydicom  # slow to load, and the window knows this module
    from pydicom.uid import MediaStorageDirectoryStorage

    location = Path(path)
    with guarded(location, []):
        if location.stat().st_size > MAX_BYTES:
            raise unreadable(location, "it is too large for a table of contents", _HINT)
        dataset = pydicom.dcmread(location, force=True)
        if dataset.file_meta.get("MediaStorageSOPClassUID") != MediaStorageDirectoryStorage:
            raise unreadable(location, "it is no table of contents of a disc (DICOMDIR)", _HINT)
        names = dict.fromkeys(name for record in _records(dataset) if (name := _name(record)))
        return tuple(names)[:MAX_FILES]


def on_disc(folder: Path, name: str) -> Path:
    """Where a listed file should lie, or lies under its name in small letters, as some systems show discs."""
    listed = folder.joinpath(*name.split("/"))
    small = folder.joinpath(*name.lower().split("/"))
    return small if small.is_file() and not listed.is_file() else listed


def _records(dataset: Dataset) -> Any:
    return dataset.get("DirectoryRecordSequence") or []


def _name(record: Dataset) -> str:
    value = record.get("ReferencedFileID") or []
    parts = [value] if isinstance(value, str) else [str(part) for part in value]
    return "/".join(parts) if parts and all(_PART.fullmatch(part) for part in parts) else ""
