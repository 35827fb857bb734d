"""A model's card for people: what its package says, and who put it in use or took it back, and why."""

from __future__ import annotations

from app.translate import tr
from medsapiens_core.store.errors import LibraryError
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.promotions import Promotion

CARD = "MODEL_CARD.md"


def model_card(library: ModelLibrary, name: str, template_id: str) -> str:
    """The card and the decisions, as plain text. Raises LibraryError for a model that is not there."""
    entry = library.get(name)
    try:
        card = (entry.folder / CARD).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LibraryError(
            tr("The card of {model} cannot be read: {reason}.", model=name, reason=error.strerror)
        ) from error
    rows = [
        row
        for row in library.history()
        if row.template_id == template_id and entry.id in (row.model_id, row.previous_id)
    ]
    decisions = [_decision(row, entry.id) for row in rows] or [tr("Nobody has put it in use yet.")]
    return "\n".join([card, "", tr("Decisions"), *decisions, "", tr("Checksum: {id}", id=entry.id.split("@")[1])])


def _decision(row: Promotion, model_id: str) -> str:
    if row.kind == "promote":
        word = tr("put in use") if row.model_id == model_id else tr("gave way to {model}", model=row.model)
    else:
        word = tr("in use again") if row.model_id == model_id else tr("taken back")
    reason = f": {row.reason}" if row.reason else ""
    when = f"{row.utc[:16].replace('T', ' ')} UTC"
    return f"{when}, {row.by}, {word}{reason}"
