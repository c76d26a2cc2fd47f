"""Ranges: what share of outcomes lies within them, and how they relate to each other."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.fit import slopes_of
from api.domain.lifetime_value.fitting import fit_beta_geometric
from api.domain.lifetime_value.intervals import (
    ZeroInflated,
    approximate_spend,
    count_quantiles,
    counts_to,
    money_at_most,
    money_quantiles,
    quantile,
    spend_quantiles,
    spread_of_total,
)
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import SpendStatistics
from benchmarks.cohorts import CDNOW_SAMPLE, cdnow, day, missing
from benchmarks.holdout import CUT
from tests.domain.lifetime_value.golden import BG, CUSTOMERS, MBG, PARETO, statistics

VALUES = GammaGamma(6.25, 3.74, 15.44)
LEVELS = (0.1, 0.5, 0.9)
PURCHASES = statistics(*CUSTOMERS)
SPEND = SpendStatistics.of(PURCHASES.repeats + 1, [12, 25, 40, 75.5, 9, 33, 120])
KNOWN = VALUES.posterior(SPEND)


@pytest.mark.parametrize("model", [BG, MBG, PARETO], ids=lambda model: model.name)
def test_a_number_is_the_smallest_that_is_not_exceeded_with_the_probability(model):
    found = count_quantiles(model, PURCHASES, 52, LEVELS)
    risen = np.cumsum(model.count_probabilities(PURCHASES, 52, 500), axis=1)
    rows = np.arange(len(PURCHASES))
    for level, numbers in zip(LEVELS, found, strict=True):
        assert (risen[rows, numbers] >= level).all()
        assert (risen[rows, numbers - 1][numbers > 0] < level).all()
    assert (found[0] <= found[1]).all()
    assert (found[1] <= found[2]).all()


def test_numbers_go_as_far_as_a_level_needs():
    assert counts_to(BG, PURCHASES, 520, 0.99).sum(axis=1).min() >= 0.99
    assert counts_to(BG, statistics((0, 0, 39)), 4, 0.99).shape == (1, 32)


def test_money_is_not_exceeded_with_the_probability():
    counts = counts_to(MBG, PURCHASES, 52, 0.99999)
    for level, values in zip(LEVELS, money_quantiles(counts, KNOWN, LEVELS), strict=True):
        reached = money_at_most(counts, KNOWN, values)
        assert reached[values > 0] == pytest.approx(np.full((values > 0).sum(), level), abs=1e-9)
        assert (counts[values == 0, 0] >= level).all()


@pytest.mark.parametrize("x", range(26, 50, 2))
def test_the_range_of_one_call_is_that_of_all_numbers_of_purchases(x: int):
    customer, spend = statistics((x, 51, 52)), SpendStatistics.of([x + 1], [30])
    every_number = MBG.count_probabilities(customer, 52, 1_000)
    found = spend_quantiles(MBG, VALUES, customer, spend, weeks=52, levels=LEVELS)
    assert found == pytest.approx(money_quantiles(every_number, VALUES.posterior(spend), LEVELS), rel=1e-3)


def test_money_is_distributed_as_simulated():
    draw, rows = np.random.default_rng(9), 200_000
    once = statistics((7, 29.43, 38.86))
    spend = SpendStatistics.of([8], [30])
    known, behind = VALUES.posterior(spend), MBG.posterior(once)
    alive = draw.uniform(size=rows) < MBG.probability_alive(once)[0]
    bought = draw.poisson(draw.gamma(behind.shape[0], 1 / behind.rate[0], rows) * 52)
    until_lost = draw.geometric(np.maximum(draw.beta(behind.a, behind.b[0], rows), 1e-12))
    number = np.where(alive, np.minimum(bought, until_lost), 0)
    worth = draw.gamma(VALUES.p * np.maximum(number, 1)) / draw.gamma(known.shape[0], 1 / known.rate[0], rows)
    total = np.where(number > 0, worth, 0)
    found = spend_quantiles(MBG, VALUES, once, spend, weeks=52, levels=LEVELS)[:, 0]
    assert found == pytest.approx(np.quantile(total, LEVELS), rel=0.02, abs=1e-9)
    expected, squared = MBG.expected_purchases(once, 52), MBG.second_moment(once, 52)
    assert expected * VALUES.expected_value(spend) == pytest.approx(total.mean(), rel=0.01)
    assert known.second_moment(expected, squared) == pytest.approx((total**2).mean(), rel=0.05)


def approximated(model, weeks: float) -> ZeroInflated:
    return approximate_spend(model, VALUES, PURCHASES, SPEND, weeks=weeks)


def test_the_quick_range_is_near_the_exact_one():
    [exact] = spend_quantiles(BG, VALUES, PURCHASES, SPEND, weeks=39, levels=(0.9,))
    [quick] = approximated(BG, 39).quantiles((0.9,))
    some = exact > 0
    assert ((quick > 0) == some).all()
    assert np.median(np.abs(quick[some] / exact[some] - 1)) < 0.05


def test_the_quick_range_has_the_moments_it_was_made_of():
    spent = approximated(MBG, 52)
    levels = [(number + 0.5) / 20_000 for number in range(20_000)]
    found = spent.quantiles(levels)
    assert found.mean(axis=0) == pytest.approx(spent.mean, rel=0.01)
    assert (found == 0).mean(axis=0) == pytest.approx(spent.zero, abs=1e-3)
    assert (np.diff(found, axis=0) >= 0).all()


def test_nothing_is_a_range_of_nothing_and_an_unknown_spread_none_at_all():
    spent = ZeroInflated(np.array([1.0, 0.2]), np.array([0.0, 10.0]), np.array([0.0, np.inf]))
    assert spent.quantiles((0.1, 0.9)).tolist() == [[0, 0], [0, np.inf]]


def test_no_customers_have_no_ranges():
    nobody, unknown = statistics(), VALUES.posterior(SpendStatistics.of([], []))
    assert count_quantiles(MBG, nobody, 52, LEVELS).shape == (3, 0)
    assert money_quantiles(MBG.count_probabilities(nobody, 52, 5), unknown, LEVELS).shape == (3, 0)
    empty = np.empty(0)
    assert ZeroInflated(empty, empty, empty).quantiles(LEVELS).shape == (3, 0)


def test_streams_add_up():
    one, other = approximated(MBG, 52), ZeroInflated(np.full(7, 0.5), np.full(7, 10.0), np.full(7, 250.0))
    both = ZeroInflated.of_streams([one, other])
    assert both.mean == pytest.approx(one.mean + 10)
    assert both.zero == pytest.approx(one.zero / 2)
    assert both.second - both.mean**2 == pytest.approx(one.second - one.mean**2 + 150)


@pytest.mark.parametrize(("first", "predictive", "parameters"), [(False, 69.5, 75.2), (True, 68.5, 66.0)])
def test_the_total_of_the_sample_is_as_uncertain_as_the_field_finds(first: bool, predictive: float, parameters: float):
    if absent := missing(CDNOW_SAMPLE):
        pytest.skip(absent)
    purchases = cdnow(CDNOW_SAMPLE).histories(day(CUT)).purchases
    fit = fit_beta_geometric(purchases, lost_after_first=first)
    expected = fit.model.expected_purchases(purchases, 39)
    variances = fit.model.second_moment(purchases, 39) - expected**2
    slopes = slopes_of(fit, lambda model: float(model.expected_purchases(purchases, 39).sum()))
    none = np.zeros(4)
    found = spread_of_total(variances, none, fit.covariance, expected.sum(), back_test_error=0)
    assert found == pytest.approx(predictive, rel=0.01)
    found = spread_of_total(np.zeros(1), slopes, fit.covariance, expected.sum(), back_test_error=0)
    assert found == pytest.approx(parameters, rel=0.015)
    whole = spread_of_total(variances, slopes, fit.covariance, expected.sum())
    assert whole == pytest.approx(np.hypot(np.hypot(predictive, parameters), 0.2 * expected.sum()), rel=0.01)


def test_a_quantile_that_the_numbers_do_not_reach_lies_above_them():
    assert quantile(np.array([[0.5, 0.2], [0.9, 0.05]]), 0.9).tolist() == [2, 0]
