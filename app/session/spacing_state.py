"""What the window shows of pixel sizes, as frozen values, and the words for it (ux.md 5.4, 8.4: M01, M02, M03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from app.session.presentation import NO_SPACING, spacing_badge
from app.translate import tr
from medsapiens_core.data.image import Image
from medsapiens_core.data.spacing import AT_DETECTOR, Spacing, SpacingCandidate, SpacingChoice, SpacingSource, Way

CALIBRATED = (SpacingSource.FIDUCIAL, SpacingSource.GEOMETRY, SpacingSource.CORRECTED_UNKNOWN)
AT_DETECTOR_TEXT = "Pixel size {size} is measured at the detector. Real lengths are smaller by the magnification."
ON_FILM_TEXT = "Pixel size {size} is measured on the film. Real lengths are smaller by the magnification."
UNVERIFIED = "The file does not say where its pixel size {size} was measured. Lengths may be off by the magnification."
TWO_SIZES = "This file gives two pixel sizes: {used} (calibrated) and {other} (detector). The calibrated one is used."
WAYS = {
    "file": "back to what the file says",
    "pixels": "pixels only",
    "candidate": "chosen among the sizes of the file",
    "ruler": "measured with the ruler",
    "entered": "entered by hand",
    "magnification": "corrected for magnification",
}


class SpacingCase(Protocol):
    """What is needed of a case here."""

    @property
    def name(self) -> str:
        """As the list shows it."""

    @property
    def device(self) -> str:
        """What took the picture, "" when unknown."""

    @property
    def width(self) -> int:
        """Columns."""

    @property
    def height(self) -> int:
        """Rows."""

    @property
    def spacing(self) -> Spacing | None:
        """The pixel size in use."""

    @property
    def is_spacing_set(self) -> bool:
        """True when a person has set it."""


@dataclass(frozen=True)
class SpacingOption:
    """One line to choose: the badge that it would give, where it comes from, and what is stored when it is taken."""

    title: str
    origin: str
    way: Way
    spacing: Spacing | None
    is_now: bool = False


@dataclass(frozen=True)
class SpacingState:
    """What the dialog about the pixel size of a case shows.

    `options` are those of the file and "pixels"; `flat` is the size at the detector that a magnification would correct,
    with the factor that the file suggests. `history` are lines, newest first; `alike` names the cases that a choice
    could also be made for, "" when there is none but this one.
    """

    case_name: str
    badge: str
    explanation: str
    options: tuple[SpacingOption, ...]
    now: Spacing | None
    aspect: float
    flat: Spacing | None
    factor: float | None
    history: tuple[str, ...]
    alike: str


@dataclass(frozen=True)
class SpacingAnswer:
    """What a person wants: for this case, or for all that were taken alike."""

    way: Way
    spacing: Spacing | None
    detail: dict[str, Any]
    for_all: bool


def in_words(spacing: Spacing) -> str:
    """The size alone: `0.143 mm`, or column and row when they differ."""
    if spacing.is_square:
        return f"{spacing.row_mm:.3f} mm"
    return f"{spacing.col_mm:.3f} x {spacing.row_mm:.3f} mm"


def notice_text(spacing: Spacing | None) -> str:
    """M01, M02 or the like for a size that nobody has chosen, "" when there is nothing to tell."""
    if spacing is None:
        return tr(NO_SPACING)
    if spacing.source in AT_DETECTOR:
        words = AT_DETECTOR_TEXT if spacing.source is SpacingSource.DETECTOR else ON_FILM_TEXT
        return tr(words, size=in_words(spacing))
    return tr(UNVERIFIED, size=in_words(spacing)) if spacing.source is SpacingSource.UNKNOWN else ""


def told_of(image: Image) -> str:
    """What a reader should know of the size in the file: one of M01 to M03, or the like; "" when all is clear."""
    return two_sizes(image) or notice_text(image.spacing)


def two_sizes(image: Image) -> str:
    """M03 when a calibrated size is used and the detector's differs, else ""."""
    used = image.spacing
    if used is None or used.source not in CALIBRATED:
        return ""
    others = (c.spacing for c in image.candidates if c.spacing.source is SpacingSource.DETECTOR)
    other = next(others, None)
    return "" if other is None else tr(TWO_SIZES, used=in_words(used), other=in_words(other))


def spacing_state(row: SpacingCase, image: Image, history: Sequence[SpacingChoice], alike: int) -> SpacingState:
    """All that the dialog shows; `image` is as its file says."""
    now = row.spacing if row.is_spacing_set else image.spacing
    badge, explanation = spacing_badge(now)
    flat = next((c for c in image.candidates if c.spacing.source in AT_DETECTOR), None)
    factor = next((c.magnification for c in image.candidates if c.magnification), None)
    return SpacingState(
        case_name=row.name,
        badge=badge,
        explanation=explanation,
        options=_options(row, image),
        now=now,
        aspect=now.row_mm / now.col_mm if now else image.pixel_aspect,
        flat=flat.spacing if flat else None,
        factor=factor,
        history=tuple(history_line(choice) for choice in reversed(history)),
        alike=alike_text(row, alike),
    )


def alike_text(row: SpacingCase, count: int) -> str:
    """Which cases were taken alike, "" for this one alone."""
    if count < 2:
        return ""
    if row.device:
        return tr("All {n} cases of {device} with this pixel size in the file", n=count, device=row.device)
    size = {"n": count, "width": row.width, "height": row.height}
    return tr("All {n} cases of the same size ({width} x {height} px) and kind; their device is not known", **size)


def history_line(choice: SpacingChoice) -> str:
    """Who chose what and when, in one line."""
    size = spacing_badge(choice.spacing)[0] if choice.way != "file" else tr("as the file says")
    also = ", " + tr("{n} cases at once", n=choice.cases_at_once) if choice.cases_at_once > 1 else ""
    when = choice.utc[:16].replace("T", " ")
    how = "" if choice.way in ("file", "pixels") else f", {tr(WAYS[choice.way])}{_how(choice)}"
    return f"{when} UTC  {choice.reader}: {size}{how}{also}"


def _how(choice: SpacingChoice) -> str:
    if choice.way == "ruler" and "length_mm" in choice.detail:
        mm, px = f"{choice.detail['length_mm']:g}", f"{choice.detail['length_px']:.1f}"
        return " " + tr("({mm} mm are {px} px)", mm=mm, px=px)
    return f" ({choice.detail['factor']:g})" if choice.way == "magnification" else ""


def _options(row: SpacingCase, image: Image) -> tuple[SpacingOption, ...]:
    options = [_option(row, candidate) for candidate in image.candidates]
    if image.spacing is not None and not any(c.is_default for c in image.candidates):
        own = SpacingCandidate(image.spacing, tr("As it was imported"), is_default=True)
        options.insert(0, _option(row, own))
    none = row.is_spacing_set and row.spacing is None
    unset = not row.is_spacing_set and image.spacing is None
    return (*options, SpacingOption("px", tr("Pixels only: no lengths in mm"), "pixels", None, none or unset))


def _option(row: SpacingCase, candidate: SpacingCandidate) -> SpacingOption:
    """The default goes back to the file unless its size needs a person's word; the others are chosen."""
    source = candidate.spacing.source
    needs_word = bool(notice_text(candidate.spacing)) or not candidate.is_default
    spacing = replace(candidate.spacing, chosen=True) if needs_word else None
    origin = tr(candidate.origin)
    origin = tr("{origin}, used unless you choose", origin=origin) if candidate.is_default else origin
    now = row.spacing if row.is_spacing_set else (candidate.spacing if candidate.is_default else None)
    is_now = now is not None and now.source is source and in_words(now) == in_words(candidate.spacing)
    way: Way = "candidate" if needs_word else "file"
    return SpacingOption(spacing_badge(candidate.spacing)[0], origin, way, spacing, is_now)
