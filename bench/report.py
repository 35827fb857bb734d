"""The comparison as one self-contained HTML file that a person can open.

It shows pictures of the data, which must not be passed on: the report belongs into a folder outside the repository
and is never committed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.figures import Row
from bench.films import Film, FilmSet
from bench.svg import error_bars, film_picture, legend
from bench.tables import Bench, TextRow, change_rows, doubt_rows, figure_rows, missing_rows, speed_rows
from medsapiens_core.evaluation.metrics import error_table
from medsapiens_core.inference.preprocess import to_grey
from medsapiens_core.io import read_image
from medsapiens_core.models.config import GreyRecipe

WORST = 12
SIDE = 520  # px of a picture's longer side
STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}
table{border-collapse:collapse;margin:1em 0}th,td{padding:.2em .6em;border-bottom:1px solid #ddd;text-align:left}
td{font-variant-numeric:tabular-nums;white-space:nowrap}div.wide{overflow-x:auto}
figure{display:inline-block;margin:.5em;vertical-align:top}figcaption{font-size:12px}
.bars text{font-size:10px;fill:#333}.grid{stroke:#e4e4e4}.w{stroke:#111;fill:none}
"""


@dataclass(frozen=True, eq=False)
class Case:
    """One film with the points (K, 2) found on it, in px of the unchanged film.

    `error` is their mean error in mm, or px without spacing; `share` the same over the image diagonal.
    """

    films: FilmSet
    film: Film
    variant: str
    points: NDArray[np.float64]
    error: float
    share: float


def worst_cases(films: FilmSet, variant: str, points: NDArray[np.float64], count: int = WORST) -> list[Case]:
    """The films with the largest mean error against the main reader; one without any point counts as infinite."""
    px = error_table(points, films.truth(films.readers[0]))
    shown = px if films.spacings is None else error_table(points, films.truth(films.readers[0]), films.spacings)
    shares = [_mean(row) / diagonal for row, diagonal in zip(px, films.diagonals, strict=True)]
    cases = [
        Case(films, film, variant, points[k], _mean(shown[k]), shares[k])
        for k, film in enumerate(films.films)
        if not np.isnan(shares[k])
    ]
    return sorted(cases, key=lambda case: -case.share)[:count]


def _mean(errors: NDArray[np.float64]) -> float:
    """Mean of the points found; infinite when there are none, NaN without labels."""
    found = errors[np.isfinite(errors)]
    return float(found.mean()) if found.size else float("nan" if np.isnan(errors).all() else "inf")


def write_report(file: Path, bench: Bench, cases: Sequence[Case]) -> None:
    """Write the HTML file."""
    title = "Landmarks: model and peers"
    body = "".join([*_tables(bench), *_bars(bench.rows), *_worst(cases)])
    head = f"<p>{escape(bench.date)}, {escape(bench.computer)}</p><pre>{escape(bench.command)}</pre>"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1>{head}{body}</html>\n",
        encoding="utf-8",
    )


def _tables(bench: Bench) -> Iterator[str]:
    yield "<h2>Films as they are</h2><p>Mean radial error (MRE) and success rates with 95 % intervals over images.</p>"
    yield html_table(figure_rows(bench)) + html_table(missing_rows())
    for title, rows in (
        ("Changed films", change_rows(bench)),
        ("Films with none of the landmarks", doubt_rows(bench)),
        ("Time and size", speed_rows(bench)),
    ):
        if len(rows) > 1:
            yield f"<h2>{title}</h2>{html_table(rows)}"


def html_table(rows: Sequence[TextRow]) -> str:
    """Rows of text, the first as heading."""
    lines = [
        f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in row)}</tr>"
        for tag, row in zip(["th", *["td"] * (len(rows) - 1)], rows, strict=True)
    ]
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _bars(rows: Sequence[Row]) -> Iterator[str]:
    """For each set and reader the error of each landmark, whoever placed it."""
    for group in dict.fromkeys((row.set, row.reference) for row in rows):
        members = [row for row in rows if (row.set, row.reference) == group]
        series = {row.placed_by: row.per_landmark for row in members}
        yield f"<h2>{escape(group[0])}: mean error of each landmark against {escape(group[1])}, with 95 % interval</h2>"
        yield legend(list(series)) + error_bars(series, members[0].unit)


def _worst(cases: Sequence[Case]) -> Iterator[str]:
    heading = ""
    for case in cases:
        title = case.films.name + ("" if case.variant == "as it is" else ", changed films")
        if title != heading:
            heading = title
            yield f"<h2>{escape(title)}: the worst cases</h2>"
            yield "<p>Circle: reader. Cross: model. The line is the error; point at a mark for its name.</p>"
        yield _figure(case)


def _figure(case: Case) -> str:
    grey = np.rint(to_grey(read_image(case.film.path), GreyRecipe())).astype(np.uint8)
    reader, unit = case.films.readers[0], "px" if case.film.spacing is None else "mm"
    names = case.films.template.ids
    picture = film_picture(grey, case.film.readers[reader], case.points, names, SIDE)
    what = f"{case.film.path.name}, {case.variant}: {case.error:.1f} {unit}, {case.share:.2%} of the diagonal"
    return f"<figure>{picture}<figcaption>{escape(what)}</figcaption></figure>"
