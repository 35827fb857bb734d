"""The comparison as rows of text: for the terminal and for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.figures import Figure, Row, length
from bench.films import CEPH_TEST1
from bench.speed import Speed
from medsapiens_core.commands.output import table

AS_IS = "as it is"
TARGETS = {  # issue 3, section 1: to reach, stretch
    CEPH_TEST1: ("1.25 mm, 84 % < 2 mm", "1.12 mm, 88 %"),
    "spine-68 held out": ("1.0 % of diagonal", ""),
    "hand-21 held out": ("0.8 % of diagonal", ""),
    "chest-6 held out": ("1.2 % of diagonal", ""),
}
MISSING = (
    ("hand-37", "n/a: five images, all trained on; nothing can be held out"),
    ("ceph, 100 further films", "n/a: not here"),
    ("ceph, films of another hospital", "n/a: not here"),
    ("spine, hand, chest: further images", "n/a: not here"),
)
TextRow = tuple[str, ...]
FIGURES: TextRow = (
    "set", "reader", "placed by", "n", "MRE [95 %]", "median", "P95", "< 2 mm [95 %]", "< 2.5 mm", "< 3 mm", "< 4 mm",
    "% of diagonal", "not found", "flagged", "to reach", "stretch",
)  # fmt: skip
CHANGES: TextRow = ("set", "change", "placed by", "n", "MRE [95 %]", "median", "films > 10 mm [95 %]", "flagged")
SPEEDS: TextRow = (
    "placed by", "film", "threads", "load s", "end to end s", "repeated s", "M parameters", "MB", "to reach", "stretch",
)  # fmt: skip
DOUBTS: TextRow = ("asked for", "on films of", "placed by", "n", "flagged [95 %]")


@dataclass(frozen=True)
class Doubt:
    """How often a model doubts its points on films that have none of the template's landmarks."""

    template: str
    set: str
    placed_by: str
    n_images: int
    flagged: Figure


@dataclass(frozen=True)
class Bench:
    """Everything that one call has measured. `rows` are of films as they are, `changed` of changed ones."""

    command: str
    date: str
    computer: str
    rows: Sequence[Row]
    changed: Sequence[Row]
    doubts: Sequence[Doubt]
    speeds: Sequence[Speed]


def figure_rows(bench: Bench) -> list[TextRow]:
    """The table of films as they are."""
    return [FIGURES, *map(_figures, bench.rows)]


def missing_rows() -> list[TextRow]:
    """What the issue asks for and cannot be measured here."""
    return [("set", "not measured"), *MISSING]


def _figures(row: Row) -> TextRow:
    rates = ["-"] * 4 if row.sdr is None else [percent(rate) for rate in row.sdr.values()]
    if row.sdr is not None:
        rates[0] = percent(next(iter(row.sdr.values())), interval=True)
    unit = row.unit
    return (
        row.set, row.reference, row.placed_by, str(row.n_images), length(row.mre, unit), f"{row.median:.2f} {unit}",
        f"{row.p95:.2f} {unit}", *rates, percent(row.mre_diagonal, interval=True, digits=2), str(row.n_missing),
        share(row.flagged), *TARGETS.get(row.set, ("", "")),
    )  # fmt: skip


def change_rows(bench: Bench) -> list[TextRow]:
    """The table of changed films, each group led by the films as they are."""
    changed = {(row.set, row.placed_by, row.reference) for row in bench.changed}
    rows = [row for row in bench.rows if (row.set, row.placed_by, row.reference) in changed]
    return [CHANGES, *map(_change, sorted([*rows, *bench.changed], key=lambda row: (row.set, row.placed_by)))]


def _change(row: Row) -> TextRow:
    failed = "-" if row.failed is None else percent(row.failed, interval=True)
    return (
        row.set, row.variant, row.placed_by, str(row.n_images), length(row.mre, row.unit),
        f"{row.median:.2f} {row.unit}", failed, share(row.flagged),
    )  # fmt: skip


def doubt_rows(bench: Bench) -> list[TextRow]:
    """How often films of something else are flagged."""
    found = [(d.template, d.set, d.placed_by, str(d.n_images), percent(d.flagged, interval=True)) for d in bench.doubts]
    return [DOUBTS, *found]


def speed_rows(bench: Bench) -> list[TextRow]:
    """Times and sizes."""
    rows: list[TextRow] = [
        (
            s.placed_by, s.film, str(s.threads), f"{s.load:.2f}", f"{s.end_to_end:.3f}", f"{s.repeated:.3f}",
            f"{s.parameters / 1e6:.1f}", f"{s.bytes / 1e6:.1f}", "0.6 s, repeated 0.25 s; 40 M, 60 MB", "0.15 s",
        )
        for s in bench.speeds
    ]  # fmt: skip
    return [SPEEDS, *rows]


def text(bench: Bench) -> str:
    """All tables for a terminal."""
    head = f"{bench.command}\n{bench.date}, {bench.computer}"
    tables = [figure_rows(bench), missing_rows(), change_rows(bench), doubt_rows(bench), speed_rows(bench)]
    return "\n\n".join([head, *(table(rows) for rows in tables if len(rows) > 1)])


def percent(figure: Figure, *, interval: bool = False, digits: int = 1) -> str:
    """A share as a percentage."""
    value = f"{100 * figure.value:.{digits}f}"
    if not interval:
        return f"{value} %"
    return f"{value} [{100 * figure.low:.{digits}f}, {100 * figure.high:.{digits}f}] %"


def share(value: float | None) -> str:
    """A plain share, or a dash."""
    return "-" if value is None or not np.isfinite(value) else f"{value:.1%}"
