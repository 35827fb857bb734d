import pytest

from medsapiens_core.data.spacing import Spacing, SpacingSource, from_ruler
from medsapiens_core.exchange.trust import gives_mm, trust_of


def test_a_ruler_on_square_pixels():
    spacing = from_ruler((0.0, 0.0), (30.0, 40.0), 5.0)
    assert (spacing.row_mm, spacing.col_mm) == pytest.approx((0.1, 0.1))
    assert spacing.source is SpacingSource.USER and spacing.chosen


@pytest.mark.parametrize("end", [(100.0, 0.0), (0.0, 100.0), (60.0, 80.0)])
def test_a_ruler_on_taller_pixels_gives_the_line_its_length_in_every_direction(end):
    spacing = from_ruler((0.0, 0.0), end, 10.0, aspect=1.2)
    assert spacing.row_mm / spacing.col_mm == pytest.approx(1.2)
    assert spacing.length((0.0, 0.0), end) == pytest.approx(10.0)


@pytest.mark.parametrize(("end", "length"), [((0.5, 0.0), 10.0), ((5.0, 0.0), 100.0), ((5.0, 0.0), float("nan"))])
def test_a_ruler_that_says_nothing_is_refused(end, length):
    with pytest.raises(ValueError):
        from_ruler((0.0, 0.0), end, length)


def test_a_magnification_makes_pixels_smaller_and_must_be_possible():
    detector = Spacing(0.143, 0.143, SpacingSource.DETECTOR)
    corrected = detector.magnified_by(1.1)
    assert corrected.col_mm == pytest.approx(0.13) and corrected.source is SpacingSource.MAGNIFICATION
    for factor in (1.0, 0.9, 3.5, float("nan")):
        with pytest.raises(ValueError, match="not possible"):
            detector.magnified_by(factor)


def test_a_size_holds_only_inside_its_areas_and_between_points_of_one():
    spacing = Spacing(0.1, 0.1, SpacingSource.US_REGION, areas=((0.0, 0.0, 9.0, 9.0), (20.0, 0.0, 29.0, 9.0)))
    assert spacing.holds_for([(0.0, 0.0), (9.4, 9.4)])
    assert not spacing.holds_for([(0.0, 0.0), (25.0, 5.0)]), "a length across two regions means nothing"
    assert not spacing.holds_for([(15.0, 5.0)])
    assert Spacing(0.1, 0.1, SpacingSource.FIDUCIAL).holds_for([(1e5, 1e5)])


def test_json_keeps_all_and_leaves_out_what_older_files_do_not_know():
    plain = Spacing(0.1, 0.2, SpacingSource.DETECTOR)
    assert plain.to_json() == {"row_mm": 0.1, "col_mm": 0.2, "source": "detector"}
    rich = Spacing(0.1, 0.2, SpacingSource.US_REGION, True, ((0.0, 1.0, 2.0, 3.0),))
    assert Spacing.from_json(plain.to_json()) == plain and Spacing.from_json(rich.to_json()) == rich


@pytest.mark.parametrize("source", list(SpacingSource))
def test_every_source_has_a_trust_and_a_person_may_always_choose_it(source):
    assert trust_of(source)
    assert gives_mm(Spacing(0.1, 0.1, source, chosen=True))


@pytest.mark.parametrize("source", ["detector", "film", "unknown", "resolution", "annotation_file"])
def test_doubtful_sources_give_no_millimetres_in_files_by_themselves(source):
    assert not gives_mm(Spacing(0.1, 0.1, SpacingSource(source)))
