"""The words of a report: who read what, with which model and pixel size, and what is estimated or absent."""

from __future__ import annotations

from collections.abc import Sequence

from app.session.presentation import spacing_badge
from app.session.report_state import ReportMark
from medsapiens_core.data.annotation import Annotation, Decision, Edit
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.measurements.definitions import MeasureSet
from medsapiens_core.measurements.norms import NormSet

UNCERTAINTY = (
    "± is the 95 % interval that follows from the uncertainty of the points (readers' repeatability, else the model's "
    "calibrated region); a value is blank, with its reason, where a point is absent, not placed or undecided."
)


def marks(annotation: Annotation, template: Template) -> tuple[ReportMark, ...]:
    """The landmarks that have a position."""
    found = []
    for number, (mark, state) in enumerate(zip(template.landmarks, annotation.states, strict=True), 1):
        if state.x is not None and state.y is not None:
            found.append(ReportMark(number, mark.abbreviation, state.label, state.x, state.y))
    return tuple(found)


def facts(
    annotation: Annotation,
    template: Template,
    spacing: Spacing | None,
    history: Sequence[Edit],
    *,
    model: str,
    measures: MeasureSet,
) -> tuple[tuple[str, str], ...]:
    """The lines beside the picture."""
    badge, explanation = spacing_badge(spacing)
    return (
        ("State", _state(annotation, history)),
        ("Reader", _reader(annotation, history)),
        ("Landmarks", f"{annotation.decided_count} of {len(template)} decided ({template.name})"),
        ("Decided", _shares(annotation, history)),
        ("Estimated", _named(annotation, template, "estimated")),
        ("Absent", _named(annotation, template, "absent")),
        ("Model", model or "none was shown"),
        ("Pixel size", f"{badge}. {explanation}"),
        ("Measurements", measures.name),
    )


def sources(norms: NormSet | None) -> tuple[str, ...]:
    """The lines under the table: norms with source and population, and what the figures mean."""
    if norms is None:
        return (UNCERTAINTY, "No norms were chosen.")
    lines = dict.fromkeys(f"{n.source} {n.population}; age {n.age}; sex {n.sex}." for n in norms.norms)
    return (UNCERTAINTY, f"Norms: {norms.name}. {norms.check_note}", *lines)


def is_bulk(edit: Edit) -> bool:
    """True for a confirmation of several landmarks at once."""
    confirmed = [change for change in edit.changes if change.after.decision is Decision.CONFIRMED]
    return len(confirmed) > 1 and edit.undoes is None


def _state(annotation: Annotation, history: Sequence[Edit]) -> str:
    if not annotation.reviewed:
        return "in review: not signed off"
    times = [edit.utc for edit in history if edit.reviewed == (False, True)]
    return f"reviewed {readable(times[-1])}" if times else "reviewed"


def readable(utc: str) -> str:
    """`2026-11-24 20:57 UTC`."""
    return f"{utc[:16].replace('T', ' ')} UTC"


def _reader(annotation: Annotation, history: Sequence[Edit]) -> str:
    named = [edit.reader for edit in history if edit.reader]
    return annotation.reader or (named[-1] if named else "not stated")


def _shares(annotation: Annotation, history: Sequence[Edit]) -> str:
    """`14 confirmed (12 in bulk), 4 corrected`."""
    labels = [state.label for state in annotation.states]
    last: dict[str, Edit] = {}
    for edit in history:
        last.update({change.landmark: edit for change in edit.changes})
    pairs = zip(annotation.landmark_ids, labels, strict=True)
    bulk = sum(label == "confirmed" and mark in last and is_bulk(last[mark]) for mark, label in pairs)
    in_bulk = f" ({bulk} in bulk)" if bulk else ""
    total = len(labels)
    parts = [f"{labels.count('confirmed')} confirmed{in_bulk}", f"{labels.count('corrected')} corrected"]
    parts += [f"{labels.count(word)} {word}" for word in ("estimated", "absent") if word in labels]
    return ", ".join(parts) + f" of {total}"


def _named(annotation: Annotation, template: Template, label: str) -> str:
    pairs = zip(template.landmarks, annotation.states, strict=True)
    return ", ".join(mark.name for mark, state in pairs if state.label == label) or "none"
