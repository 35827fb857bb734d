"""Agreement of readers as CSV: one row for each pair and landmark, and one for each point that both placed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.agreement import bland_altman
from medsapiens_core.exchange.csv_table import write_table
from medsapiens_core.exchange.formula_guard import guard
from medsapiens_core.transfer.double_readings import Pair

LANDMARK_COLUMNS = (
    *("first_reader", "second_reader", "landmark", "unit", "n", "n_one_reader_only", "mean_distance", "tolerance"),
    *("share_within_tolerance", "bias_x", "bias_y", "sd_x", "sd_y", "low_x", "high_x", "low_y", "high_y"),
    *("dahlberg_x", "dahlberg_y", "icc21_x", "icc21_x_low", "icc21_x_high", "icc21_y", "icc21_y_low", "icc21_y_high"),
    "probably_two_definitions",
)
POINT_COLUMNS = (
    *("first_reader", "second_reader", "case", "image_sha256", "landmark", "unit", "spacing_source"),
    *("first_x", "first_y", "second_x", "second_y", "distance"),
)


def write_agreement(path: Path, pairs: Sequence[Pair]) -> list[Path]:
    """Write `path` with a row for each landmark, and `<name> points.csv` beside it; both files are returned.

    Differences are second minus first, in `unit`. Raises UserError when there is nothing to write, or when the second
    file is there already.
    """
    if not pairs:
        raise UserError("No case has been read twice yet, so there is nothing to write.")
    points = path.with_name(f"{path.stem} points.csv")
    if points.exists():
        raise UserError(f"{points.name} is already there, and nothing is overwritten. Choose another name.")
    write_table(points, POINT_COLUMNS, _point_rows(pairs))
    write_table(path, LANDMARK_COLUMNS, _landmark_rows(pairs))
    return [path, points]


def _landmark_rows(pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    for pair in pairs:
        for k, one in enumerate(pair.agreement):
            x, y = (bland_altman(pair.xy_first[:, k, axis], pair.xy_second[:, k, axis]) for axis in (0, 1))
            figures = (one.distance, pair.tolerances[k], one.within, *one.bias, *one.sd, x.low, x.high, y.low, y.high)
            iccs = (value for icc in one.icc for value in (icc.value, icc.low, icc.high))
            yield (
                *(guard(text) for text in (pair.first, pair.second, one.landmark)),
                *(pair.unit, str(one.n), str(one.missing)),
                *(_number(value) for value in (*figures, *one.dahlberg, *iccs)),
                str(int(one.two_definitions)),
            )


def _point_rows(pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    for pair in pairs:
        for place, row in enumerate(pair.cases):
            source = row.spacing.source.value if row.spacing is not None and pair.unit == "mm" else ""
            for k, one in enumerate(pair.agreement):
                a, b = pair.xy_first[place, k], pair.xy_second[place, k]
                yield (
                    *(guard(text) for text in (pair.first, pair.second, row.name)),
                    *(row.image_sha256, guard(one.landmark), pair.unit, source),
                    *(_number(value) for value in (*a, *b, math.hypot(*(b - a)))),
                )


def _number(value: float) -> str:
    return "" if math.isnan(value) else repr(round(float(value), 6))
