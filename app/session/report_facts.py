"""The words of a report: who read what, with which model and pixel size, and what is estimated or absent."""

from __future__ import annotations

from collections.abc import Sequence

from app.session.presentation import spacing_badge
from app.session.report_state import ReportMark
from app.translate import tr
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
        (tr("State"), _state(annotation, history)),
        (tr("Reader"), _reader(annotation, history)),
        (tr("Landmarks"), _counted(annotation, template)),
        (tr("Decided"), _shares(annotation, history)),
        (tr("Estimated"), _named(annotation, template, "estimated")),
        (tr("Absent"), _named(annotation, template, "absent")),
        (tr("Model"), model or tr("none was shown")),
        (tr("Pixel size"), f"{badge}. {explanation}"),
        (tr("Measurements"), measures.name),
    )


def sources(norms: NormSet | None) -> tuple[str, ...]:
    """The lines under the table: norms with source and population, and what the figures mean."""
    if norms is None:
        return (tr(UNCERTAINTY), tr("No norms were chosen."))
    lines = dict.fromkeys(
        tr(
            "{source} {population}; age {age}; sex {sex}.",
            source=n.source,
            population=n.population,
            age=n.age,
            sex=n.sex,
        )
        for n in norms.norms
    )
    return (tr(UNCERTAINTY), tr("Norms: {name}.", name=norms.name) + " " + tr(norms.check_note), *lines)


def is_bulk(edit: Edit) -> bool:
    """True for a confirmation of several landmarks at once."""
    confirmed = [change for change in edit.changes if change.after.decision is Decision.CONFIRMED]
    return len(confirmed) > 1 and edit.undoes is None


def _state(annotation: Annotation, history: Sequence[Edit]) -> str:
    if not annotation.reviewed:
        return tr("in review: not signed off")
    times = [edit.utc for edit in history if edit.reviewed == (False, True)]
    return tr("reviewed {at}", at=readable(times[-1])) if times else tr("reviewed")


def readable(utc: str) -> str:
    """`2026-11-24 20:57 UTC`."""
    return f"{utc[:16].replace('T', ' ')} UTC"


def _reader(annotation: Annotation, history: Sequence[Edit]) -> str:
    named = [edit.reader for edit in history if edit.reader]
    return annotation.reader or (named[-1] if named else tr("not stated"))


def _shares(annotation: Annotation, history: Sequence[Edit]) -> str:
    """`14 confirmed (12 in bulk), 4 corrected`."""
    labels = [state.label for state in annotation.states]
    last: dict[str, Edit] = {}
    for edit in history:
        last.update({change.landmark: edit for change in edit.changes})
    pairs = zip(annotation.landmark_ids, labels, strict=True)
    bulk = sum(label == "confirmed" and mark in last and is_bulk(last[mark]) for mark, label in pairs)
    in_bulk = " " + tr("({n} in bulk)", n=bulk) if bulk else ""
    parts = [
        f"{labels.count('confirmed')} {tr('confirmed')}{in_bulk}",
        f"{labels.count('corrected')} {tr('corrected')}",
    ]
    parts += [f"{labels.count(word)} {tr(word)}" for word in ("estimated", "absent") if word in labels]
    return tr("{parts} of {total}", parts=", ".join(parts), total=len(labels))


def _counted(annotation: Annotation, template: Template) -> str:
    counts = {"decided": annotation.decided_count, "total": len(template)}
    return tr("{decided} of {total} decided ({template})", template=template.name, **counts)


def _named(annotation: Annotation, template: Template, label: str) -> str:
    pairs = zip(template.landmarks, annotation.states, strict=True)
    return ", ".join(mark.name for mark, state in pairs if state.label == label) or tr("none")
