"""What the definition card shows of the current landmark, as frozen values (ux.md 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.session.review_session import ReviewSession
from app.translate import tr
from medsapiens_core.data.annotation import Edit, PointState

WORDS = {
    "confirm": "confirmed",
    "move": "moved",
    "nudge": "nudged",
    "place": "placed",
    "estimated": "called estimated",
    "not estimated": "no longer estimated",
    "absent": "called absent",
    "not absent": "no longer absent",
    "clear": "cleared",
    "clear all": "all cleared",
    "revert": "back to the prediction",
    "predict": "predicted",
    "fill": "filled in",
    "restore": "restored",
    "look again": "looked at again",
    "import": "imported",
    "swap": "swapped",
}
NOTHING_OWN: Mapping[str, str] = {}
RULES = {"image": "sides of the image", "anatomical": "sides of the patient"}


@dataclass(frozen=True)
class HistoryRow:
    """One revision of one landmark; `state` is what it led to."""

    when: str
    who: str
    what: str
    change: str
    state: PointState
    is_present: bool = False


@dataclass(frozen=True)
class CardState:
    """The current landmark for the card; `facts` are short lines, `stale` and `note` are "" where there is none."""

    landmark: str
    name: str
    definition: str
    hard_when: str = ""
    facts: str = ""
    stale: str = ""
    note: str = ""
    case_note: str = ""
    case_name: str = ""
    history: tuple[HistoryRow, ...] = ()
    can_edit: bool = True


def card_state(session: ReviewSession, own: Mapping[str, str] = NOTHING_OWN) -> CardState | None:
    """What to show now, None without a case; `own` has what the reader's own readings say of a landmark."""
    if not session.is_open:
        return None
    template = session.template
    mark = template.landmarks[template.index[session.current]]
    facts = [tr("Same point within {size} mm", size=f"{mark.tolerance_mm:.1f}")]
    if mark.pair is not None:
        other = template.landmarks[template.index[mark.pair]].name
        facts.append(tr("Pair: {other} ({rule})", other=other, rule=tr(RULES[template.pair_rule])))
    refused = [
        tr(word)
        for word, allowed in (("absent", mark.absent_allowed), ("estimated", mark.estimated_allowed))
        if not allowed
    ]
    facts += [tr("Never {what}", what=tr(" or ").join(refused))] if refused else []
    facts += [own[mark.id]] if mark.id in own else []
    under = session.stale.get(mark.id)
    return CardState(
        mark.id,
        mark.name,
        mark.definition or tr("This landmark has no definition yet."),
        mark.hard_when,
        " · ".join(facts),
        tr("Placed under definition r{n}. Look again: Space keeps it.", n=under) if under is not None else "",
        session.notes.get(mark.id, ""),
        session.notes.get("", ""),
        getattr(session.case, "name", tr("this case")),
        history_rows(session.history, mark.id),
        not session.read_only,
    )


def history_rows(history: tuple[Edit, ...], landmark: str) -> tuple[HistoryRow, ...]:
    """Every revision of a landmark, newest first."""
    changes = [(edit, change) for edit in history for change in edit.changes if change.landmark == landmark]
    newest = len(changes) - 1
    rows = [
        HistoryRow(
            _when(edit.utc),
            edit.reader or (tr("model") if edit.kind in ("predict", "fill") else ""),
            _what(edit),
            _moved(change.before, change.after),
            change.after,
            place == newest,
        )
        for place, (edit, change) in enumerate(changes)
    ]
    return tuple(reversed(rows))


def _what(edit: Edit) -> str:
    if edit.kind.startswith("undo "):
        kind = edit.kind.removeprefix("undo ")
        return tr("undone: {what}", what=tr(WORDS.get(kind, kind)))
    return tr(WORDS.get(edit.kind, edit.kind))


def _when(utc: str) -> str:
    at = datetime.fromisoformat(utc).astimezone()
    return f"{at.day} {at:%b %H:%M:%S}"


def _moved(before: PointState, after: PointState) -> str:
    if before == after:
        return _place(after)
    return f"{_place(before)} → {_place(after)}"


def _place(state: PointState) -> str:
    return tr(state.label) if state.x is None or state.y is None else f"{state.x:.1f}, {state.y:.1f}"
