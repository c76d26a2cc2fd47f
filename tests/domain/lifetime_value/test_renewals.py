"""Renewals of contracts: the figures of the papers, and laws of survival."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.fit import RENEWAL_PRIOR
from api.domain.lifetime_value.fitting import fit_renewals
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull, RenewalStatistics
from benchmarks.cohorts import SURVIVAL, missing, survival

HIGH_END = BetaDiscreteWeibull(0.6681, 3.8061)
TERMINATING = BetaDiscreteWeibull(0.2143, 1.4266, 1.7236)
# Fader & Hardie (2010), table 3: the same cohort, begun in each of five years.
COHORT = [10_000, 8_000, 6_480, 5_307, 4_391]


@pytest.fixture(scope="module")
def shares() -> dict[str, list[float]]:
    """Share of customers left after each of 12 years, by kind: Fader & Hardie (2007), table 1."""
    if absent := missing(SURVIVAL):
        pytest.skip(absent)
    return survival(SURVIVAL)


def cohort(shares: list[float], customers: float = 1_000) -> RenewalStatistics:
    """Return the first seven years, to which the paper fits."""
    return RenewalStatistics.of_cohorts([share * customers for share in shares[:8]])


@pytest.mark.parametrize(
    ("kind", "alpha", "beta", "likelihood"),
    [("regular", 0.7041, 1.1820, -1680.265), ("highend", 0.6681, 3.8061, -1611.158)],
)
def test_sbg_fits_the_paper(shares, kind: str, alpha: float, beta: float, likelihood: float):
    fit = fit_renewals(cohort(shares[kind]))
    assert (fit.name, fit.converged, fit.at_bound, fit.rows) == ("sBG", True, (), 1_000)
    assert fit.parameters == pytest.approx({"alpha": alpha, "beta": beta}, abs=1e-4)
    assert fit.log_likelihood == pytest.approx(likelihood, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "parameters", "likelihood"),
    [("regular", [0.4556, 0.7793, 1.2835], -1679.603), ("highend", [0.2143, 1.4266, 1.7236], -1605.314)],
)
def test_bdw_finds_the_dip(shares, kind: str, parameters: list[float], likelihood: float):
    fit = fit_renewals(cohort(shares[kind]), changing=True)
    assert fit.name == "BdW"
    assert list(fit.parameters.values()) == pytest.approx(parameters, abs=2e-4)
    assert fit.log_likelihood == pytest.approx(likelihood, abs=1e-3)


def test_the_forecast_of_years_8_to_12_is_that_of_the_paper(shares):
    model = fit_renewals(cohort(shares["highend"])).model
    assert model.survival(range(8, 13)) == pytest.approx([0.460, 0.436, 0.414, 0.395, 0.378], abs=5e-4)


@pytest.mark.parametrize(("kind", "error", "naive"), [("regular", 0.015, 0.59), ("highend", 0.028, 0.21)])
def test_the_forecast_is_far_better_than_that_of_constant_churn(shares, kind: str, error: float, naive: float):
    actual, model = np.array(shares[kind][8:]), fit_renewals(cohort(shares[kind])).model
    kept = sum(shares[kind][1:8]) / sum(shares[kind][:7])
    constant = kept ** np.arange(8, 13)
    assert np.mean(np.abs(model.survival(range(8, 13)) / actual - 1)) == pytest.approx(error, abs=2e-3)
    assert np.mean(np.abs(constant / actual - 1)) == pytest.approx(naive, abs=0.01)


def test_the_likelihood_at_one_is_that_of_the_spreadsheet(shares):
    rows = cohort(shares["highend"], 1)
    assert BetaDiscreteWeibull(1, 1).likelihood(rows).values @ rows.number == pytest.approx(-2.11555, abs=1e-5)


def test_several_cohorts_are_fitted_together():
    fit = fit_renewals(RenewalStatistics.of_cohorts(*(COHORT[:years] for years in range(5, 1, -1))))
    assert fit.parameters == pytest.approx({"alpha": 3.7981, "beta": 15.1919}, abs=1e-3)
    assert fit.rows == 40_000


def test_a_contract_counts_as_one_of_many_alike():
    each = RenewalStatistics.of([1, 1, 2, 3, 3], [True, True, True, False, False])
    together = RenewalStatistics.of([1, 2, 3], [True, True, False], [2, 1, 2])
    assert fit_renewals(each).log_likelihood == pytest.approx(fit_renewals(together).log_likelihood)


@pytest.mark.parametrize(
    ("alpha", "beta", "expected"),
    [(3.80, 15.20, [3.31, 3.45, 3.59, 3.72, 3.84]), (0.067, 0.267, [7.67, 9.46, 9.85, 10.06, 10.19])],
)
def test_discounted_renewals_are_those_of_the_paper(alpha: float, beta: float, expected: list[float]):
    assert BetaDiscreteWeibull(alpha, beta).discounted_renewals(range(5), rate=0.1) == pytest.approx(expected, abs=5e-3)


def test_discounted_renewals_after_seven_are_those_of_the_note(shares):
    model = fit_renewals(cohort(shares["highend"])).model
    assert model.discounted_renewals(7, rate=0.1) == pytest.approx(7.52963, abs=1e-4)


def test_a_sum_over_many_periods_comes_close_to_all_of_them():
    within = HIGH_END.discounted_renewals_within([0, 7], periods=120, rate=0.15)
    assert within == pytest.approx(HIGH_END.discounted_renewals([0, 7], rate=0.15), rel=1e-5)
    first = HIGH_END.discounted_renewals_within([0, 7], periods=1, rate=0.15)
    assert first == pytest.approx(HIGH_END.retention([1, 8]))


@pytest.mark.parametrize("model", [HIGH_END, TERMINATING], ids=lambda model: model.name)
def test_survival_is_the_product_of_retention(model: BetaDiscreteWeibull):
    assert model.survival(range(1, 9)) == pytest.approx(np.cumprod(model.retention(range(1, 9))), rel=1e-12)
    assert model.survival(3, made=5) == pytest.approx(model.survival(8) / model.survival(5), rel=1e-12)
    assert model.survival(0) == 1


def test_who_has_stayed_longer_stays_longer():
    assert (np.diff(HIGH_END.retention(range(1, 30))) > 0).all()
    assert (np.diff(HIGH_END.discounted_renewals(range(30), rate=0.1)) > 0).all()


def test_early_retention_dips_and_then_rises_where_churn_changes_with_age():
    found = np.diff(TERMINATING.retention(range(1, 12)))
    assert found[0] < 0 < found[-1]


@pytest.mark.parametrize("model", [HIGH_END, TERMINATING, BetaDiscreteWeibull(3.8, 15.2)], ids=str)
@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_contract_is_over_within_a_number_of_periods_with_a_probability(model, probability: float):
    made = np.array([0, 3, 20])
    found = model.renewals_within(made, probability=probability)
    assert (model.survival(found, made=made) <= 1 - probability + 1e-12).all()
    assert (model.survival(np.maximum(found - 1, 0), made=made)[found > 0] > 1 - probability).all()


def test_slopes_are_those_of_the_likelihood():
    rows, step = RenewalStatistics.of([1, 2, 7, 0, 1, 5], [True, True, True, False, False, False]), 1e-6
    for model in (HIGH_END, TERMINATING):
        values = {name: getattr(model, name) for name in ("alpha", "beta", "c")}
        for name, slopes in zip(values, model.likelihood(rows).slopes, strict=True):
            up, down = (
                BetaDiscreteWeibull(**{**values, name: values[name] * np.exp(sign * step)}).likelihood(rows).values
                for sign in (1, -1)
            )
            assert slopes == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-8)


def test_a_prior_tames_what_few_contracts_leave_open():
    few = RenewalStatistics.of([1, 2, 2], [False, False, False])
    alone, believed = fit_renewals(few), fit_renewals(few, prior=RENEWAL_PRIOR)
    assert alone.model.alpha < 1e-3
    # By the last digits of a processor, the likelihood is flat or almost so: infinite errors, or factors of e^900.
    assert (alone.likelihood_errors > 100).all()
    assert max(believed.log_errors.values()) < 2
    assert believed.converged
    assert 0.1 < believed.model.alpha < 1 < believed.model.beta < 40


def test_simulated_contracts_give_their_parameters_back():
    draw = np.random.default_rng(5)
    left = draw.geometric(np.maximum(draw.beta(0.7, 1.5, 8_000), 1e-12))
    fit = fit_renewals(RenewalStatistics.of(np.minimum(left, 6), left <= 6))
    errors = fit.standard_errors
    assert abs(fit.model.alpha - 0.7) < 3 * errors["alpha"] < 0.3
    assert abs(fit.model.beta - 1.5) < 3 * errors["beta"] < 0.7


@pytest.mark.parametrize(
    ("periods", "churned"), [([0], [True]), ([1.5], [True]), ([-1], [False]), ([1, 2], [True]), ([[1]], [[True]])]
)
def test_renewals_that_cannot_be_are_refused(periods, churned):
    with pytest.raises(ValueError, match=r"Renewals|length"):
        RenewalStatistics.of(periods, churned)


@pytest.mark.parametrize("periods", [0, 121])
def test_as_many_periods_as_nobody_looks_at_are_refused(periods: int):
    with pytest.raises(ValueError, match="Between 1 and 120"):
        HIGH_END.discounted_renewals_within(0, periods=periods, rate=0.1)


def test_no_closed_form_is_claimed_where_churn_changes_with_age():
    with pytest.raises(ValueError, match="closed form"):
        TERMINATING.discounted_renewals(0, rate=0.1)
