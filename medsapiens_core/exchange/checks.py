"""What every reader refuses, in whatever format it comes (formats.md 0.4 and 0.7)."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from medsapiens_core.errors import UserError

MAX_COORDINATE = 1e6
MAX_LANDMARKS = 1000
MAX_NAME = 200
MAX_NUMBER_TEXT = 40
MAX_POINTS = 5_000_000
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def first_problem(error: ValidationError, whole: str) -> str:
    """`where: what` of the first thing wrong in a file's object, without its values; `whole` is the object itself."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or whole}: {first['msg']}"


@contextmanager
def located(where: str) -> Iterator[None]:
    """Put `where` (file, image, landmark) in front of the message of a UserError that is raised inside."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{where}: {error}") from error


def checked_number(value: Any) -> float:
    """A number as a file's parser gave it, as float. Raises UserError unless finite and at most 1e6 in size."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UserError("a coordinate is not a number")
    if not abs(value) <= MAX_COORDINATE:  # NaN compares false; math.isfinite fails for very large integers
        raise UserError("a coordinate is not between -1,000,000 and 1,000,000")
    return float(value)


def checked_point(x: Any, y: Any) -> tuple[float, float]:
    """The two coordinates as floats. Raises UserError unless both are finite and at most 1e6 in size."""
    return checked_number(x), checked_number(y)


def checked_name(name: Any) -> str:
    """A landmark name of 1 to 200 code points without control characters. Raises UserError."""
    if not isinstance(name, str) or not name:
        raise UserError("a landmark has no name")
    if len(name) > MAX_NAME:
        raise UserError(f"a landmark name is longer than {MAX_NAME} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise UserError("a landmark name holds control characters")
    return name


def checked_landmarks(count: int) -> None:
    """Raise UserError for more landmarks than a template may have."""
    if count > MAX_LANDMARKS:
        raise UserError(f"{count} landmarks are more than the {MAX_LANDMARKS} that can be used")


def checked_points(count: int) -> None:
    """Raise UserError for more points than one file may hold."""
    if count > MAX_POINTS:
        raise UserError(f"more than {MAX_POINTS} points; split the file")


def number(text: str) -> float:
    """A decimal number in text, blanks around it allowed. Raises UserError over 40 characters or when not finite."""
    stripped = text.strip(" \t\r\n")
    if len(stripped) > MAX_NUMBER_TEXT or not _NUMBER.fullmatch(stripped):
        raise UserError("a number cannot be read")
    value = float(stripped)
    if not math.isfinite(value):
        raise UserError("a number is too large")
    return value
