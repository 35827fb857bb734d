"""What the agreement window shows, made from the readings of a project; runs in the background."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.session import agreement_state as shown
from app.session.presentation import BADGES
from app.translate import tr, trn
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.agreement import BlandAltman, Icc, LandmarkAgreement, bland_altman, dahlberg, icc_2_1
from medsapiens_core.measurements.case_points import case_points
from medsapiens_core.measurements.definitions import Measure, MeasureSet
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.double_readings import Pair, ReadCase, pairs, read_cases
from medsapiens_core.transfer.measure_limits import MeasureLimits, limits_of
from medsapiens_core.transfer.measuring import set_in_use

NOBODY = (
    "No case has been read twice yet. Project > People asks a second reader; importing labels of two readers "
    "works, too."
)
WITHIN = 2.0  # degrees, mm (ux.md 10.4)


@dataclass(frozen=True, eq=False)
class Found:
    """All readings of double-read cases, the pairs of readers, the measurement set in use, and its limits."""

    cases: tuple[ReadCase, ...]
    pairs: tuple[Pair, ...]
    measures: MeasureSet | None
    limits: MeasureLimits | None = None


def find(project: Project) -> Found:
    """Read everything; takes as long as reading the annotations of the double-read cases."""
    cases = read_cases(project)
    try:
        measures = set_in_use(project)
    except UserError:  # there is none for this template
        measures = None
    return Found(tuple(cases), tuple(pairs(cases, project.template)), measures, limits_of(project))


def state_of(found: Found, chosen: int, template: Template) -> shown.AgreementState:
    """What to show of one pair."""
    if not found.pairs:
        return shown.AgreementState(empty=tr(NOBODY))
    chosen = min(max(chosen, 0), len(found.pairs) - 1)
    pair = found.pairs[chosen]
    rows = sorted((_row(pair, k, template) for k in range(len(template))), key=_worst_first)
    return shown.AgreementState(
        pairs=tuple(_pair_words(one) for one in found.pairs),
        chosen=chosen,
        unit=pair.unit,
        first=pair.first,
        second=pair.second,
        summary=_summary(pair),
        source=_source(pair),
        rows=tuple(rows),
        measures=_measures(pair, found, template),
    )


def with_queue(state: shown.AgreementState, to_settle: int, refusal: str, limit_refusal: str) -> shown.AgreementState:
    """The same with how much is to be settled, and what the person may not do."""
    return replace(state, to_settle=to_settle, refusal=refusal, limit_refusal=limit_refusal)


def _worst_first(row: shown.AgreementRow) -> tuple[bool, float]:
    return math.isnan(row.distance), -row.distance if math.isfinite(row.distance) else 0.0


def _pair_words(pair: Pair) -> str:
    cases = trn("%n case", "%n cases", len(pair.cases))
    return tr("{first} and {second}: {cases}", first=pair.first, second=pair.second, cases=cases)


def _summary(pair: Pair) -> str:
    distances = pair.distances()
    known = np.isfinite(distances)
    if not known.any():
        return tr("No landmark was placed by both.")
    within = float((distances <= np.array(pair.tolerances))[known].mean())
    return tr(
        "Mean distance {distance} {unit}; {share} of {points} points within tolerance.",
        distance=f"{float(distances[known].mean()):.2f}",
        unit=pair.unit,
        share=f"{within:.0%}",
        points=int(known.sum()),
    )


def _source(pair: Pair) -> str:
    """Where the millimetres come from: every mm names its source."""
    if pair.unit == "px":
        return tr("In pixels: not every case has a pixel size.")
    sources = Counter(row.spacing.source for row in pair.cases if row.spacing is not None)
    words = ", ".join(f"{tr(BADGES[source][0] or 'file')} ({count})" for source, count in sources.most_common())
    return tr("Pixel sizes: {words}.", words=words)


def _row(pair: Pair, k: int, template: Template) -> shown.AgreementRow:
    one, mark = pair.agreement[k], template.landmarks[k]
    axes = [bland_altman(pair.xy_first[:, k, axis], pair.xy_second[:, k, axis]) for axis in (0, 1)]
    middle, difference = (pair.xy_first + pair.xy_second)[:, k] / 2, (pair.xy_second - pair.xy_first)[:, k]
    cases = tuple(
        shown.Difference(
            pair.cases[place].id,
            pair.cases[place].name,
            (float(middle[place, 0]), float(middle[place, 1])),
            (float(difference[place, 0]), float(difference[place, 1])),
            float(np.hypot(*difference[place])),
        )
        for place in one.worst
    )
    return shown.AgreementRow(
        landmark=mark.id,
        name=mark.name,
        cells=_cells(one, axes),
        distance=one.distance,
        two_definitions=one.two_definitions,
        limits=(_limits(axes[0]), _limits(axes[1])),
        cases=cases,
        tip=_tip(pair, one, mark.name),
    )


def _cells(one: LandmarkAgreement, axes: Sequence[BlandAltman]) -> tuple[str, ...]:
    return (
        str(one.n),
        _number(one.distance),
        "–" if math.isnan(one.within) else f"{one.within:.0%}",
        "–" if math.isnan(one.bias[0]) else f"{_signed(one.bias[0])}, {_signed(one.bias[1])}",
        _range(axes[0]),
        _range(axes[1]),
        _number(one.repeatability),
        "–" if math.isnan(one.icc[0].value) else f"{_icc(one.icc[0])}, {_icc(one.icc[1])}",
    )


def _tip(pair: Pair, one: LandmarkAgreement, name: str) -> str:
    parts = [
        tr(
            "{name}: {second} lies {bias} {unit} from {first} on average, with a spread of {spread} {unit}.",
            name=name,
            first=pair.first,
            second=pair.second,
            bias=_number(one.bias_length),
            unit=pair.unit,
            spread=_number(one.spread),
        )
    ]
    if one.ellipse is not None:
        axes = f"{one.ellipse.long:.1f} x {one.ellipse.short:.1f}"
        parts.append(tr("95 % of differences lie in an ellipse of {axes} {unit}.", axes=axes, unit=pair.unit))
    if one.missing:
        parts.append(trn("%n case has it from one reader only.", "%n cases have it from one reader only.", one.missing))
    for word, icc in zip("xy", one.icc, strict=True):
        if not math.isnan(icc.low):
            parts.append(f"ICC(2,1) {word}: {icc.value:.3f} (95 % {icc.low:.3f} – {icc.high:.3f}).")
    return "\n".join(parts)


def _measures(pair: Pair, found: Found, template: Template) -> tuple[shown.MeasureRow, ...]:
    measures = found.measures
    if measures is None:
        return ()
    by_case = {case.row.id: case for case in found.cases}
    tables: dict[str, list[list[float]]] = {measure.id: [[], []] for measure in measures.measures}
    units: dict[str, str] = {}
    for row in pair.cases:
        for side, name in enumerate((pair.first, pair.second)):
            points = case_points(by_case[row.id].readings[name], template, row.spacing)
            for value in evaluate(measures, points, simulated=False):
                known = value.value if value.is_exported and value.value is not None else float("nan")
                tables[value.measure.id][side].append(known)
                units[value.measure.id] = value.unit
    limits = {} if found.limits is None else found.limits.limits
    rows = ((measures.by_id[id_], units.get(id_, ""), limits.get(id_), table) for id_, table in tables.items())
    return tuple(_measure_row(measure, unit, limit, *table) for measure, unit, limit, table in rows)


def _measure_row(
    measure: Measure, unit: str, limit: float | None, first: list[float], second: list[float]
) -> shown.MeasureRow:
    limits = bland_altman(first, second)
    difference = np.abs(np.array(second) - np.array(first))
    known = np.isfinite(difference)
    within = f"{float((difference[known] <= WITHIN).mean()):.0%}" if known.any() and unit in ("°", "mm") else "–"
    icc = icc_2_1(np.stack([first, second], axis=1)) if first else Icc(float("nan"), 0.0, 0.0, 0)
    cells = (str(limits.n), _signed(limits.bias), _range(limits), within, _number(dahlberg(first, second)), _icc(icc))
    comparable = not measure.is_length or unit == "mm"
    beyond = "–" if limit is None or not comparable else str(int((difference[known] > limit).sum()))
    name = f"{measure.name} ({unit})" if unit else measure.name
    kind = "mm" if measure.is_length else unit
    return shown.MeasureRow(name, (*cells, beyond), measure.id, limit, kind, measure.tolerance)


def _limits(found: BlandAltman) -> shown.Limits:
    return shown.Limits(found.bias, found.low, found.high)


def _range(found: BlandAltman) -> str:
    return "–" if math.isnan(found.low) else f"{_signed(found.low)} … {_signed(found.high)}"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}".replace("-", "−")


def _icc(icc: Icc) -> str:
    return "–" if math.isnan(icc.value) else f"{icc.value:.3f}"
