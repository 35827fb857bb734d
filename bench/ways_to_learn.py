"""Compare the ways to learn a template from few images, at equal minutes each, with the program's own training.

    python -m bench.ways_to_learn --base PACKAGE --out FOLDER [--ways head adapt ...] [--counts 1 5 10 25 150]
        [--seeds 0 1 2] [--templates ceph-19 spine-68] [--minutes 15] [--data ../shared/data]

`--base` is a variant of the default that has not seen the template, else the task is no new anatomy: train it with
`medsapiens_core.training.joint --without ceph-19`; `--base ceph-19=PACKAGE spine-68=PACKAGE` names one for each
template. Images come from the training part of `joint.SETS`, figures from its held-out part, never from ceph test1,
because the result is a choice. A count above what there is takes all. The ways are the modes of `TrainingOptions`;
prototypes take seconds instead of the minutes. Every cell adds a line to FOLDER/rows.jsonl; the same command leaves out
what is there and goes on with a cell that was stopped. The table at the end is of all lines that the command names.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from bench.contestants import load_package
from bench.figures import make_row
from bench.films import held_out_name, load_set
from bench.jsonl import append_row, read_rows
from bench.measure import Memory, place_all
from bench.variants import AS_IT_IS
from medsapiens_core.commands.output import EXIT_USER, note, result, table
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.inference.predictor import package_id
from medsapiens_core.models.package_files import read_config
from medsapiens_core.training.coco import CocoItem, read_coco
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.training.job import RunResult, run_job
from medsapiens_core.training.joint import SETS, read_set
from medsapiens_core.training.progress import LogLine, Message, StepDone
from medsapiens_core.training.snapshot_items import snapshot_from_coco

ROOT = Path(__file__).resolve().parents[1]
WAYS: tuple[str, ...] = get_args(TrainingOptions.model_fields["mode"].annotation)
COUNTS, SEEDS, TEMPLATES = (1, 5, 10, 25, 150), (0, 1, 2), ("ceph-19", "spine-68")
MINUTES = 15.0
NO_LIMIT = 100_000  # epochs: the minutes decide
TELL_EVERY = 100  # steps


@dataclass(frozen=True)
class Cell:
    """One training: a way to learn `template` from `count` images chosen by `seed`, beginning at `base`."""

    base: str
    template: str
    way: str
    count: int
    seed: int
    minutes: float

    @property
    def name(self) -> str:
        """A name for its folder and its model."""
        return f"{self.template}-{self.way}-{self.count}-{self.seed}"


def cells(given: argparse.Namespace, bases: dict[str, str]) -> Iterator[Cell]:
    """All cells, seed by seed, so that a comparison that is stopped has whole tables."""
    for seed in given.seeds:
        for template in given.templates:
            for count in given.counts:
                for way in given.ways:
                    yield Cell(bases[template], template, way, count, seed, given.minutes)


def is_done(cell: Cell, rows: Sequence[dict[str, Any]]) -> bool:
    """Whether a row is of this very cell."""
    return any(all(row.get(key) == value for key, value in asdict(cell).items()) for row in rows)


def is_possible(cell: Cell, package: Path) -> bool:
    """False for prototypes of a template that the base has a trained head for: the program refuses them."""
    return cell.way != "prototypes" or not _known(package, find_template(cell.template))


def run_cell(cell: Cell, package: Path, data: Path, folder: Path) -> dict[str, Any]:
    """Train and measure one cell in a folder of its own, which goes when the row is there."""
    template = find_template(cell.template)
    job = folder / "job.json"
    if not job.exists():
        _prepare(cell, package, data, folder, template)
    done = run_job(folder, _tell)
    row = {**asdict(cell), **_measure(done, cell, data), "known_to_base": _known(package, template)}
    shutil.rmtree(folder)
    return row


def _prepare(cell: Cell, package: Path, data: Path, folder: Path, template: Template) -> None:
    items = training_items(data, template)
    count = min(cell.count, len(items))
    snapshot = snapshot_from_coco(items, template, shots=count, seed=cell.seed)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "snapshot.json"
    path.write_text(json.dumps(snapshot.to_json()), encoding="utf-8")
    options = TrainingOptions.model_validate(
        {"mode": cell.way, "minutes": cell.minutes, "epochs": NO_LIMIT, "seed": cell.seed, "device": "cpu"}
    )
    job = TrainingJob.create(
        snapshot=path, base_folder=package, base_model=cell.base, name=cell.name, template=template, options=options
    )
    job.write(folder)


def training_items(data: Path, template: Template) -> list[CocoItem]:
    """The images that joint training may see; those that are held out are measured on."""
    source = next(source for source in SETS if source.template_id == template.id)
    allowed = {item.path for item in read_set(data, source, template)[0]}
    file = data / source.file
    return [item for item in read_coco(file, file.parent / "images", template) if item.path in allowed]


def _measure(done: RunResult, cell: Cell, data: Path) -> dict[str, Any]:
    films = load_set(data, held_out_name(cell.template))
    if films is None:
        raise UserError(f"The labels of {cell.template} are not in {data}.")
    contestant = load_package(str(done.candidate), cell.name)
    points = place_all(contestant, films, films.template, AS_IT_IS, Memory()).points
    figures = make_row(films, films.readers[0], cell.way, points)
    steps = json.loads((done.candidate / "provenance.json").read_text(encoding="utf-8")).get("steps")
    return {
        "trained_on": done.n_train + done.n_val,
        "validated_on": done.n_val,
        "seconds": done.seconds,
        "steps": steps,
        "n_images": figures.n_images,
        "unit": figures.unit,
        "mre": asdict(figures.mre),
        "median": figures.median,
        "p95": figures.p95,
        "sdr": None if figures.sdr is None else {f"{radius:g}": rate.value for radius, rate in figures.sdr.items()},
        "mre_diagonal": asdict(figures.mre_diagonal),
        "finished": time.strftime("%Y-%m-%d %H:%M"),
    }


def _known(package: Path, template: Template) -> bool:
    """Whether the base has learned the template already, so that this is no new anatomy to it."""
    return template.id in read_config(package).templates


def _tell(message: Message) -> None:
    if isinstance(message, LogLine):
        note(message.text)
    elif isinstance(message, StepDone) and message.step % TELL_EVERY == 0:
        note(f"step {message.step}, loss {message.loss}, {message.seconds_left} s left")


def summary(rows: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Per template and way the mean over seeds (lowest to highest) of the mean radial error, by number of images."""
    counts = sorted({row["count"] for row in rows})
    lines: list[tuple[str, ...]] = [("template", "way", "unit", *(f"n = {count}" for count in counts))]
    for template, way in dict.fromkeys((row["template"], row["way"]) for row in rows):
        group = [row for row in rows if (row["template"], row["way"]) == (template, way)]
        known = " (known to base)" if any(row["known_to_base"] for row in group) else ""
        texts = [_over_seeds([row["mre"]["value"] for row in group if row["count"] == count]) for count in counts]
        lines.append((template + known, way, group[0]["unit"], *texts))
    return lines


def _over_seeds(values: list[float | None]) -> str:
    found = [value for value in values if value is not None]
    return f"{np.mean(found):.2f} ({min(found):.2f}-{max(found):.2f}, {len(found)})" if found else "-"


def bases(given: Sequence[str], templates: Sequence[str]) -> dict[str, Path]:
    """Template id -> package, from `PACKAGE` or `TEMPLATE=PACKAGE`. Raises UserError when one has none."""
    named = {k: Path(v) for k, _, v in (text.rpartition("=") for text in given)}
    found = {template: named.get(template, named.get("")) for template in templates}
    missing = [template for template, path in found.items() if path is None]
    if missing:
        raise UserError(f"No base for {', '.join(missing)}: give --base PACKAGE, or --base {missing[0]}=PACKAGE.")
    return {template: path for template, path in found.items() if path is not None}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", nargs="+", required=True, metavar="[TEMPLATE=]PACKAGE")
    parser.add_argument("--out", type=Path, required=True, help="folder of rows.jsonl and of the running cell")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--templates", nargs="+", default=TEMPLATES, choices=[s.template_id for s in SETS if s.held_out]
    )
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="training time of each cell")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and print the table; returns the exit code."""
    given = parse(arguments)
    file = given.out / "rows.jsonl"
    try:
        packages = bases(given.base, given.templates)
        names = {key: package_id(path, read_config(path).name) for key, path in packages.items()}
        wanted = list(cells(given, names))
        for cell in wanted:
            package = packages[cell.template]
            if not is_possible(cell, package):
                note(f"{cell.name}: left out, prototypes are for a template that the base has not learned")
            elif not is_done(cell, read_rows(file)):
                note(f"{cell.name}: {cell.minutes:g} minutes")
                folder = given.out / "running" / f"{cell.name}-{cell.minutes:g}-{cell.base}"
                append_row(file, run_cell(cell, package, given.data, folder))
    except UserError as error:
        note(str(error))
        return EXIT_USER
    rows = [row for row in read_rows(file) if any(is_done(cell, [row]) for cell in wanted)]
    result({"rows": rows}, table(summary(rows)), as_json=given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
