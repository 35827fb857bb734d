"""The planner: like pictures are near, the list covers what is there, the curve falls and says how sure it is."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.planner.curve import learning_curve
from medsapiens_core.planner.descriptor import LENGTH, describe, distance
from medsapiens_core.planner.ranking import PlanCase, suggest


def picture(seed, kind=0):
    """A smooth picture; those of one kind share what is in them."""
    rng, own = np.random.default_rng(kind), np.random.default_rng(1000 + seed)
    base = cv2.resize(rng.uniform(0, 1, (7, 6)), (120, 150), interpolation=cv2.INTER_CUBIC)
    return base + 0.08 * cv2.resize(own.uniform(0, 1, (9, 9)), (120, 150), interpolation=cv2.INTER_CUBIC)


def test_a_descriptor_sees_the_film_and_not_the_device():
    film = picture(1)
    vectors = np.stack([describe(film), describe(np.exp(3 * film)), describe(picture(2)), describe(picture(3, kind=9))])
    assert vectors.shape == (4, LENGTH) and np.allclose(np.linalg.norm(vectors, axis=1), 1)
    to_first = distance(vectors, vectors[:1])[:, 0]
    assert to_first[0] < 1e-5 and to_first[1] < 0.02 and to_first[1] < to_first[2] < to_first[3]
    assert np.allclose(describe(-film, inverted=True), describe(film), atol=1e-5)
    assert np.isfinite(describe(np.zeros((40, 30), np.uint16))).all()  # an empty film


def case(number, kind=0, **more):
    vector = describe(picture(number, kind))
    return PlanCase(number, f"{number:04d}", patient_group=number, is_locked=False, vector=vector, **more)


def test_every_kind_of_film_is_on_the_list_before_any_comes_twice():
    todo = [case(n, kind=n % 4) for n in range(40)]
    first = suggest(todo, [], 4)
    assert {s.case_id % 4 for s in first} == {0, 1, 2, 3}
    assert first[0].why.startswith("Most typical") and first[1].why == "Far from everything labelled so far."
    labelled = [case(100 + n, kind=0) for n in range(3)]
    assert suggest(todo, labelled, 1)[0].case_id % 4 != 0


def test_locked_cases_are_one_of_four_and_read_without_prediction():
    todo = [replace(case(n, kind=n), is_locked=n >= 20) for n in range(30)]
    found = suggest(todo, [case(99)], 12)
    assert [s.is_locked for s in found] == [False, False, False, True] * 3
    assert all(("Locked set" in s.why) == s.is_locked for s in found)


def test_near_duplicates_and_patients_come_once():
    twin = replace(case(5), vector=case(4).vector)
    same_patient = replace(case(6, kind=3), patient_group=7)
    todo = [case(4), twin, same_patient, case(7, kind=8)]
    found = [s.case_id for s in suggest(todo, [], 10)]
    assert len({4, 5} & set(found)) == 1 and len({6, 7} & set(found)) == 1


def test_the_model_s_doubt_and_another_device_are_said():
    labelled = [replace(case(n), kind=("device A",)) for n in range(3)]
    unsure = replace(case(10), kind=("device A",), score=0.05, doubtful=("Gonion", "Porion"))
    sure = [replace(case(n), kind=("device A",), score=0.95) for n in range(11, 30)]
    other = replace(case(40), kind=("device B",), score=0.95)
    whys = {s.case_id: s.why for s in suggest([unsure, *sure, other], labelled, 2)}
    assert whys == {
        10: "The model is most unsure here: Gonion, Porion.",
        40: "Other device B; none that is labelled is like it.",
    }


TENTH = Spacing(0.1, 0.1, SpacingSource.HEADER)


@dataclass(frozen=True)
class Film:
    xy_image: np.ndarray
    size: tuple[int, int] = (1000, 1200)
    spacing: Spacing | None = TENTH


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(0)
    mean, ways = rng.uniform(200, 800, (10, 2)), rng.normal(0, 15, (3, 10, 2))
    return [Film(mean + np.tensordot(rng.normal(0, 1, 3), ways, 1) + rng.normal(0, 3, (10, 2))) for _ in range(40)]


def test_the_curve_falls_and_its_band_holds_the_estimate(films):
    curve = learning_curve(films)
    now, ten, more = curve.figures
    assert curve.unit == "mm" and [f.cases for f in curve.figures] == [40, 50, 65]
    assert now.error > ten.error >= more.error > 0 and curve.points[0][1] > curve.points[-1][1]
    assert all(f.low <= f.error <= f.high for f in curve.figures)
    assert learning_curve(films, seed=0) == curve  # the same cases give the same figures


def test_without_spacing_the_curve_is_in_parts_of_the_diagonal(films):
    curve = learning_curve([replace(film, spacing=None) for film in films[:12]])
    assert curve.unit == "%" and 0 < curve.figures[0].error < 5


def test_under_five_cases_there_is_only_a_count(films):
    assert learning_curve(films[:4]) is None and learning_curve(films[:5]) is not None
