"""Readings for the round trips of several formats."""

from hypothesis import strategies as st

from medsapiens_core.data.annotation import AbsentReason, absent, placed, predicted
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading

TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
NAMES = st.one_of(TEXT, st.sampled_from(["a,b", 'q"q', "x=1", "🦷", "سن", "'", "#", "S;T", "nan"]))
COORDINATE = st.one_of(st.floats(-500, 5000), st.sampled_from([0.0, -0.5, 39.5, 29.5, 1 / 3]))
EDGES = [(-0.5, -0.5), (39.5, 29.5), (0.0, 0.0), (1000.25, -3.0)]  # of a picture of 40 x 30 pixels


def template(*names, id="t-1", version=3):
    return Template(id, version, "Test", tuple(Landmark(name, name, name[:8], name) for name in names))


@st.composite
def templates(draw, max_size=6):
    return template(*draw(st.lists(NAMES, unique=True, max_size=max_size)))


@st.composite
def states(draw, kinds=("visible", "estimated", "absent", "missing")):
    kind = draw(st.sampled_from(kinds))
    if kind == "missing":
        return None
    if kind == "absent":
        return absent(draw(st.sampled_from(AbsentReason)))
    return placed(draw(COORDINATE), draw(COORDINATE), None, estimated=kind == "estimated")


@st.composite
def readings(draw, landmarks, image, **extra):
    drawn = {name: draw(states()) for name in landmarks.ids}
    return Reading(image, {name: state for name, state in drawn.items() if state is not None}, **extra)


def reading(name, points, *, size=(40, 30), **extra):
    """A decided reading of points (x, y) by landmark."""
    made = predicted if extra.get("source") == "model" else lambda x, y: placed(x, y, None)
    image = ImageRef(name, *size) if isinstance(name, str) else name
    return Reading(image, {mark: made(*xy) for mark, xy in points.items()}, **extra)


def batch(*all_readings):
    return Batch(tuple(all_readings), ())


def positions(one):
    """Landmark to (x, y) of whatever has a position."""
    return {name: (state.x, state.y) for name, state in one.points.items() if state.x is not None}
