import numpy as np
import pytest

from medsapiens_core.evaluation.shrinkage import effective_count, shrunk_means


def test_columns_that_differ_by_chance_get_the_common_mean():
    values = np.random.default_rng(0).normal(size=(12, 200))
    assert np.std(shrunk_means(values)) < 0.3 * np.std(values.mean(axis=0))


def test_columns_that_truly_differ_keep_their_means():
    values = np.random.default_rng(0).normal(size=(40, 5), scale=0.1) + np.arange(5.0)
    assert shrunk_means(values) == pytest.approx(values.mean(axis=0), abs=1e-2)


def test_a_column_without_values_gets_the_common_mean_and_one_value_is_trusted_less():
    values = np.random.default_rng(0).normal(size=(40, 5)) + 3 * np.arange(5.0)
    values[:, 1], values[1:, 4] = np.nan, np.nan
    means, common = shrunk_means(values), np.nanmean(values)
    assert means[1] == pytest.approx(common)
    own = np.nanmean(values[:, [0, 4]], axis=0)
    kept = (means[[0, 4]] - common) / (own - common)
    assert kept[1] < kept[0] <= 1


def test_a_single_image_has_nothing_to_shrink_by():
    assert np.isfinite(shrunk_means(np.array([[1.0, 2.0, np.nan]]))).all()


def test_rows_of_equal_values_count_once_and_independent_ones_all():
    rng = np.random.default_rng(1)
    assert effective_count(np.repeat(rng.normal(size=(20, 1)), 8, axis=1)) == pytest.approx(20)
    assert effective_count(rng.normal(size=(200, 8))) > 1200
    assert effective_count(np.array([[1.0, np.nan], [2.0, np.nan]])) == 2
