import numpy as np
import pytest

from medsapiens_core.data.annotation import absent, placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.swaps import find_swaps, pairs_of

CHEST = find_template("chest-6")
PAIRS = pairs_of(CHEST)


def cases(count, seed=0):
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(count):
        points = {}
        for row, (first, second) in enumerate(PAIRS):
            middle = np.array([200, 100 + 100 * row]) + rng.normal(0, 20, 2)
            reach = np.array([80, 0]) + rng.normal(0, 10, 2)
            points[first] = placed(*(middle - reach), None)
            points[second] = placed(*(middle + reach), None)
        result.append(points)
    return result


def exchanged(points, pairs):
    other = {a: b for pair in pairs for a, b in (pair, pair[::-1])}
    return {other.get(name, name): state for name, state in points.items()}


def test_nothing_is_said_of_good_cases_of_few_cases_and_of_templates_without_pairs():
    assert PAIRS
    assert find_swaps(cases(20), CHEST) == []
    few = cases(3)
    assert find_swaps([exchanged(few[0], PAIRS), *few[1:]], CHEST) == []
    assert find_swaps(cases(9), find_template("ceph-19")) == []
    assert find_swaps([], CHEST) == []


@pytest.mark.parametrize("count", [1, len(PAIRS)])
def test_exchanged_pairs_are_found_among_others(count):
    batch = cases(10)
    batch[4] = exchanged(batch[4], PAIRS[:count])
    (found,) = find_swaps(batch, CHEST)
    assert (found.position, found.pairs) == (4, PAIRS[:count])
    assert found.whole == (count == len(PAIRS))


def test_a_whole_file_is_judged_by_the_cases_of_the_project():
    batch = [exchanged(points, PAIRS) for points in cases(2)]
    found = find_swaps(batch, CHEST, cases(40, seed=1))
    assert [suspicion.whole for suspicion in found] == [True, True]


def test_points_without_a_position_and_on_top_of_each_other_say_nothing():
    batch = cases(8)
    (a, b), *_ = PAIRS
    batch[0] = {**batch[0], a: absent(), b: batch[0][b]}
    batch[1] = {**batch[1], a: placed(5, 5, None), b: placed(5, 5, None)}
    batch[2] = {}
    assert find_swaps(batch, CHEST) == []
