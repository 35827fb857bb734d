"""Points of a picture that was made larger or smaller since, taken over because a person said so; never by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from medsapiens_core.data.annotation import PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import ImageRef, Reading
from medsapiens_core.exchange.checks import checked_point
from medsapiens_core.exchange.convention import Convention, from_image, to_image
from medsapiens_core.exchange.matching import scale_between

NAMED = 3  # pictures of a note


def scaled(reading: Reading, image: ImageRef) -> Reading:
    """The reading with its points in `image`, whose corners are those of the picture in the file.

    Raises UserError unless both axes have exactly the same ratio.
    """
    ref = reading.image
    if scale_between(ref, image) is None:
        raise UserError(
            f"{ref.file_name}: {ref.width} x {ref.height} pixels cannot be scaled to {image.width} x {image.height}; "
            "the two axes differ in their ratio."
        )
    assert ref.width and ref.height and image.width and image.height
    before, after = (ref.width, ref.height), (image.width, image.height)

    def moved(state: PointState) -> PointState:
        if state.x is None or state.y is None:
            return state
        share = from_image(state.x, state.y, before, Convention.NORMALISED)
        x, y = checked_point(*to_image(*share, after, Convention.NORMALISED))
        return replace(state, x=x, y=y)

    points = {mark: moved(state) for mark, state in reading.points.items()}
    return replace(reading, image=image, points=points, scaled_from=before)


def factor_of(reading: Reading) -> float:
    """By how much the points were scaled, 1 for those that were not."""
    return 1.0 if reading.scaled_from is None else (reading.image.width or 0) / reading.scaled_from[0]


def scale_notes(readings: Iterable[tuple[str, Reading]]) -> list[str]:
    """What to know of scaled readings, given with the names of their cases."""
    told = [
        f"{name} from {r.scaled_from[0]} x {r.scaled_from[1]} to {r.image.width} x {r.image.height} pixels"
        for name, r in readings
        if r.scaled_from is not None
    ]
    some = "; ".join(told[:NAMED]) + (" ..." if len(told) > NAMED else "")
    return [f"The points of {len(told)} readings were scaled: {some}."] if told else []
