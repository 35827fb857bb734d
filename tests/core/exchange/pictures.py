"""Readings for round trips, and how two of them are compared."""

import pytest
from hypothesis import strategies as st

from medsapiens_core.data.annotation import (
    NOT_PLACED,
    AbsentReason,
    Decision,
    Place,
    PointState,
    absent,
    placed,
    predicted,
)
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading

NAMES = ("S", "Po", "a, \"b\" <c> & = 'd'", "👨‍👩‍👧", "نقطة", "../x")
WIDTH, HEIGHT = 1935, 2400


def template_of(names=NAMES, lines=()):
    return Template("ceph", 2, "Ceph", tuple(Landmark(name, name, name[:3], "d") for name in names), lines)


TEMPLATE = template_of(lines=(("S", "Po"),))
CORNERS = [(-0.5, -0.5), (WIDTH - 0.5, HEIGHT - 0.5), (0.0, 0.0), (-250.25, 5000.0), (700.3, 512.75)]


def positions():
    return st.sampled_from(CORNERS) | st.tuples(st.floats(-1e4, 1e5), st.floats(-1e4, 1e5))


def states():
    return st.one_of(
        st.just(NOT_PLACED),
        st.sampled_from(list(AbsentReason)).map(absent),
        st.tuples(positions(), st.booleans()).map(lambda v: placed(*v[0], None, estimated=v[1])),
        positions().map(lambda xy: PointState(Place.VISIBLE, Decision.CONFIRMED, *xy)),
    )


def image(name="set/a.png", **more):
    spacing = Spacing(0.1, 0.25, SpacingSource.FIDUCIAL)
    return ImageRef(name, WIDTH, HEIGHT, sha256="ab" * 32, spacing=spacing, image_id="5f0c", subject="S-0042", **more)


def readings(names=NAMES):
    return st.builds(
        Reading,
        image=st.sampled_from(["a.png", "set/a.png", "b, 'c'.png", "骨.dcm"]).map(image),
        points=st.fixed_dictionaries(dict.fromkeys(names, states())),
        reader=st.sampled_from(["", "AB"]),
        template_id=st.just("ceph"),
        template_version=st.just(2),
        reviewed=st.booleans(),
        decided_utc=st.just("2026-11-24T10:00:00Z"),
        revision=st.integers(0, 9),
        note=st.sampled_from(["", "-- <odd> & ]]> \n"]),
    )


def batch_of(*said, names=NAMES):
    return Batch(tuple(said), tuple(names))


def model_reading(**more):
    points = {"S": predicted(1.25, 2.5), "Po": predicted(3.0, 4.0)}
    scores = {"S": 0.75, "Po": 0.5}
    return Reading(image(), points, source="model", model_id="m1", scores=scores, **more)


def same(found, wanted, tolerance=1e-9, names=NAMES):
    """The same points, states, provenance and image."""
    for name in names:
        a, b = found.points.get(name, NOT_PLACED), wanted.points.get(name, NOT_PLACED)
        assert (a.place, a.decision, a.absent_reason) == (b.place, b.decision, b.absent_reason), name
        assert (a.x is None) == (b.x is None)
        if b.x is not None:
            assert (a.x, a.y) == pytest.approx((b.x, b.y), abs=tolerance, rel=1e-15)
    assert found.image == wanted.image
    assert (found.template_id, found.template_version) == ("ceph", 2)
    for key in ("reader", "source", "model_id", "reviewed", "decided_utc", "revision", "note"):
        assert getattr(found, key) == getattr(wanted, key), key
    assert dict(found.scores) == pytest.approx(dict(wanted.scores))
