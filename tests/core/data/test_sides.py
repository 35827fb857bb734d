"""Which side of the patient lies where: letters from directions, and the other way round."""

import math

import pytest

from medsapiens_core.data.sides import PatientSides, sides_from_letters, sides_of


@pytest.mark.parametrize(
    ("right", "down", "letters"),
    [
        ((1, 0, 0), (0, 1, 0), ("L", "P")),  # an axial slice as radiologists see it
        ((0, 1, 0), (0, 0, -1), ("P", "F")),
        ((-1, 0, 0), (0, 0, -1), ("R", "F")),
    ],
)
def test_directions_along_the_axes(right, down, letters):
    sides = sides_of(right, down)
    assert (sides.right, sides.down, sides.is_oblique) == (*letters, False)


def test_a_tilted_picture_names_both_axes_and_is_oblique():
    lean = math.radians(30)
    sides = sides_of((math.cos(lean), math.sin(lean), 0), (0, 0, -1))
    assert sides == PatientSides("LP", "F", is_oblique=True)
    assert sides.towards(1, 0) == "LP" and sides.towards(-1, 0) == "RA"
    assert not sides_of((math.cos(0.1), math.sin(0.1), 0), (0, 0, -1)).is_oblique


def test_letters_on_all_four_sides():
    sides = PatientSides("L", "F")
    assert [sides.towards(*way) for way in ((1, 0), (-1, 0), (0, 1), (0, -1))] == ["L", "R", "F", "H"]


@pytest.mark.parametrize("pair", [("", "F"), ("L", ""), ("LE", "X"), ("L", "R"), ("A", "P"), ("?", "F")])
def test_what_says_nothing_is_no_side(pair):
    assert sides_from_letters(*pair) is None


def test_lower_case_and_blanks_are_read():
    assert sides_from_letters(" l", "f ") == PatientSides("L", "F")


def test_directions_without_length_are_no_side():
    assert sides_of((0, 0, 0), (0, 1, 0)) is None and sides_of((math.nan, 0, 1), (0, 1, 0)) is None


def test_other_letters_are_refused():
    with pytest.raises(ValueError, match="no sides"):
        PatientSides("Q", "F")
