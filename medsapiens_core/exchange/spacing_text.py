"""Where in a picture a pixel size holds, as text in cells and reports that have no lists."""

from __future__ import annotations

from collections.abc import Sequence

from medsapiens_core.data.spacing import Area, Spacing
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_number, number

MAX_AREAS = 1000
CHOSEN = ", chosen by a person"


def areas_to_text(areas: Sequence[Area]) -> str:
    """`left top right bottom` of each area in image pixels, "; " between them; "" for everywhere."""
    return "; ".join(" ".join(repr(float(side)) for side in area) for area in areas)


def areas_from_text(text: str) -> tuple[Area, ...]:
    """The inverse. Raises UserError."""
    parts = [part.split() for part in text.split(";")] if text.strip() else []
    if len(parts) > MAX_AREAS or any(len(part) != 4 for part in parts):
        raise UserError("the parts of the picture in which the pixel size holds cannot be read")
    rows = ([checked_number(number(side)) for side in part] for part in parts)
    return tuple((left, top, right, bottom) for left, top, right, bottom in rows)


def source_words(spacing: Spacing | None) -> str:
    """Where the pixel size comes from, for people: `detector, chosen by a person`; `none`."""
    return "none" if spacing is None else spacing.source.value + (CHOSEN if spacing.chosen else "")
