"""A file of JSON lines that a long measurement adds to, so that it can be stopped and go on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medsapiens_core.commands.output import plain


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of the file, none if it is missing; a last line that was cut off by a kill is left out.

    Raises ValueError for any other line that is no JSON object.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [json.loads(line) for line in lines[:-1] if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{path} has a line that is no JSON object")
    return rows


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one row and see it written to the disk; numbers that JSON does not know become null."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _drop_cut_line(path)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(plain(row), allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _drop_cut_line(path: Path) -> None:
    """Take away what a kill left of a line, which the next row would otherwise be glued to."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            whole = path.read_bytes().rfind(b"\n") + 1
            file.truncate(whole)
