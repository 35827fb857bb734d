"""How a command speaks: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

import typer

JSON_OPTION = typer.Option("--json", help="Print one JSON object as the last line of standard output.")
EXIT_OURS, EXIT_USER = 1, 2


def note(text: str) -> None:
    """Tell the person at the terminal something that is no result."""
    print(text, file=sys.stderr, flush=True)


def result(value: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print the result, as one line of JSON or as text for people."""
    print(json.dumps(plain(value), allow_nan=False) if as_json else text, flush=True)


def plain(value: Any) -> Any:
    """The value with null for numbers that JSON does not know, and text for paths."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as text with aligned columns."""
    if not rows:
        return ""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
