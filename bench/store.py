"""Time the store at 100,000 cases and print a table and a JSON line: `python -m bench.store [CASES]`.

Target figures (reliability.md L1): open 3 s, a page or filter or sort 150 ms, next case 150 ms, counts constant.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.store import tables
from medsapiens_core.store.cases import _sort_name
from medsapiens_core.store.project import Project

TEMPLATE = Template("bench-19", 1, "Bench", tuple(Landmark(f"p{n}", f"P{n}", f"P{n}", "A point.") for n in range(19)))


def fill(project: Project, count: int) -> None:
    """Put rows in by bulk; one import per case would take the disk minutes."""
    rng = np.random.default_rng(0)
    with project.database.write() as connection:
        groups = [{"id": n + 1, "group_key": str(n), "part": "train", "draw": 0.5} for n in range(count // 2)]
        connection.execute(sa.insert(tables.patient_group), groups)
        connection.execute(sa.insert(tables.cases), [case(n, rng, count) for n in range(count)])


def case(number: int, rng: np.random.Generator, count: int) -> dict[str, object]:
    name = f"Film {rng.integers(count)}-{number}.dcm"
    state = int(rng.choice(4, p=[0.05, 0.75, 0.05, 0.15]))
    decided = 19 if state == 3 else 3 * (state == 2)
    return {
        "group_id": number // 2 + 1, "name": name, "sort_name": _sort_name(name), "search_text": name.casefold(),
        "absolute_path": f"/films/{name}", "file_bytes": 1, "image_sha256": f"{number:064x}", "frame": 0, "axis": -1,
        "width": 2000, "height": 2400, "modality": "DX", "added_utc": "2026", "state": state, "decided": decided,
        "part": str(rng.choice(["train", "val", "locked"], p=[0.7, 0.15, 0.15])), "flagged": bool(rng.random() < 0.01),
        "total": 19, "worst_score": worst(rng) if decided < 19 else tables.NO_SCORE,
    }  # fmt: skip


def worst(rng: np.random.Generator) -> float:
    """A score, or for a calibrated prediction minus its largest 95 % radius, half above the 2 mm of "unsure"."""
    return float(rng.random() if rng.random() < 0.2 else -rng.uniform(0.5, 3.5))


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
