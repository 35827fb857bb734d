"""Time the store at 100,000 cases and print a table and a JSON line: `python -m bench.store [CASES]`.

Target figures (reliability.md L1): open 3 s, a page or filter or sort 150 ms, next case 150 ms, counts constant.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.store import tables
from medsapiens_core.store.case_facts import folded, sort_name
from medsapiens_core.store.project import Project

TEMPLATE = Template("bench-19", 1, "Bench", tuple(Landmark(f"p{n}", f"P{n}", f"P{n}", "A point.") for n in range(19)))


def fill(project: Project, count: int) -> None:
    """Put rows in by bulk, indexes last: one import per case would take the disk minutes."""
    with project.database.write() as connection:
        groups = [(n + 1, str(n), "train", 0.5) for n in range(count // 2 + 1)]
        _insert(connection, "patient_group", ("id", "group_key", "part", "draw"), groups)
        indexes = sorted(tables.cases.indexes, key=lambda index: str(index.name))
        for index in indexes:
            index.drop(connection)
        rows = cases(count)
        _insert(connection, "cases", tuple(rows), list(zip(*rows.values(), strict=True)))
        for index in indexes:
            index.create(connection)


def cases(count: int) -> dict[str, Sequence[object]]:
    """The columns of so many cases: most predicted, some reviewed, half of the calibrated ones above 2 mm."""
    rng = np.random.default_rng(0)
    numbers = rng.integers(count, size=count).tolist()
    names = [f"Film {number}-{n}.dcm" for n, number in enumerate(numbers)]
    state = rng.choice(4, count, p=[0.05, 0.75, 0.05, 0.15])
    # a score, or for a calibrated prediction minus its largest 95 % radius
    worst = np.where(rng.random(count) < 0.2, rng.random(count), -rng.uniform(0.5, 3.5, count))
    same = {
        "file_bytes": 1, "frame": 0, "axis": tables.NO_AXIS, "width": 2000, "height": 2400, "modality": "DX",
        "added_utc": "2026", "total": 19,
    }  # fmt: skip
    return {
        "group_id": [n // 2 + 1 for n in range(count)],
        "name": names,
        "sort_name": [sort_name(name) for name in names],
        "search_text": [folded(name) for name in names],
        "absolute_path": [f"/films/{name}" for name in names],
        "image_sha256": [f"{n:064x}" for n in range(count)],
        "state": state.tolist(),
        "decided": np.select([state == 3, state == 2], [19, 3], 0).tolist(),
        "part": rng.choice(["train", "val", "locked"], count, p=[0.7, 0.15, 0.15]).tolist(),
        "flagged": (rng.random(count) < 0.01).astype(int).tolist(),
        "worst_score": np.where(state == 3, tables.NO_SCORE, worst).tolist(),
        **{name: [value] * count for name, value in same.items()},
    }


def _insert(connection: sa.Connection, table: str, columns: Sequence[str], rows: list[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def milliseconds(act: Callable[[], object], times: int = 7) -> float:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - start))
    return statistics.median(found)


def edits(project: Project, count: int) -> Callable[[], object]:
    def once() -> None:
        annotation = project.annotations.load(count // 2)
        edit = annotation.change("move", {"p3": placed(*np.random.default_rng().uniform(0, 99, 2), None)})
        project.annotations.commit(edit, annotation.case_id, expected_revision=annotation.revision)

    return once


def measure(folder: Path, count: int) -> dict[str, float]:
    with Project.create(folder, name="bench", template=TEMPLATE) as project:
        fill(project, count)
    figures = {"open": milliseconds(lambda: Project.open(folder).close(), 3)}
    with Project.open(folder) as project:
        cases = project.cases
        for sort in ("name", "added", "worst_first", "state"):
            figures[f"first page by {sort}"] = milliseconds(lambda s=sort: cases.page("all", s))  # type: ignore[misc]
            figures[f"page at 90 % by {sort}"] = milliseconds(
                lambda s=sort: cases.page("all", s, offset=count * 9 // 10)  # type: ignore[misc]
            )
        for name in ("todo", "in_review", "reviewed", "flagged", "locked", "unsure"):
            figures[f"first page of {name} by name"] = milliseconds(lambda f=name: cases.page(f, "name"))  # type: ignore[misc]
            figures[f"worst first of {name}"] = milliseconds(lambda f=name: cases.page(f, "worst_first"))  # type: ignore[misc]
        figures["search"] = milliseconds(lambda: cases.page("all", "name", "-7777"))
        figures["count of a search"] = milliseconds(lambda: cases.count("all", "7777"))
        figures["counts"] = milliseconds(cases.counts)
        figures["one case"] = milliseconds(lambda: cases.get(count // 2))
        figures["pending predictions"] = milliseconds(lambda: project.predictions.pending("m", 10, count // 2))
        figures["load and save one edit"] = milliseconds(edits(project, count), 50)
        figures["new corrections"] = milliseconds(project.snapshots.new_corrections)
    return figures


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "p", count)
    for name, value in figures.items():
        print(f"{name:34} {value:9.2f} ms")
    print(json.dumps({"cases": count, "milliseconds": {name: round(value, 2) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
