"""Gamma-Gamma: between a customer's own mean and that of all, and the distribution of a sum of purchases."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.fitting import fit_gamma_gamma
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import SpendStatistics

MODEL = GammaGamma(6.25, 3.74, 15.44)


def simulated(model: GammaGamma, customers: int, seed: int) -> SpendStatistics:
    draw = np.random.default_rng(seed)
    number = draw.geometric(0.4, customers)
    rate = draw.gamma(model.q, 1 / model.gamma, customers)
    return SpendStatistics.of(number, draw.gamma(model.p * number) / rate / number)


def test_the_expected_value_lies_between_the_own_mean_and_that_of_all():
    spend = SpendStatistics.of([1, 3, 100], [60, 60, 60])
    found, weight = MODEL.expected_value(spend), MODEL.population_weight(spend)
    assert found == pytest.approx(weight * MODEL.population_mean + (1 - weight) * 60)
    assert (np.diff(found) > 0).all()
    assert 55 < found[-1] < 60


def test_who_has_bought_nothing_is_worth_the_mean_of_all():
    assert MODEL.expected_value(SpendStatistics.of([0], [0])) == pytest.approx(6.25 * 15.44 / 2.74)


def test_purchases_worth_nothing_give_a_number_and_are_never_fitted():
    spend = SpendStatistics.of([2, 3, 4, 1], [0, 12, 30, -5])
    assert np.isfinite(MODEL.expected_value(spend)).all()
    assert spend.positive().mean_value.tolist() == [12, 30]
    positive = simulated(MODEL, 200, 1)
    mixed = SpendStatistics(np.append(positive.purchases, [2, 0]), np.append(positive.mean_value, [0, 9]))
    assert fit_gamma_gamma(mixed).parameters == fit_gamma_gamma(positive).parameters


@pytest.mark.parametrize("q", [1.0, 0.5])
def test_a_mean_that_would_be_infinite_is_refused(q: float):
    with pytest.raises(ValueError, match="infinite"):
        GammaGamma(6, q, 15)


def test_a_fit_stays_where_the_mean_is_finite_and_says_so():
    draw = np.random.default_rng(2)
    heavy = SpendStatistics.of(np.ones(400), draw.gamma(5, size=400) / draw.gamma(0.6, size=400))
    fit = fit_gamma_gamma(heavy)
    assert fit.at_bound == ("q",)
    assert fit.model.q > 1
    assert np.isfinite(fit.model.expected_value(heavy)).all()


def test_slopes_are_those_of_the_likelihood():
    spend, step = SpendStatistics.of([1, 2, 30], [5, 60, 44]), 1e-6
    values = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    for name, slopes in zip(values, MODEL.likelihood(spend).slopes, strict=True):
        up, down = (
            GammaGamma(**{**values, name: values[name] * np.exp(sign * step)}).likelihood(spend).values
            for sign in (1, -1)
        )
        assert slopes == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-7)


def test_another_currency_changes_gamma_alone():
    spend = simulated(MODEL, 500, 3)
    one = fit_gamma_gamma(spend)
    other = fit_gamma_gamma(SpendStatistics(spend.purchases, spend.mean_value * 117.3))
    expected = {**one.parameters, "gamma": one.parameters["gamma"] * 117.3}
    assert other.parameters == pytest.approx(expected, rel=1e-5)
    assert other.log_errors == pytest.approx(one.log_errors, rel=1e-4)


def test_simulated_spend_gives_its_parameters_back():
    fit = fit_gamma_gamma(simulated(MODEL, 10_000, 4))
    for name, true in {"p": 6.25, "q": 3.74, "gamma": 15.44}.items():
        assert abs(fit.parameters[name] - true) < 3 * fit.standard_errors[name] < 0.3 * true


def test_sums_of_purchases_are_distributed_as_simulated():
    draw, spend = np.random.default_rng(6), SpendStatistics.of([3], [40])
    known = MODEL.posterior(spend)
    rate = draw.gamma(known.shape[0], 1 / known.rate[0], 200_000)
    sums = draw.gamma(MODEL.p * 5, 1 / rate)
    for value in (80.0, 170.0, 400.0):
        found = known.probability_at_most(np.array([value]), np.array([5.0]))[0]
        assert found == pytest.approx((sums <= value).mean(), abs=4e-3)
    assert 5 * MODEL.expected_value(spend)[0] == pytest.approx(sums.mean(), rel=5e-3)
    second = known.second_moment(np.array([5.0]), np.array([25.0]))[0]
    assert second == pytest.approx((sums**2).mean(), rel=2e-2)


def test_the_second_moment_is_infinite_where_it_is():
    known = GammaGamma(0.3, 1.2, 10).posterior(SpendStatistics.of([1, 10], [5, 5]))
    found = known.second_moment(np.array([1.0, 1.0]), np.array([2.0, 2.0]))
    assert found[0] == np.inf
    assert np.isfinite(found[1])
    assert known.second_moment(np.zeros(2), np.zeros(2)).tolist() == [0, 0]


@pytest.mark.parametrize(("number", "mean"), [([-1], [1]), ([1], [float("nan")]), ([1, 2], [1])])
def test_spend_that_cannot_be_is_refused(number, mean):
    with pytest.raises(ValueError, match="purchases"):
        SpendStatistics.of(number, mean)
