"""Which format a file is in, told by its name and its first bytes; what stays unclear is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.registry import MODULES
from medsapiens_core.exchange.safe_json import read_json

HEAD_BYTES = 65_536
OURS = '"format":"msj1"'  # also where many cases, one to a line, make no JSON value together
FOR_SPREADSHEETS = "for_spreadsheets;"
BY_SUFFIX = {
    ".xml": "cvat",
    ".slp": "sleap",
    ".tps": "tps",
    ".mrk.json": "slicer",
    ".fcsv": "slicer",
    ".jsonl": "json",
    ".txt": "isbi",
    ".dcm": "dicom-sr",
}


def guess_to_read(path: Path) -> str:
    """The format of an existing file, or of a folder by its files. Raises UserError when it cannot be told."""
    if not path.exists():
        raise UserError(f"There is no file {path}.")
    found = _of_folder(path) if path.is_dir() else _of_file(path)
    if found is None:
        raise UserError(f"The format of {path.name} cannot be told. Name it with --from or --format: {_names()}.")
    return found


def guess_to_write(path: Path) -> str:
    """The format that a name for a new file means. Raises UserError where its suffix leaves it open."""
    found = "csv" if path.name.lower().endswith(".csv") else _by_suffix(path)
    if found is None:
        raise UserError(f"The name {path.name} does not tell the format. Name it with --to or --format: {_names()}.")
    return found


def _names() -> str:
    return ", ".join(MODULES)


def _by_suffix(path: Path) -> str | None:
    name = path.name.lower()
    return next((found for suffix, found in BY_SUFFIX.items() if name.endswith(suffix)), None)


def _of_folder(folder: Path) -> str | None:
    """The one format of the folder's files, None when there are none or several."""
    root = folder.resolve()
    found_files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    files = sorted(path for path in found_files if path.resolve().is_relative_to(root))  # links may lead out
    if any(path.name.startswith("CollectedData") for path in files):
        return "deeplabcut"
    small = [path for path in files if _by_suffix(path) or path.suffix.lower() in (".json", ".csv")]
    found = {_of_file(path) for path in small[:20]} - {None}
    return found.pop() if len(found) == 1 else None


def _of_file(path: Path) -> str | None:
    if path.name.lower().endswith(".csv"):
        return _of_csv(path)
    if path.suffix.lower() == ".json" and not path.name.lower().endswith(".mrk.json"):
        return "json" if OURS in _head(path) else _of_json(read_json(path))
    return _by_suffix(path)


def _of_csv(path: Path) -> str:
    header = _head(path).split("\n", 1)[0]
    if header.startswith(FOR_SPREADSHEETS):
        raise UserError(f"{path.name} was written for spreadsheets and is not read again. Export it as csv instead.")
    columns = {name.strip().strip('"') for name in header.split(",")}
    if header.startswith("scorer"):
        return "deeplabcut"
    return "csv" if {"format", "landmark", "place"} <= columns else "csv-wide"


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")


def _of_json(value: Any) -> str | None:
    if isinstance(value, list):
        return "labelstudio"
    if not isinstance(value, dict):
        return None
    if value.get("format") == "msj1":
        return "json"
    keys = {"coco": ("images", "annotations", "categories"), "labelme": ("shapes",), "slicer": ("markups",)}
    return next((name for name, wanted in keys.items() if all(key in value for key in wanted)), None)
