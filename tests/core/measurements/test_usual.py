"""W7: values that are usual among reviewed cases, and those that lie far from them."""

import numpy as np
import pytest

from medsapiens_core.guidance.value_warnings import value_warnings
from medsapiens_core.measurements.case_points import Scale
from medsapiens_core.measurements.set_file import shipped_sets
from medsapiens_core.measurements.usual import FEWEST_CASES, far_values, usual_values

from .building import CEPH, phantom_points

BASIC = shipped_sets()["ceph-basic"]
MM = Scale(0.4, 0.4, "mm")


def reviewed(count, *, cell=0.4):
    """Points (n, K, 2) of one film, each placed again with 2 px of scatter; pixel sizes (n, 2)."""
    rng = np.random.default_rng(3)
    points = phantom_points("skull").xy_image[None] + rng.normal(0, 2.0, (count, len(CEPH), 2))
    return points, np.full((count, 2), cell)


def moved(landmark, dx, scale=MM):
    points = phantom_points("skull")
    x, y = points.xy_image[CEPH.index[landmark]]
    return type(points)(points.template, points.xy_image, points.statuses, scale).moved(landmark, (x + dx, y))


def test_a_value_far_from_the_reviewed_cases_is_named_with_its_numbers():
    usual = usual_values(BASIC, CEPH.ids, *reviewed(60))
    assert {one.measure.id for one in usual} >= {"SNA", "SNB", "FMA"} and all(one.n == 60 for one in usual)
    assert far_values(usual, BASIC, moved("sella", 0.0)) == []
    far = far_values(usual, BASIC, moved("subspinale_a", 60.0))
    assert {one.usual.measure.id for one in far} == {"SNA", "ANB"}
    warning = next(w for w in value_warnings(far) if w.key == "W7 SNA")
    assert set(warning.landmarks) == {"sella", "nasion", "subspinale_a"}
    sna = next(one for one in far if one.usual.measure.id == "SNA")
    for part in (f"SNA is {sna.value:.1f}°", "60 reviewed cases", f"median {sna.usual.middle:.1f}°", "usual within ±"):
        assert part in warning.text
    assert "60 reviewed cases" in warning.why


def test_nothing_is_said_below_thirty_cases():
    assert usual_values(BASIC, CEPH.ids, *reviewed(FEWEST_CASES - 1)) == ()


def test_cases_without_a_pixel_size_count_for_angles_and_not_for_lengths():
    leg = shipped_sets()["chest-lungs"]
    lengths = [measure for measure in BASIC.measures + leg.measures if measure.is_length]
    points, cells = reviewed(40)
    cells[:15] = np.nan
    found = {one.measure.id: one for one in usual_values(BASIC, CEPH.ids, points, cells)}
    assert found["SNA"].n == 40
    assert not any(measure.id in found for measure in lengths)


def test_few_wild_cases_do_not_move_the_limit():
    points, cells = reviewed(60)
    calm = {one.measure.id: one for one in usual_values(BASIC, CEPH.ids, points, cells)}["SNA"]
    points[:5, CEPH.index["subspinale_a"]] += 300
    wild = {one.measure.id: one for one in usual_values(BASIC, CEPH.ids, points, cells)}["SNA"]
    assert wild.middle == pytest.approx(calm.middle, abs=0.5) and wild.limit < 1.5 * calm.limit


def test_an_absent_landmark_takes_only_its_own_values_out():
    points, cells = reviewed(40)
    points[:, CEPH.index["menton"]] = np.nan
    found = {one.measure.id for one in usual_values(BASIC, CEPH.ids, points, cells)}
    assert "SNA" in found and "FMA" not in found
