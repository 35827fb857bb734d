"""Readings of every kind for the round trips of our own files."""

from __future__ import annotations

from hypothesis import strategies as st

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState, absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading

HOSTILE_NAMES = ("S", "a,b", 'q"q', "=cmd()", "-1", "+x", "@a", "＝1", "'=x", "''", "ملتقى", "🦷", "x_y", "p1")
HOSTILE_TEXTS = ("", "plain", "=1+1", "\tx", "line\r\nbreak", "\n", "\0", "'quoted", 'a "b", c', "＋", "\ufeffmark")


def template_of(names: tuple[str, ...]) -> Template:
    return Template("own", 3, "Own", tuple(Landmark(name, name, name, "A point.") for name in names))


TEMPLATE = template_of(HOSTILE_NAMES)
coordinates = st.one_of(
    st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from([-0.5, 0.0, 1934.5, 2399.5, 1e-7, -0.0, 1 / 3])
)
texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
states = st.one_of(
    st.builds(predicted, coordinates, coordinates),
    st.builds(
        lambda x, y, d: PointState(Place.VISIBLE, d, x, y),
        coordinates,
        coordinates,
        st.sampled_from([Decision.CONFIRMED, Decision.CORRECTED]),
    ),
    st.builds(lambda x, y: placed(x, y, None, estimated=True), coordinates, coordinates),
    st.builds(absent, st.sampled_from(AbsentReason)),
)
sides = st.floats(-0.5, 4e4)
areas = st.lists(st.tuples(sides, sides, sides, sides), max_size=2).map(tuple)
lengths = st.floats(1e-3, 10)
spacings = st.none() | st.builds(Spacing, lengths, lengths, st.sampled_from(SpacingSource), st.booleans(), areas)
digests = st.none() | st.integers(0, 2**256 - 1).map("{:064x}".format)


@st.composite
def readings(draw: st.DrawFn, number: int = 0) -> Reading:
    image = ImageRef(
        f"{number}/" + draw(texts),
        draw(st.none() | st.integers(1, 40_000)),
        draw(st.none() | st.integers(1, 40_000)),
        draw(st.integers(0, 300)),
        draw(st.none() | st.integers(0, 2)),
        draw(digests),
        draw(st.none() | st.just("1.2.840.1")),
        draw(spacings),
        image_id=draw(texts),
        subject=draw(texts),
    )
    points = draw(st.dictionaries(st.sampled_from(HOSTILE_NAMES), states))
    return Reading(
        image,
        points,
        reader=draw(texts),
        source=draw(st.sampled_from(["reader", "model"])),
        model_id=draw(st.none() | st.just("base@0123456789ab")),
        scores=draw(st.dictionaries(st.sampled_from(HOSTILE_NAMES), st.floats(0, 1))),
        template_id=TEMPLATE.id,
        template_version=TEMPLATE.version,
        reviewed=draw(st.booleans()),
        decided_utc=draw(st.none() | st.just("2026-11-24T10:00:00.000000+00:00")),
        revision=draw(st.integers(0, 1000)),
        note=draw(texts),
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    count = draw(st.integers(0, 3))
    return Batch(tuple(draw(readings(number)) for number in range(count)), HOSTILE_NAMES)


def states_of(reading: Reading) -> dict[str, PointState]:
    """By landmark of the template, so that an unmentioned one equals one that is not placed."""
    return {name: reading.points.get(name, PointState()) for name in HOSTILE_NAMES}
