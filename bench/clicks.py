"""The target table of ux.md 1: key presses and clicks of T1 to T9, counted by scripts that drive the real window.

`QT_QPA_PLATFORM=offscreen python -m bench.clicks` prints the table and a JSON line; `--only T1,T3` takes some of them,
`--out FILE` writes the JSON too. Seconds are not measured: the time targets are about people.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.qt_application import make_qt_application
from bench.click_runs import RUNS, Counted

COLUMNS = ("task", "what", "target", "measured", "reached")


@dataclass(frozen=True)
class Target:
    """At most so many key presses, clicks (a drag is one) or, where only their sum is named, inputs."""

    task: str
    what: str
    keys: int | None = None
    clicks: int | None = None
    inputs: int | None = None
    lost: int | None = None

    @property
    def text(self) -> str:
        """As the table names it."""
        parts = ((self.keys, "keys"), (self.clicks, "clicks"), (self.inputs, "inputs"), (self.lost, "lost decisions"))
        return ", ".join(f"{value} {word}" for value, word in parts if value is not None)

    def is_reached(self, counted: Counted) -> bool:
        """True when no more was needed than the target allows."""
        limits = (
            (self.keys, counted.keys),
            (self.clicks, counted.clicks),
            (self.inputs, counted.keys + counted.clicks),
            (self.lost, counted.lost),
        )
        return all(limit is None or value <= limit for limit, value in limits)


TARGETS = (
    Target("T1", "Confirm a case of 19 that is right, 14 below the threshold", keys=8, clicks=0),
    Target("T2", "The same with bulk confirm off", keys=20, clicks=0),
    Target("T3", "Correct one wrong landmark", keys=0, clicks=1),
    Target("T4", "Fresh install: window shown to first confirmed case", keys=20, clicks=1),
    Target("T5", "Later start to first confirmed case", keys=8, clicks=0),
    Target("T6", "10 corrected cases to a promoted model, 20 locked cases read", keys=0, clicks=3),
    Target("T7", "First case by hand, no model, 19 points", keys=1, clicks=20),
    Target("T8", "Template of 19 names with pairs, pasted from a list", inputs=12),
    Target("T9", "Kill the program at any moment", lost=0),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    task: str
    what: str
    target: str
    measured: str
    reached: bool
    keys: int
    clicks: int
    lost: int


def measure(target: Target, run: Callable[[Path], Counted]) -> Row:
    """Run a script in a folder of its own and hold it against the target."""
    with tempfile.TemporaryDirectory() as folder:
        counted = _run(run, Path(folder))
    said = f"{counted.keys} keys, {counted.clicks} clicks"
    if target.lost is not None:
        said = f"{counted.lost} of {counted.confirmed} decisions lost"
    elif target.inputs is not None:
        said = f"{counted.keys + counted.clicks} inputs"
    reached = target.is_reached(counted) and not counted.note
    return Row(
        target.task, target.what, target.text, said + counted.note, reached, counted.keys, counted.clicks, counted.lost
    )


def _run(run: Callable[[Path], Counted], folder: Path) -> Counted:
    """A script that does not come to its end costs its own line, not the table."""
    try:
        return run(folder)
    except (AssertionError, TimeoutError) as error:
        return Counted(note=f" (not finished: {error})")


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [COLUMNS, *((r.task, r.what, r.target, r.measured, "yes" if r.reached else "no") for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry. The exit code is 0 when every target is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="tasks, separated by commas")
    parser.add_argument("--out", type=Path, help="write the JSON there as well")
    given = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    make_qt_application()
    wanted = set(given.only.split(",")) - {""}
    rows = []
    for target in TARGETS:
        if not wanted or target.task in wanted:
            begun = time.monotonic()
            rows.append(measure(target, RUNS[target.task]))
            print(
                f"{rows[-1].task}: {rows[-1].measured}, {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True
            )
    print(table(rows))
    text = json.dumps({"bench": "clicks", "rows": [asdict(row) for row in rows]})
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
