"""Names in a file to landmarks of a template: exact matches and a map file, never a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Reading
from medsapiens_core.exchange.csv_table import read_table
from medsapiens_core.exchange.safe_json import read_json

MAX_BYTES = 4_000_000
LEAVE_OUT = ""  # what a map file says of a name that is not wanted


@dataclass(frozen=True)
class Names:
    """How a file's names were understood.

    `landmarks` maps them to landmark ids; `unknown` are those that nothing explains; `left_out` were given up on
    purpose by the map file; `missing` are landmarks of the template that the file does not have.
    """

    landmarks: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def read_map(path: Path) -> dict[str, str]:
    """A map file: JSON `{"name in the file": "landmark id"}`, or CSV with a header and these two columns.

    An empty landmark id (null in JSON) leaves the name out. Raises UserError for anything else.
    """
    pairs = _json_pairs(path) if path.suffix.lower() == ".json" else _csv_pairs(path)
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise UserError(f"The map file {path.name} gives {twice[0]!r} twice. Keep one of the lines.")
    return dict(pairs)


def match_names(names: Iterable[str], template: Template, given: Mapping[str, str] | None = None) -> Names:
    """Match names to landmarks: by the map, else by exact id, name or abbreviation, letter case included.

    A name that fits several landmarks is unknown. Raises UserError when the map names a landmark that the template
    does not have, and when two names mean the same landmark.
    """
    given = given or {}
    wrong = sorted({target for target in given.values() if target not in (LEAVE_OUT, *template.ids)})
    if wrong:
        raise UserError(f"The map file names {wrong[0]!r}, which is no landmark of template {template.id}.")
    found: dict[str, str] = {}
    unknown, left_out = [], []
    for name in names:
        target = given.get(name) if name in given else _exact(name, template)
        if target is None:
            unknown.append(name)
        elif target == LEAVE_OUT:
            left_out.append(name)
        else:
            found[name] = target
    _check_once(found)
    missing = tuple(mark for mark in template.ids if mark not in set(found.values()))
    return Names(found, tuple(unknown), tuple(left_out), missing)


def require_known(names: Names, template: Template) -> None:
    """Raise UserError that lists the unknown names, if there are any, and says how to map them."""
    if names.unknown:
        some = ", ".join(map(repr, names.unknown[:8])) + (" ..." if len(names.unknown) > 8 else "")
        raise UserError(
            f"{len(names.unknown)} names in the file are no landmarks of template {template.id}: {some}. Give --map "
            "FILE, a CSV with the columns name,landmark (or JSON); an empty landmark leaves a name out."
        )


def rename(batch: Batch, names: Names) -> Batch:
    """The batch by landmark ids; names without one are left out."""
    to = names.landmarks
    return replace(
        batch,
        readings=tuple(_renamed(reading, to) for reading in batch.readings),
        landmarks=tuple(to[name] for name in batch.landmarks if name in to),
    )


def _renamed(reading: Reading, to: Mapping[str, str]) -> Reading:
    points = {to[name]: state for name, state in reading.points.items() if name in to}
    scores = {to[name]: score for name, score in reading.scores.items() if name in to}
    return replace(reading, points=points, scores=scores)


def _exact(name: str, template: Template) -> str | None:
    if name in template.index:
        return name
    for key in ("name", "abbreviation"):
        found = [mark.id for mark in template.landmarks if getattr(mark, key) == name]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _check_once(found: Mapping[str, str]) -> None:
    for landmark, count in Counter(found.values()).items():
        if count > 1:
            both = [name for name, target in found.items() if target == landmark]
            raise UserError(
                f"The names {', '.join(map(repr, both))} all mean landmark {landmark}. Give --map FILE in which only "
                "one of them does."
            )


def _json_pairs(path: Path) -> list[tuple[str, str]]:
    value = read_json(path, limit=MAX_BYTES)
    if not isinstance(value, dict) or not all(target is None or isinstance(target, str) for target in value.values()):
        raise UserError(f'The map file {path.name} must be a JSON object such as {{"S": "sella"}}.')
    return [(name, target or LEAVE_OUT) for name, target in value.items()]


def _csv_pairs(path: Path) -> list[tuple[str, str]]:
    table = read_table(path)
    if len(table.columns) != 2:
        raise UserError(f"The map file {path.name} must have two columns, name and landmark, and a header.")
    return [(cells[0], cells[1].strip()) for _, cells in table.rows]
