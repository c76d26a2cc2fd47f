"""Each warning has a case that raises it and one that does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from api.domain.lifetime_value.back_test import Outcome, back_test
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit, weak_prior
from api.domain.lifetime_value.fitting import fit_beta_geometric, fit_nbd, fit_pareto_nbd
from api.domain.lifetime_value.flags import (
    Flag,
    attrition_identified,
    extrapolated,
    model_flags,
    season_risk,
    small_sample,
    stale,
)
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.statistics import PurchaseStatistics
from benchmarks.cohorts import CDNOW_SAMPLE, ONLINE_RETAIL, cdnow, day, missing, online_retail
from benchmarks.holdout import CUT
from tests.domain.lifetime_value.golden import MBG, PARETO, simulated

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def retail() -> PurchaseDays:
    """The first year of Online Retail."""
    if absent := missing(ONLINE_RETAIL):
        pytest.skip(absent)
    return online_retail(ONLINE_RETAIL)


@pytest.mark.parametrize(
    ("cut", "weeks", "customers", "purchases", "active", "bias", "mean_absolute", "gini", "captured", "brier"),
    [
        (date(2010, 5, 31), 27, 2_703, 6_824, 0.720, -0.044, 1.578, 0.688, 0.359, 0.178),
        (date(2010, 8, 31), 14, 3_321, 4_636, 0.596, -0.20, 0.987, 0.641, 0.341, 0.217),
    ],
)
def test_a_first_year_of_retail_tells_no_lost_customer_from_a_silent_one(
    retail, cut: date, weeks: int, customers, purchases, active, bias, mean_absolute, gini, captured, brier
):
    known = retail.histories(day(cut))
    after, _ = retail.between(known.customers, after=day(cut), until=day(cut) + 7 * weeks)
    assert (len(known.customers), after.sum()) == (customers, purchases)
    without = fit_nbd(known.purchases)
    prior = weak_prior(float(known.purchases.observed.max()))
    fits: list[Fit[CountModel]] = [
        fit_beta_geometric(known.purchases, lost_after_first=False),
        fit_beta_geometric(known.purchases),
        fit_beta_geometric(known.purchases, prior=prior),
        fit_pareto_nbd(known.purchases),
    ]
    assert [attrition_identified(fit, without) for fit in fits] == [False] * 4
    test = back_test(fits[0].model, known.purchases, Outcome(after, weeks))
    assert test.share_active == pytest.approx(active, abs=1e-3)
    assert test.errors.bias == pytest.approx(bias, abs=1e-3)
    assert test.errors.mean_absolute == pytest.approx(mean_absolute, abs=1e-3)
    assert test.errors.gini == pytest.approx(gini, abs=1e-3)
    assert test.errors.top_decile_capture == pytest.approx(captured, abs=2e-3)
    assert test.brier == pytest.approx(brier, abs=1e-3)


def test_cdnow_tells_lost_customers_with_and_without_a_prior():
    if absent := missing(CDNOW_SAMPLE):
        pytest.skip(absent)
    purchases = cdnow(CDNOW_SAMPLE).histories(day(CUT)).purchases
    prior, without = weak_prior(float(purchases.observed.max())), fit_nbd(purchases)
    fits: list[Fit[CountModel]] = [
        fit_beta_geometric(purchases),
        fit_beta_geometric(purchases, prior=prior),
        fit_pareto_nbd(purchases),
    ]
    assert [attrition_identified(fit, without) for fit in fits] == [True] * 3
    assert model_flags(fits[1], without, purchases, season=False, test=None) == frozenset()


@pytest.mark.parametrize("model", [MBG, PARETO], ids=["MBG/NBD", "Pareto/NBD"])
def test_simulated_losses_are_told(model):
    purchases, _ = simulated(model, 4_000, 39, 31)
    fit: Fit[CountModel] = fit_beta_geometric(purchases) if model is MBG else fit_pareto_nbd(purchases)
    assert attrition_identified(fit, fit_nbd(purchases))


def test_where_nobody_is_lost_no_loss_is_told():
    draw = np.random.default_rng(32)
    observed = draw.uniform(10, 60, 2_000)
    x = draw.poisson(draw.gamma(0.8, 1 / 9, 2_000) * observed)
    last = np.where(x > 0, observed * draw.uniform(size=2_000) ** (1 / np.maximum(x, 1)), 0)
    purchases = PurchaseStatistics.of(x, last, observed)
    fit, without = fit_beta_geometric(purchases), fit_nbd(purchases)
    assert not attrition_identified(fit, without)
    raised = model_flags(fit, without, purchases, season=True, test=None)
    assert raised == {Flag.ATTRITION_NOT_IDENTIFIED, Flag.SEASON_RISK}


@pytest.mark.parametrize(
    ("error", "gain", "a", "told"),
    [
        (1.5, 3.01, 0.891, True),
        (1.51, 3.01, 0.891, False),
        (np.inf, 3.01, 0.891, False),
        (1.5, 2.99, 0.891, False),
        (1.5, 3.01, 0.0082, True),
        (1.5, 3.01, 0.0080, False),
    ],
)
def test_losses_are_told_by_their_error_their_gain_and_their_size(error: float, gain: float, a: float, told: bool):
    purchases, _ = simulated(MBG, 300, 39, 34)
    without = fit_nbd(purchases)
    fit = replace(
        fit_beta_geometric(purchases),
        model=replace(MBG, a=a),
        likelihood_errors=np.array([9.0, 9.0, error, 9.0]),
        log_likelihood=without.log_likelihood + gain,
    )
    assert attrition_identified(fit, without) is told


@pytest.mark.parametrize(
    ("customers", "repeaters", "small"), [(499, 300, True), (500, 100, False), (500, 99, True), (0, 0, True)]
)
def test_few_customers_or_few_who_came_back_are_a_small_sample(customers: int, repeaters: int, small: bool):
    x = np.where(np.arange(customers) < repeaters, 2, 0)
    assert small_sample(PurchaseStatistics.of(x, x, np.full(customers, 20))) is small


def test_a_model_is_stale_after_sixty_days():
    assert not stale(NOW - timedelta(days=60), NOW)
    assert stale(NOW - timedelta(days=60, seconds=1), NOW)


@pytest.mark.parametrize(
    ("last_weeks", "history", "risk"),
    [(1.0, 104, False), (1.2, 104, False), (1.5, 104, True), (1.0, 78, True), (1.0, 79, False), (0.5, 104, False)],
)
def test_a_peak_at_the_end_and_a_short_history_are_a_risk_of_season(last_weeks: float, history: float, risk: bool):
    weeks = np.concatenate([np.full(60, 9.0), np.full(48, 0.1), np.full(4, 0.1 * last_weeks)])
    assert season_risk(weeks, history) is risk


def test_a_horizon_beyond_three_times_the_past_is_extrapolated():
    assert not extrapolated(156, 52)
    assert extrapolated(157, 52)


def test_what_a_back_test_says_is_passed_on():
    purchases, after = simulated(MBG, 1_500, 39, 33)
    fit, without = fit_beta_geometric(purchases), fit_nbd(purchases)
    # Repeating the last period is never wrong here, and the model promises twice as much as came.
    test = back_test(fit.model, purchases, Outcome(np.floor(after / 2), 39, last_period=np.floor(after / 2)))
    assert test.low_confidence
    assert model_flags(fit, without, purchases, season=False, test=test) == {Flag.LOW_CONFIDENCE}
