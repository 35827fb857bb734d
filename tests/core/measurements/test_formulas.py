"""Formulas against hand-worked values, and what must not change them: mirror, turn, size (ux.md 11.1)."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.measurements.case_points import Scale, Status
from medsapiens_core.measurements.definitions import Kind, Measure, MeasureSet
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.measurements.formulas import compute
from medsapiens_core.measurements.set_file import shipped_sets

from .building import CEPH, LEG, by_id, phantom_points, points_of, straight_spine

BASIC = shipped_sets()["ceph-basic"]
PERPENDICULAR = {"p": (3.0, 4.0), "a": (0.0, 0.0), "b": (10.0, 0.0), "q": (1.0, -2.0)}


def value_of(kind, names, **rest):
    measure = Measure("m", "M", kind, tuple((name,) for name in names), **rest)
    points = {name: np.array(xy) for name, xy in PERPENDICULAR.items()}
    return float(compute(measure, MeasureSet("s", "S", (measure,)), points))


@pytest.mark.parametrize(
    ("kind", "names", "rest", "expected"),
    [
        (Kind.DISTANCE, "ap", {"unit": "mm"}, 5.0),
        (Kind.POINT_LINE, "pab", {"unit": "mm"}, 4.0),
        (Kind.ANGLE, "pab", {}, math.degrees(math.atan2(4, 3))),
        (Kind.LINES, "abap", {}, math.degrees(math.atan2(4, 3))),
        (Kind.RATIO, "apab", {"unit": "%"}, 50.0),
        (Kind.RATIO, "apab", {"unit": "1"}, 0.5),
        (Kind.PROJECTION, "pqab", {"unit": "mm"}, 2.0),
        (Kind.PROJECTION, "qpab", {"unit": "mm"}, -2.0),
    ],
)
def test_formulas_give_what_a_ruler_gives(kind, names, rest, expected):
    if kind is Kind.ANGLE:
        names = "pab"
        measure = Measure("m", "M", kind, (("p",), ("a",), ("b",)))
        points = {name: np.array(xy) for name, xy in PERPENDICULAR.items()}
        assert float(compute(measure, MeasureSet("s", "S", (measure,)), points)) == pytest.approx(expected)
        return
    assert value_of(kind, names, **rest) == pytest.approx(expected)


def skull(xy, scale=None):
    return by_id(evaluate(BASIC, points_of(CEPH, xy, scale=scale)))


def same(before, after):
    for name, value in before.items():
        if value.value is not None:
            assert after[name].value == pytest.approx(value.value, abs=1e-7), name


turns = st.floats(-180, 180)
sizes = st.floats(0.2, 5)
moves = st.tuples(st.floats(-500, 500), st.floats(-500, 500))


@settings(max_examples=30)
@given(turns, sizes, moves, st.booleans(), st.integers(1, 4))
def test_angles_and_ratios_do_not_change_when_the_picture_is_turned_mirrored_moved_or_scaled(
    turn, size, move, mirrored, seed
):
    start = phantom_points("skull", seed).xy_image
    a = math.radians(turn)
    there = start @ np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).T * size + move
    if mirrored:
        there = there * [-1, 1]
    same(skull(start), skull(there))


@settings(max_examples=30)
@given(st.floats(-40, 40), st.booleans())
def test_cobb_does_not_change_when_the_picture_is_turned_or_mirrored_with_its_pairs(turn, mirrored):
    spine = shipped_sets()["spine-cobb"]
    points = phantom_points("spine")
    a = math.radians(turn)
    there = points.xy_image @ np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).T
    if mirrored:
        there = (there * [-1, 1])[list(points.template.flip_index)]
    before, after = (by_id(evaluate(spine, points_of(points.template, xy))) for xy in (points.xy_image, there))
    same(before, after)
    assert after["cobb-major"].ends_name == before["cobb-major"].ends_name


def test_non_square_pixels_count_in_mm_per_axis():
    square = phantom_points("skull").xy_image
    squeezed = square / [1.0, 1.2]
    same(skull(square), skull(squeezed, Scale(0.1, 0.12, "mm")))
    assert abs(skull(squeezed)["FMA"].value - skull(square)["FMA"].value) > 1, "the shape of a pixel matters"


def test_fma_is_negative_when_the_mandibular_plane_falls_backward_on_either_side():
    marks = {"sella": (0, 0), "nasion": (70, -5), "porion": (-20, 25), "orbitale": (60, 25)}
    marks |= {"gonion": (-10, 90), "menton": (60, 80)}  # the chin end lies higher
    for sign in (1, -1):
        xy = np.full((19, 2), np.nan)
        for mark, (x, y) in marks.items():
            xy[CEPH.index[mark]] = (sign * x, y)
        states = {mark: Status.NOT_PLACED for mark in CEPH.ids if mark not in marks}
        found = by_id(evaluate(BASIC, points_of(CEPH, xy, **states)))["FMA"].value
        assert found == pytest.approx(-math.degrees(math.atan2(10, 70)))


@settings(max_examples=30)
@given(moves)
def test_tweed_triangle_adds_up_to_180(apex):
    template = Template("c", 1, "C", (*CEPH.landmarks, Landmark("lower_incisor_apex", "Apex", "LIA", "Apex.")))
    start = phantom_points("skull").xy_image
    facing = 1 if start[CEPH.index["nasion"], 0] > start[CEPH.index["sella"], 0] else -1
    tip = start[CEPH.index["lower_incisor_tip"]]
    under = np.add(tip, [-facing * (5 + abs(apex[0]) / 20), 60 + abs(apex[1]) / 10])
    values = by_id(evaluate(shipped_sets()["tweed"], points_of(template, [*start, under])))
    assert sum(values[name].value for name in ("FMA", "IMPA", "FMIA")) == pytest.approx(180, abs=1e-9)


@pytest.mark.parametrize(
    ("knee_x", "medial", "deviation"),
    [(-5.0, "image-right", 1), (-5.0, "image-left", -1), (5.0, "image-right", -1), (5.0, "image-left", 1)],
)
def test_varus_is_positive_for_both_legs(knee_x, medial, deviation):
    """Varus: the knee lies away from the midline of the body, to the side that is not medial."""
    legs = [Measure(f"{role}", role, Kind.HKA, (("hip",), ("knee",), ("ankle",)), role=role, medial=medial)
            for role in ("deviation", "angle")]  # fmt: skip
    values = by_id(evaluate(MeasureSet("l", "L", tuple(legs)), points_of(LEG, [(0, 0), (knee_x, 400), (0, 800)])))
    size = 2 * math.degrees(math.atan2(5, 400))
    assert values["deviation"].value == pytest.approx(deviation * size)
    assert values["angle"].value == pytest.approx(180 - size)


def test_a_leg_of_unknown_side_has_no_sign():
    leg = Measure("d", "D", Kind.HKA, (("hip",), ("knee",), ("ankle",)), role="deviation")
    for x in (-5, 5):
        value = evaluate(MeasureSet("l", "L", (leg,)), points_of(LEG, [(0, 0), (x, 400), (0, 800)]))[0]
        assert value.value > 0


def test_cobb_finds_the_curves_and_names_their_ends():
    tilts = [0, 0, 10, 9, 8, 0, -5, -10, -15, -14, -13, -5, 0, 8, 12, 11, 5]
    values = by_id(evaluate(shipped_sets()["spine-cobb"], points_of(phantom_points("spine").template,
                   straight_spine(tilts).reshape(68, 2))))  # fmt: skip
    assert values["cobb-major"].value == pytest.approx(27.0), "from -15 to 12 is more than from 10 to -15"
    assert values["cobb-major"].ends_name == "T9–L3"
    assert values["cobb-above"].value == pytest.approx(25.0)
    assert values["cobb-above"].ends_name == "T3–T9"
    assert values["cobb-below"].value == pytest.approx(7.0)
