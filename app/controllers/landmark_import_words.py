"""The import of landmarks in words: from what the core has found to what its pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.session.import_state import ChangeRow, DrawnPoint, FormatChoice, ImportOutcome, PointRow, PreviewState
from app.session.presentation import BADGES, spacing_badge
from app.translate import tr, trn
from medsapiens_core.data.annotation import PointState
from medsapiens_core.data.spacing import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Format
from medsapiens_core.exchange.facts import FACTS
from medsapiens_core.transfer.importing import ImportPlan
from medsapiens_core.transfer.preview import CHANGES, CasePreview, Choice, PointPreview, Preview, pairs_text
from medsapiens_core.transfer.scaling import factor_of


def format_choices(forms: Sequence[Format], *, reading: bool) -> tuple[FormatChoice, ...]:
    """The formats with their options for one direction."""
    found = []
    for form in forms:
        facts = FACTS[form.name]
        options = tuple(o for o in facts.options if (o.for_reading if reading else o.for_writing))
        found.append(
            FormatChoice(
                form.name, form.title, form.is_folder, form.suffixes, options, tr(facts.lost), tr(facts.precision)
            )
        )
    return tuple(found)


def change_rows(
    shown: Preview, template: Template, choices: Mapping[int, Choice], swapped: Mapping[int, bool]
) -> tuple[ChangeRow, ...]:
    """One line for each case."""
    return tuple(_row(case, shown, template, choices, swapped) for case in shown.cases)


def preview_state(
    shown: Preview,
    template: Template,
    choices: Mapping[int, Choice],
    swapped: Mapping[int, bool],
    *,
    refused: Sequence[tuple[str, str]],
    notes: Sequence[str],
) -> PreviewState:
    """The page of what would change."""
    rows = change_rows(shown, template, choices, swapped)
    counts = [_taken(case, shown, choices.get(case.position, "leave")) for case in shown.cases]
    changes = sum(counts)
    what = trn("%n case", "%n cases", sum(count > 0 for count in counts))
    points = trn("%n landmark", "%n landmarks", changes)
    if shown.kind == "prediction":
        summary = tr("{what} will get {points} as predictions, for a person to check.", what=what, points=points)
    else:
        summary = tr("{what}, {points} will be written as decisions.", what=what, points=points)
    hidden = sum(case.is_hidden and choices.get(case.position) != "leave" for case in shown.cases)
    if hidden:
        summary += " " + trn(
            "%n case is read blind: its predictions are stored, and shown after the review.",
            "%n cases are read blind: their predictions are stored, and shown after the review.",
            hidden,
        )
    over = sum(
        case.count("overwrites") for case in shown.cases if choices.get(case.position) == "theirs" and not case.refusal
    )
    if over and shown.kind == "reading":
        summary += " " + trn(
            "%n of them replaces a decision of a person.", "%n of them replace decisions of a person.", over
        )
    can_import = changes > 0 or hidden > 0
    return PreviewState(rows, shown.kind == "prediction", summary, tuple(refused), tuple(notes), can_import)


def point_rows(case: CasePreview, template: Template) -> tuple[PointRow, ...]:
    """The landmarks of one case."""
    names = {mark.id: mark.name for mark in template.landmarks}
    return tuple(
        PointRow(
            names[point.landmark],
            state_text(point.mine),
            state_text(point.theirs),
            distance_text(point, case.case.spacing),
            point.what,
        )
        for point in case.points
    )


def drawn_points(case: CasePreview, template: Template) -> tuple[DrawnPoint, ...]:
    """Where the points of one case are and would be."""
    abbreviations = {mark.id: mark.abbreviation for mark in template.landmarks}
    return tuple(DrawnPoint(abbreviations[p.landmark], _xy(p.mine), _xy(p.theirs), p.what) for p in case.points)


def state_text(state: PointState) -> str:
    """`corrected 613.4, 1688.1`."""
    word = tr(state.label)
    return word if state.x is None or state.y is None else f"{word} {state.x:.1f}, {state.y:.1f}"


def distance_text(point: PointPreview, spacing: Spacing | None) -> str:
    """`3.2 px, 0.32 mm (ruler)`; no millimetres without a pixel size, and never without where it comes from."""
    if point.distance_px is None:
        return ""
    px = tr("{px} px", px=_short(point.distance_px))
    if point.distance_mm is None or spacing is None:
        return px
    source = spacing_badge(spacing)[0]
    return tr("{px}, {mm} mm (pixel {source})", px=px, mm=_short(point.distance_mm), source=source)


def outcome_text(outcome: ImportOutcome) -> str:
    """What came of an import, in a sentence or two."""
    cases = trn("%n case", "%n cases", outcome.cases)
    points = trn("%n landmark", "%n landmarks", outcome.landmarks)
    if not outcome.cases:
        text = tr("Nothing was imported.")
    elif outcome.is_prediction:
        text = tr("{points} of {cases} were imported as predictions.", points=points, cases=cases)
    else:
        text = tr("{points} of {cases} were imported as decisions.", points=points, cases=cases)
    parts = [text]
    if outcome.overwritten:
        parts.append(trn("%n decision was replaced.", "%n decisions were replaced.", outcome.overwritten))
    if outcome.kept:
        parts.append(trn("%n decision here was kept.", "%n decisions here were kept.", outcome.kept))
    if outcome.refused:
        parts.append(trn("%n was left out.", "%n were left out.", len(outcome.refused)))
    if outcome.is_stopped:
        parts.append(tr("It was stopped; the rest was not written."))
    return " ".join(parts)


def outcome(
    batch: str,
    plan: ImportPlan,
    written: int,
    *,
    shown: Preview,
    choices: Mapping[int, Choice],
    refused: Sequence[tuple[str, str]],
) -> ImportOutcome:
    """What came of an import of which the first `written` cases of the plan were stored."""
    by_case = {(case.case.id, case.annotation.reader): case for case in shown.cases}
    cases = [by_case[planned.case.id, planned.slot] for planned in plan.cases[:written]]
    replaced = [c for c in cases if shown.kind == "reading" and choices[c.position] == "theirs" and not c.refusal]
    return ImportOutcome(
        batch,
        len(cases),
        sum(_taken(case, shown, choices[case.position]) for case in cases),
        sum(case.count("overwrites") for case in replaced),
        len(plan.conflicts),
        plan.kind == "prediction",
        written < len(plan.cases),
        tuple(refused),
        tuple(dict.fromkeys(case.case.id for case in cases)),
    )


def _taken(case: CasePreview, shown: Preview, choice: str) -> int:
    if choice == "leave":
        return 0
    if choice == "theirs" and shown.kind == "reading" and not case.refusal:
        return case.count(*CHANGES, "overwrites")
    return case.count(*CHANGES)


def _row(
    case: CasePreview,
    shown: Preview,
    template: Template,
    choices: Mapping[int, Choice],
    swapped: Mapping[int, bool],
) -> ChangeRow:
    farthest, against = case.farthest("moved"), case.farthest("overwrites")
    spacing = case.case.spacing
    moved = str(case.count("moved")) if case.count("moved") else ""
    if farthest is not None:
        moved += " " + tr("up to {distance}", distance=_short_distance(farthest, spacing))
    conflict = str(case.count("overwrites")) if case.count("overwrites") else ""
    if against is not None:
        conflict += " " + tr("up to {distance}", distance=_short_distance(against, spacing))
    swap = tr("every pair") if case.all_swapped else pairs_text(case.swaps, template)
    reader = f" ({case.annotation.reader})" if case.annotation.reader else ""
    scale = f", × {factor_of(case.reading):.4g}" if case.reading.scaled_from else ""
    return ChangeRow(
        case.position,
        f"{case.case.name}{reader}{scale}",
        case.count("new"),
        moved,
        case.count("same", "undecided"),
        conflict,
        choices.get(case.position, "leave"),
        bool(case.count("overwrites")),
        shown.kind == "reading" and bool(case.count("overwrites")) and not case.refusal,
        case.count(*CHANGES, "overwrites") > 0 or case.is_hidden,
        swap if case.swaps else "",
        bool(swapped.get(case.position)),
        case.is_hidden,
    )


def _short_distance(point: PointPreview, spacing: Spacing | None) -> str:
    """Millimetres, with a word for where they come from, else pixels: for a narrow column."""
    if point.distance_mm is None or spacing is None:
        return tr("{px} px", px=_short(point.distance_px or 0.0))
    return tr("{mm} mm ({source})", mm=_short(point.distance_mm), source=BADGES[spacing.source][0] or tr("file"))


def _xy(state: PointState) -> tuple[float, float] | None:
    return None if state.x is None or state.y is None else (state.x, state.y)


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
