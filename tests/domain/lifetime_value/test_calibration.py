"""Measures of a forecast: by hand where that is short, and by their laws."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from api.domain.lifetime_value import calibration

ACTUAL = np.array([0.0, 3.0, 1.0, 0.0, 6.0])


def test_errors_are_those_of_the_textbook():
    predicted = np.array([1.0, 2.0, 1.0, 0.0, 3.0])
    assert calibration.bias(predicted, ACTUAL) == pytest.approx(-0.3)
    assert calibration.mean_absolute_error(predicted, ACTUAL) == 1
    assert calibration.root_mean_square_error(predicted, ACTUAL) == pytest.approx(np.sqrt(11 / 5))


def test_equal_values_share_a_rank():
    assert calibration.ranks(np.array([5, 1, 5, 7, 5.0])).tolist() == [3, 1, 3, 5, 3]


def test_the_order_alone_decides_the_correlation_of_ranks():
    assert calibration.rank_correlation(np.exp(ACTUAL), ACTUAL) == pytest.approx(1)
    assert calibration.rank_correlation(-ACTUAL, ACTUAL) == pytest.approx(-1)
    assert calibration.rank_correlation(np.ones(5), ACTUAL) == 0


def test_the_perfect_order_has_a_gini_of_one_and_no_order_one_of_zero():
    assert calibration.gini(ACTUAL * 7 + 1, ACTUAL) == pytest.approx(1)
    assert calibration.gini(np.ones(5), ACTUAL) == pytest.approx(0, abs=1e-12)
    assert calibration.gini(-ACTUAL, ACTUAL) == pytest.approx(-1)
    assert calibration.gini(ACTUAL, np.ones(5)) == 0


def test_the_order_of_rows_never_matters():
    draw = np.random.default_rng(1)
    predicted, actual = draw.poisson(1, 500).astype(float), draw.poisson(1, 500).astype(float)
    mixed = draw.permutation(500)
    for measure in (calibration.gini, partial(calibration.captured, share=0.1), calibration.rank_correlation):
        assert measure(predicted[mixed], actual[mixed]) == pytest.approx(measure(predicted, actual))
    probability, happened = predicted / 10, actual > 0
    for judge in (calibration.area_under_curve, calibration.brier, calibration.calibration_error):
        assert judge(probability[mixed], happened[mixed]) == pytest.approx(judge(probability, happened))


def test_the_best_customers_bring_what_they_bring_and_equals_bring_the_same():
    assert calibration.captured(ACTUAL, ACTUAL, 0.2) == pytest.approx(0.6)
    assert calibration.captured(np.ones(5), ACTUAL, 0.1) == pytest.approx(0.1)
    assert calibration.captured(np.array([1, 2, 2, 0, 0.0]), ACTUAL, 0.2) == pytest.approx(0.2)


def test_the_area_under_the_curve_is_a_share_of_pairs():
    probability, happened = np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True])
    assert calibration.area_under_curve(probability, happened) == pytest.approx(3.5 / 4)
    assert calibration.area_under_curve(probability, np.zeros(4, dtype=bool)) == 0.5


def test_true_probabilities_are_calibrated_and_shifted_ones_are_not():
    draw = np.random.default_rng(2)
    probability = draw.uniform(0.1, 0.8, 40_000)
    happened = draw.uniform(size=40_000) < probability
    assert calibration.calibration_error(probability, happened) < 0.01
    assert calibration.calibration_error(probability + 0.1, happened) == pytest.approx(0.1, abs=0.01)
    assert calibration.brier(probability, happened) < calibration.brier(probability + 0.1, happened)


def test_a_true_distribution_covers_what_it_says_and_a_narrow_one_less():
    draw = np.random.default_rng(3)
    actual = draw.poisson(2, 50_000)
    n = np.arange(40.0)
    logarithms = np.cumsum(np.log(np.maximum(n, 1)))
    true, narrow = (np.exp(n * np.log(mean) - mean - logarithms) for mean in (2.0, 1.0))
    for pmf, low, high in ((true, 0.795, 0.805), (narrow, 0.4, 0.75)):
        upto = np.cumsum(pmf)[actual]
        assert low <= calibration.fair_coverage(upto - pmf[actual], upto) <= high
    bottom, top = (np.full(len(actual), number) for number in (1, 4))
    assert calibration.coverage(bottom, top, actual.astype(float)) == ((actual >= 1) & (actual <= 4)).mean()
    assert calibration.log_score(true[actual]) > calibration.log_score(narrow[actual])


def test_a_continuous_outcome_is_inside_or_not():
    below = np.array([0.05, 0.1, 0.5, 0.95])
    assert calibration.fair_coverage(below, below) == 0.5


def test_an_impossible_outcome_has_a_score():
    assert np.isfinite(calibration.log_score(np.array([1.0, 0.0])))


def test_tenths_come_in_the_order_of_the_prediction():
    predicted = np.arange(100.0)
    found = calibration.deciles(predicted, predicted**2)
    assert [tenth.predicted for tenth in found] == [94.5 - 10 * number for number in range(10)]
    assert sum(tenth.share for tenth in found) == pytest.approx(1)
    assert found[0].actual == pytest.approx(np.mean(predicted[90:] ** 2))
