import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core import exchange
from medsapiens_core.exchange.convention import Convention, from_image, to_image

WRITTEN = [c for c in Convention if c not in (Convention.ONE_BASED, Convention.NORMALISED_CENTRES)]
FIRST_AND_LAST = {  # where a file puts the first pixel's centre and the last pixel's far corner (formats.md 0.2)
    Convention.CENTRE: ((0, 0), (9.5, 3.5)),
    Convention.CORNER: ((0.5, 0.5), (10, 4)),
    Convention.PERCENT: ((5, 12.5), (100, 100)),
    Convention.NORMALISED: ((0.05, 0.125), (1, 1)),
    Convention.UP: ((0.5, 3.5), (10, 0)),
    Convention.ONE_BASED: ((1, 1), (10.5, 4.5)),
    Convention.NORMALISED_CENTRES: ((0, 0), (9.5 / 9, 3.5 / 3)),
}


@pytest.mark.parametrize("convention", Convention)
def test_first_centre_and_last_corner(convention):
    first, last = FIRST_AND_LAST[convention]
    assert to_image(*first, (10, 4), convention) == pytest.approx((0, 0))
    assert to_image(*last, (10, 4), convention) == pytest.approx((9.5, 3.5))


@pytest.mark.parametrize("convention", WRITTEN)
@given(x=st.floats(-1e5, 1e5), y=st.floats(-1e5, 1e5), w=st.integers(1, 40000), h=st.integers(1, 40000))
def test_writing_and_reading_return_the_point(convention, x, y, w, h):
    back = to_image(*from_image(x, y, (w, h), convention), (w, h), convention)
    assert back == pytest.approx((x, y), abs=1e-9, rel=1e-14)


@pytest.mark.parametrize("convention", [Convention.ONE_BASED, Convention.NORMALISED_CENTRES])
def test_conventions_that_are_only_read(convention):
    with pytest.raises(ValueError, match="only read"):
        from_image(1, 1, (4, 4), convention)


def test_no_other_module_shifts_by_half_a_pixel():
    folder = Path(exchange.__file__).parent
    for file in folder.rglob("*.py"):
        with file.open("rb") as source:
            numbers = [token.string for token in tokenize.tokenize(source.readline) if token.type == tokenize.NUMBER]
        assert file.name == "convention.py" or not {"0.5", ".5", "0.50"} & set(numbers), file.name
