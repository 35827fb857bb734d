"""Compare the model with the readers and with peers on every labelled set at hand, in one table.

    python -m bench.landmarks [--data ../shared/data] [--model PACKAGE] [--peer FILE ...] [--out FOLDER] [--json]

Prints the table, or with --json one JSON line. `--out` gets `report.html` (per-landmark error bars, pictures of the
worst cases), `figures.jsonl` (a line per call), and the points placed so far, so that a call that was stopped goes on.
The folder must lie outside the repository, because the pictures must not be passed on. ceph test1 is for reporting
only: leave it out (`--sets`) of anything that leads to a choice.
"""

from __future__ import annotations

import argparse
import platform
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import torch

from bench.contestants import Contestant, load_package, load_peer
from bench.figures import Row, make_row, mean_figure
from bench.films import CEPH_TEST1, JUNIOR, SENIOR, FilmSet, load_set, set_names
from bench.jsonl import append_row
from bench.measure import Memory, place_all
from bench.report import WORST, Case, worst_cases, write_report
from bench.speed import Speed, measure_speed
from bench.tables import Bench, Doubt, text
from bench.variants import AS_IT_IS, VARIANTS
from medsapiens_core.commands.output import EXIT_USER, note, result
from medsapiens_core.errors import UserError
from medsapiens_core.resources import resource_path

ROOT = Path(__file__).resolve().parents[1]
CHANGED = "ceph-19"  # template of the sets whose films are also changed


@dataclass
class Measuring:
    """What has been measured so far."""

    memory: Memory
    rows: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)

    def readers(self, films: FilmSet) -> None:
        """How far the second reader is from the first."""
        if JUNIOR in films.readers:
            self.rows.append(make_row(films, SENIOR, "junior reader", films.truth(JUNIOR)))

    def films_as_they_are(self, contestant: Contestant, films: FilmSet, *, with_cases: bool) -> None:
        """Against each reader."""
        placed = place_all(contestant, films, films.template, AS_IT_IS, self.memory)
        for reader in films.readers:
            self.rows.append(make_row(films, reader, contestant.name, placed.points, flagged=placed.flagged))
        if with_cases:
            self.cases += worst_cases(films, AS_IT_IS.name, placed.points)

    def changed_films(self, contestant: Contestant, films: FilmSet, *, with_cases: bool) -> None:
        """Mirrored, turned, inverted, framed."""
        cases: list[Case] = []
        for variant in VARIANTS:
            placed = place_all(contestant, films, films.template, variant, self.memory)
            self.changed.append(
                make_row(
                    films,
                    films.readers[0],
                    contestant.name,
                    placed.points,
                    variant=variant.name,
                    flagged=placed.flagged,
                )
            )
            cases += worst_cases(films, variant.name, placed.points)
        if with_cases:
            self.cases += sorted(cases, key=lambda case: -case.share)[:WORST]

    def wrong_films(self, contestant: Contestant, films: FilmSet, others: Sequence[FilmSet]) -> None:
        """How often the model doubts its points on films of something else."""
        for other in others:
            placed = place_all(contestant, other, films.template, AS_IT_IS, self.memory)
            figure = mean_figure(placed.flagged.astype(float))
            self.doubts.append(Doubt(films.template.id, other.name, contestant.name, len(other.films), figure))


def measure(given: argparse.Namespace) -> tuple[Bench, list[Case]]:
    """Everything that the command line asks for."""
    found = [load_set(given.data, name, given.limit) for name in given.sets]
    sets = [films for films in found if films is not None]
    if not sets:
        raise UserError(f"There is no labelled set in {given.data}. Name the folder that holds ceph/, spine/ ...")
    loaders = list(_loaders(given))
    contestants = [load() for load in loaders]
    measuring = Measuring(Memory(None if given.out is None else given.out / "points.jsonl"))
    for films in sets:
        _measure_set(measuring, contestants, films, sets, given)
    speeds = [] if given.repeat < 1 else [measure_speed(load, given.data, given.repeat) for load in loaders]
    return _bench(measuring, speeds), measuring.cases


def _measure_set(
    measuring: Measuring,
    contestants: Sequence[Contestant],
    films: FilmSet,
    sets: Sequence[FilmSet],
    given: argparse.Namespace,
) -> None:
    measuring.readers(films)
    for position, contestant in enumerate(contestants):
        if films.template.id not in contestant.templates:
            continue
        measuring.films_as_they_are(contestant, films, with_cases=position == 0)
        if films.template.id == CHANGED and not given.no_changes:
            measuring.changed_films(contestant, films, with_cases=position == 0)
    first_of_template = next(other for other in sets if other.template.id == films.template.id)
    if not given.no_changes and films is first_of_template and films.template.id in contestants[0].templates:
        measuring.wrong_films(contestants[0], films, _other_anatomy(films, sets))


def _other_anatomy(films: FilmSet, sets: Sequence[FilmSet]) -> list[FilmSet]:
    """The held-out sets of another part of the body; hand-21 and hand-37 are both hands."""
    part = films.template.id.split("-", maxsplit=1)[0]
    return [other for other in sets if other.name != CEPH_TEST1 and not other.template.id.startswith(part)]


def _loaders(given: argparse.Namespace) -> Iterator[Callable[[], Contestant]]:
    yield partial(load_package, given.model, "model")
    for path in given.peer:
        yield partial(load_peer, path)


def _bench(measuring: Measuring, speeds: Sequence[Speed]) -> Bench:
    return Bench(
        command=shlex.join(["python", "-m", "bench.landmarks", *sys.argv[1:]]),
        date=time.strftime("%Y-%m-%d %H:%M"),
        computer=f"{platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads",
        rows=measuring.rows,
        changed=measuring.changed,
        doubts=measuring.doubts,
        speeds=speeds,
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--model", default=str(resource_path("models", "compact")), help="package folder or library name"
    )
    parser.add_argument("--peer", action="append", default=[], help="package folder or U-Net; may be repeated")
    parser.add_argument("--sets", nargs="+", default=list(set_names()), choices=set_names(), metavar="SET")
    parser.add_argument("--limit", type=int, help="only the first so many films of each set")
    parser.add_argument("--no-changes", action="store_true", help="leave out changed films and films of other anatomy")
    parser.add_argument("--repeat", type=int, default=7, help="calls per time; 0 leaves the times out")
    parser.add_argument("--threads", type=int, help="threads of the CPU; default: torch's choice")
    parser.add_argument("--out", type=Path, help="folder for the report, outside the repository")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit code."""
    given = parse(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    try:
        if given.out is not None and given.out.resolve().is_relative_to(ROOT):
            raise UserError(f"{given.out} lies in the repository; the report shows films that must not be passed on.")
        bench, cases = measure(given)
    except UserError as error:
        note(str(error))
        return EXIT_USER
    value = asdict(bench)
    result(value, text(bench), as_json=given.json)
    if given.out is not None:
        write_report(given.out / "report.html", bench, cases)
        append_row(given.out / "figures.jsonl", value)
        note(f"The report is {given.out / 'report.html'}; do not pass it on.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
