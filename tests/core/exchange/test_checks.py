import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import (
    checked_landmarks,
    checked_name,
    checked_point,
    checked_points,
    located,
    number,
)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 1.000001e6, -(10**400), True, None, "1", [1]], ids=range(8)
)
def test_refused_coordinates(value):
    with pytest.raises(UserError, match="a coordinate is not"):
        checked_point(0, value)


def test_whole_numbers_become_floats():
    point = checked_point(1, -1_000_000)
    assert point == (1.0, -1e6)
    assert all(type(value) is float for value in point)


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "\ud800", "x" * 201, None, 3])
def test_refused_names(name):
    with pytest.raises(UserError, match="a landmark"):
        checked_name(name)


@pytest.mark.parametrize("name", ["S", "a, \"b\" = 'c'", "👨‍👩‍👧", "نقطة", "x" * 200, "../x", "=1+1"])
def test_kept_names(name):
    assert checked_name(name) == name


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=50)
def test_any_written_float_reads_back(value):
    assert number(f" {value!r}\n") == value


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "1e999", "1_000", "1,5", "0x10", "\u0661", "1 2", "0" * 41, "--1", "."]
)
def test_refused_numbers(text):
    with pytest.raises(UserError, match="a number"):
        number(text)


def test_how_many():
    checked_landmarks(1000)
    checked_points(5_000_000)
    with pytest.raises(UserError, match="1001 landmarks"):
        checked_landmarks(1001)
    with pytest.raises(UserError, match="split the file"):
        checked_points(5_000_001)


def test_the_place_stands_in_front():
    with pytest.raises(UserError, match=r"^a\.json: landmark S: bad$"), located("a.json"), located("landmark S"):
        raise UserError("bad")
