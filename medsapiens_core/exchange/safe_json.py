"""JSON from strangers: what the standard parser lets through is refused (formats.md 0.4, 0.7)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import MAX_NUMBER_TEXT
from medsapiens_core.exchange.files import MAX_BYTES, read_bytes

MAX_DEPTH = 64


def read_json(path: Path, *, limit: int = MAX_BYTES) -> Any:
    """The value in a JSON file.

    Raises UserError for a file larger than `limit` bytes, text that is not JSON in UTF-8, nesting deeper than 64, NaN,
    infinite or very long numbers, a key that occurs twice in one object, and half characters (lone surrogates).
    """
    return parse_json(read_bytes(path, limit=limit), path.name)


def parse_json(data: bytes, name: str) -> Any:
    """The value in `data`; `name` is the file's name in messages. Raises UserError as `read_json` does."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short,
        )
    except UserError as error:
        raise UserError(f"{name} cannot be used: {error}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{name} cannot be used: it is not text in UTF-8.") from error
    except json.JSONDecodeError as error:
        raise UserError(
            f"{name} is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise UserError(f"{name} cannot be used: it is nested deeper than {MAX_DEPTH}.") from error
    problem = _problem(value)
    if problem:
        raise UserError(f"{name} cannot be used: {problem}.")
    return value


def dump_json(value: Any) -> str:
    """JSON text with shortest exact numbers and a line end. Raises ValueError for NaN and infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UserError("a key occurs twice in one object")
    return value


def _no_constant(_name: str) -> Any:
    raise UserError("it holds NaN or Infinity, which are no JSON numbers")


def _finite(text: str) -> float:
    value = float(text)
    if len(text) > MAX_NUMBER_TEXT or value in (float("inf"), float("-inf")):
        raise UserError("it holds a number that is too long or too large")
    return value


def _short(text: str) -> int:
    if len(text) > MAX_NUMBER_TEXT:
        raise UserError("it holds a number that is too long or too large")
    return int(text)


def _problem(value: Any) -> str | None:
    """Walk without recursion: how deep is it, and can every text be written again?"""
    stack = [(value, 1)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, str):
            if not node.isascii() and any("\ud800" <= character <= "\udfff" for character in node):
                return "it holds half a character (a lone surrogate)"
            continue
        if not isinstance(node, dict | list):
            continue
        if depth > MAX_DEPTH:
            return f"it is nested deeper than {MAX_DEPTH}"
        parts = [*node, *node.values()] if isinstance(node, dict) else node
        stack.extend((part, depth + 1) for part in parts if isinstance(part, str | dict | list))
    return None
