"""The records of a TPS file as they stand: coordinates as pairs of numbers, everything else as text by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import MAX_LANDMARKS, MAX_POINTS, located, number

Pair = tuple[float, float] | None
Line = tuple[int, str]


@dataclass
class Record:
    """One `LM=` block. `points` are as in the file, None for `NA`; `fields` by key in capitals."""

    points: list[Pair]
    fields: dict[str, str] = field(default_factory=dict)


def parse_records(name: str, lines: list[str]) -> list[Record]:
    """The records of the file called `name`. Raises UserError that names the line.

    Outlines and curves are skipped. A decimal comma is accepted where every coordinate of the file has one.
    """
    rows = [(index, line.strip()) for index, line in enumerate(lines, start=1)]
    commas = _has_decimal_commas(rows)
    numbered = iter([row for row in rows if row[1]])
    records: list[Record] = []
    for index, line in numbered:
        with located(f"{name}, line {index}"):
            _take(line, numbered, records, commas)
    return records


def _take(line: str, following: Iterator[Line], records: list[Record], commas: bool) -> None:
    key, equals, value = line.partition("=")
    key = key.strip().upper()
    if not equals:
        raise UserError("a line of the form KEY=VALUE was expected")
    if key == "LM3":
        raise UserError("3D landmarks (LM3) cannot be used")
    if key == "LM":
        count = _count(value, MAX_LANDMARKS)
        records.append(Record([_pair(_next(following), commas) for _ in range(count)]))
    elif key == "POINTS":
        for _ in range(_count(value, MAX_POINTS)):
            _next(following)
    elif key in ("CURVES", "OUTLINES"):
        return
    elif not records:
        raise UserError("the file does not begin with LM=")
    else:
        records[-1].fields.setdefault(key, value.strip())


def _next(following: Iterator[Line]) -> str:
    try:
        line = next(following)[1]
    except StopIteration:
        raise UserError("there are fewer points than stated") from None
    if "=" in line:
        raise UserError("there are fewer points than stated")
    return line


def _count(text: str, limit: int) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise UserError("the number of points is not a whole number")
    count = int(digits)  # int() itself does not pass over every separator that strip() does
    if count > limit:
        raise UserError(f"{count} points are more than the {limit} that can be used")
    return count


def _pair(line: str, commas: bool) -> Pair:
    parts = line.split()
    if len(parts) != 2:
        raise UserError("a point is not two numbers")
    if any(part.upper() in ("NA", "NAN") for part in parts):
        return None
    x, y = (number(part.replace(",", ".") if commas else part) for part in parts)
    return x, y


def _has_decimal_commas(rows: list[Line]) -> bool:
    """True when every coordinate has a comma and none has a point."""
    texts = [part for _, line in rows if line and "=" not in line for part in line.split()]
    numbers = [text for text in texts if text.upper() not in ("NA", "NAN")]
    return bool(numbers) and all(text.count(",") == 1 and "." not in text for text in numbers)
