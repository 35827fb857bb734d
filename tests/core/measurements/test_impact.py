"""What a landmark changes, and whether it can tip a value over a limit."""

import pytest

from medsapiens_core.measurements.case_points import Status
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.measurements.impact import impacts
from medsapiens_core.measurements.norms import Norm, NormSet
from medsapiens_core.measurements.set_file import shipped_sets

from .building import CEPH, by_id, even_errors, phantom_points

BASIC = shipped_sets()["ceph-basic"]
FACTS = {"age": "any", "sex": "any", "population": "any", "source": "A test."}


def test_the_slope_is_the_change_for_one_unit_in_the_worst_direction():
    points = phantom_points("skull", subspinale_a=Status.UNDECIDED)
    found = impacts(BASIC, points, even_errors(CEPH, 1.0))["subspinale_a"]
    assert found.value.measure.id in ("SNA", "ANB")
    decided = phantom_points("skull")
    slope = by_id(evaluate(BASIC, decided))["SNA"].slopes["subspinale_a"]
    assert found.slope == pytest.approx((slope[0] ** 2 + slope[1] ** 2) ** 0.5, rel=1e-6)
    assert "upper_lip" not in impacts(BASIC, points, even_errors(CEPH, 1.0)), "no value rests on it"


def norms_up_to(mean, limit):
    return NormSet(id="n", name="N", norms=[Norm(measure="SNA", unit="deg", mean=mean, range=(0, limit), **FACTS)])


def test_only_landmarks_whose_error_reaches_a_limit_can_tip():
    points = phantom_points("skull")
    sna = next(v for v in impacts(BASIC, points, even_errors(CEPH, 1.0)).values() if v.value.measure.id == "SNA").value
    near, far = (norms_up_to(sna.value, limit) for limit in (sna.value + 0.01, 180.0))
    tipping = {mark for mark, one in impacts(BASIC, points, even_errors(CEPH, 1.0), near).items() if one.tips}
    assert tipping == {"sella", "nasion", "subspinale_a"}
    assert not any(one.tips for one in impacts(BASIC, points, even_errors(CEPH, 1.0), far).values())
