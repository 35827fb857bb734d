"""What is stored of a picture when it becomes a case: names to sort and search by, size, pixel size, place."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import Any

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.store import tables
from medsapiens_core.store.files import canonical_json


def folded(text: str) -> str:
    """The text as it is searched: without the difference of capitals."""
    return unicodedata.normalize("NFC", text).casefold()


def sort_name(name: str) -> str:
    """The text that a name is sorted by: numbers in it count as numbers, so that 9 comes before 10."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(12), folded(name))


def describe(image: Image, path: Path) -> dict[str, Any]:
    """The columns of `cases` that follow from the picture."""
    source, spacing = image.provenance, image.spacing
    name = unicodedata.normalize("NFC", path.name)
    if source.frame_count > 1:
        name = f"{name} [{source.frame + 1}/{source.frame_count}]"
    return {
        "name": name,
        "sort_name": sort_name(name),
        "search_text": folded(name),
        "file_bytes": path.stat().st_size,
        "image_sha256": source.sha256,
        "frame": source.frame,
        "axis": tables.NO_AXIS if source.axis is None else source.axis,
        "width": image.width,
        "height": image.height,
        "row_mm": spacing and spacing.row_mm,
        "col_mm": spacing and spacing.col_mm,
        "spacing_source": spacing and spacing.source.value,
        "spacing_areas": canonical_json(spacing.areas) if spacing and spacing.areas else None,
        "device": image.device or None,
        "modality": image.modality,
        "sop_instance_uid": source.sop_instance_uid,
        "added_utc": utc_now(),
        "state": 0,
        "flagged": False,
        "decided": 0,
        "worst_score": tables.NO_SCORE,
    }


def location(path: Path, folder: Path) -> dict[str, str | None]:
    """Paths with `/`; the relative one only for a file inside the project, which may move with it."""
    root = Path(os.path.realpath(folder))
    real = Path(os.path.realpath(path))
    inside = real.is_relative_to(root)
    return {"absolute_path": path.as_posix(), "relative_path": real.relative_to(root).as_posix() if inside else None}
