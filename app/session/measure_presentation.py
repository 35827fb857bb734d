"""From values to what the window shows of them: pure functions that make the frozen values of `measure_state`."""

from __future__ import annotations

from collections.abc import Sequence

from app.session.measure_state import MeasureLines, MeasureRow, NormBar
from app.translate import tr
from medsapiens_core.data.template import Template
from medsapiens_core.measurements.case_points import CasePoints
from medsapiens_core.measurements.cobb import SMALL_DEG
from medsapiens_core.measurements.definitions import HKA_ROLES, Kind, Measure, MeasureSet
from medsapiens_core.measurements.drawing import segments
from medsapiens_core.measurements.evaluating import Value
from medsapiens_core.measurements.impact import Impact
from medsapiens_core.measurements.norms import Grade, Norm, NormSet, grade, shipped_norms

FILLED = "rests on filled points, not exported: {names}"


def rows(values: Sequence[Value], norms: NormSet | None) -> tuple[MeasureRow, ...]:
    """The table."""
    return tuple(_row(value, _norm_of(value.measure, norms)) for value in values)


def lines(values: Sequence[Value], measures: MeasureSet, points: CasePoints) -> tuple[MeasureLines, ...]:
    """Lines of all values that are not blank."""
    made = []
    for value in values:
        found = segments(value, measures, points)
        if found:
            (x1, y1), (x2, y2) = found[0]
            text = f"{value.measure.name} {number(value)}"
            made.append(MeasureLines(value.measure.id, text, found, ((x1 + x2) / 2, (y1 + y2) / 2), bool(value.filled)))
    return tuple(made)


def number(value: Value) -> str:
    """`82.3°`, `41.0 mm`; "" for a blank one."""
    if value.value is None:
        return ""
    text = f"{value.value:.{value.measure.decimals}f}"
    return with_unit(text.removeprefix("-") if float(text) == 0 else text, value.unit)


def with_unit(text: str, unit: str) -> str:
    """A number with its unit: ° and % stand close to it."""
    return f"{text}{unit}" if unit in ("°", "%", "") else f"{text} {unit}"


def half_width(value: Value) -> str:
    """`± 1.9°`; "" where it is not known."""
    if value.value is None or value.half_width is None:
        return ""
    return f"± {with_unit(f'{value.half_width:.{value.measure.decimals}f}', value.unit)}"


def note(value: Value) -> str:
    """The reason of a blank value, or what must be said with one."""
    if value.value is None:
        return value.reason
    parts = []
    if value.ends_name:
        parts.append(f"{value.ends_name}, {tr('locked') if value.locked else tr('free')}")
    if value.filled:
        parts.append(tr(FILLED, names=", ".join(value.filled)))
    if value.estimated:
        names = ", ".join(value.estimated[:3]) + (" …" if len(value.estimated) > 3 else "")
        parts.append(tr("estimated: {names}", names=names))
    parts += [part for part in (value.scale_note, _side_note(value.measure)) if part]
    return "  ·  ".join(parts)


def impact(found: Impact, scale_unit: str) -> str:
    """`SNA 1.3°/mm`: what one unit of a landmark changes most."""
    size = f"{found.slope:.1f}" if found.slope >= 0.05 else f"{found.slope:.2f}"
    return f"{found.value.measure.name} {with_unit(size, found.value.unit)}/{scale_unit}"


def compared(result: Grade | None, decimals: int) -> str:
    """`within, z 0.7`; without a published spread the difference from the mean."""
    if result is None:
        return ""
    if not result.word:
        return tr("{difference} to mean", difference=f"{result.difference:+.{decimals}f}")
    word = tr(result.word)
    return word if result.z is None else tr("{word}, z {z}", word=word, z=f"{result.z:+.1f}")


def graded(value: Value, norm: Norm | None) -> Grade | None:
    """The comparison of a value; a leg whose side is not given is not graded."""
    if norm is None or value.value is None or _side_note(value.measure):
        return None
    return grade(value.value, value.half_width, norm)


def _row(value: Value, norm: Norm | None) -> MeasureRow:
    measure = value.measure
    result = graded(value, norm)
    return MeasureRow(
        measure.id,
        measure.name,
        number(value),
        half_width(value),
        norm.text(measure.decimals) if norm else "",
        result.word if result else "",
        compared(result, measure.decimals),
        _bar(value, norm) if result else None,
        note(value),
        bool(value.estimated),
        bool(value.filled),
        measure.kind is Kind.COBB and value.value is not None and value.value < SMALL_DEG,
        _tooltip(value, norm),
    )


def _norm_of(measure: Measure, norms: NormSet | None) -> Norm | None:
    return None if norms is None else norms.norm(measure.id, measure.unit)


def _bar(value: Value, norm: Norm | None) -> NormBar | None:
    if norm is None or value.value is None:
        return None
    low, high = norm.limits or (None, None)
    return NormBar(value.value, value.half_width, norm.mean, low, high)


def _side_note(measure: Measure) -> str:
    unsided = measure.kind is Kind.HKA and measure.role == HKA_ROLES[0] and not measure.medial
    return tr("side not given: no sign, not graded") if unsided else ""


def _tooltip(value: Value, norm: Norm | None) -> str:
    parts = [note(value), value.measure.note, value.error_note]
    if norm is not None:
        facts = {"population": norm.population, "age": norm.age, "sex": norm.sex, "source": norm.source}
        parts.append(tr("Norm: {population}; age: {age}; sex: {sex}. {source}", **facts))
    return "\n".join(part for part in parts if part)


def lacking(measures: MeasureSet | None, template: Template) -> set[str]:
    """The landmarks that measures of the set rest on and the template does not have."""
    if measures is None:
        return set()
    return {mark for measure in measures.measures for mark in measures.landmarks(measure)} - set(template.ids)


def usable_norms(measures: MeasureSet | None) -> list[NormSet]:
    """Norm sets that say something of a measure of the set."""
    if measures is None:
        return []
    pairs = [(measure.id, measure.unit) for measure in measures.measures]
    return [norms for norms in shipped_norms().values() if any(norms.norm(*pair) for pair in pairs)]


def source_line(norms: NormSet | None) -> str:
    """Where the norms come from and whom they are of, "" without norms."""
    if norms is None:
        return ""
    sources = dict.fromkeys(norm.source for norm in norms.norms)
    facts = dict.fromkeys(
        tr("{population}; age {age}; sex {sex}", population=norm.population, age=norm.age, sex=norm.sex)
        for norm in norms.norms
    )
    said = tr("Norms: {sources} ({facts}).", sources=" ".join(sources), facts="; ".join(facts))
    return f"{said} {tr(norms.check_note)}"
