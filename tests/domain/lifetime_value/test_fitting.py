"""Fits: the published parameters, the units that do not matter, and simulated customers who give theirs back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.calibration import fair_coverage
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import Fit, restored, segment_prior, weak_pareto_prior, weak_prior
from api.domain.lifetime_value.fitting import (
    NothingToFit,
    fit_beta_geometric,
    fit_gamma_gamma,
    fit_nbd,
    fit_pareto_nbd,
    fit_renewals,
)
from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from api.domain.lifetime_value.purchase_days import Histories
from api.domain.lifetime_value.renewals import RenewalStatistics
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from benchmarks.cohorts import CDNOW_SAMPLE, cdnow, day, missing
from benchmarks.holdout import CUT
from tests.domain.lifetime_value.golden import BG, MBG, PARETO, simulated


@pytest.fixture(scope="module")
def sample() -> Histories:
    """CDNOW's sample of 2,357 customers after 39 weeks."""
    if absent := missing(CDNOW_SAMPLE):
        pytest.skip(absent)
    return cdnow(CDNOW_SAMPLE).histories(day(CUT))


def test_bg_nbd_fits_the_paper(sample):
    fit = fit_beta_geometric(sample.purchases, lost_after_first=False)
    assert (fit.name, fit.rows, fit.converged, fit.at_bound) == ("BG/NBD", 2_357, True, ())
    assert list(fit.parameters.values()) == pytest.approx([0.2425945, 4.4136019, 0.7929199, 2.4258881], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(-9582.429, abs=1e-3)
    assert list(fit.standard_errors.values()) == pytest.approx([0.012557, 0.378221, 0.185719, 0.705345], rel=1e-3)
    assert list(fit.log_errors.values()) == pytest.approx([0.052, 0.086, 0.234, 0.291], abs=5e-4)


def test_mbg_nbd_fits_the_packages(sample):
    fit = fit_beta_geometric(sample.purchases)
    assert fit.name == "MBG/NBD"
    assert list(fit.parameters.values()) == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=1e-3)
    assert fit.log_likelihood == pytest.approx(-9582.1357, abs=1e-3)


def test_pareto_nbd_fits_the_packages(sample):
    fit = fit_pareto_nbd(sample.purchases)
    assert fit.name == "Pareto/NBD"
    assert list(fit.parameters.values()) == pytest.approx([0.55315, 10.57633, 0.60625, 11.67150], rel=5e-4)
    assert list(fit.parameters.values()) == pytest.approx([0.55328, 10.57771, 0.60624, 11.66858], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(-9594.976, abs=1e-3)
    assert list(fit.standard_errors.values()) == pytest.approx([0.0476264, 0.8427222, 0.1872594, 6.2105448], rel=1e-3)


def test_gamma_gamma_fits_the_packages(sample):
    spend = sample.repeat_spend.positive()
    fit = fit_gamma_gamma(sample.repeat_spend)
    assert (fit.rows, fit.converged) == (946, True)
    assert list(fit.parameters.values()) == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert fit.log_likelihood == pytest.approx(-4055.9177, abs=1e-3)
    # Both figures were published of means in whole cents, half a cent rounded up.
    cents = np.floor(spend.mean_value * 100 + 0.5 + 1e-7) / 100
    assert cents.mean() == pytest.approx(35.078551797, abs=1e-8)
    assert np.corrcoef(spend.purchases, cents)[0, 1] == pytest.approx(0.113884, abs=1e-6)
    assert fit_gamma_gamma(SpendStatistics.of(spend.purchases, cents)).log_likelihood == pytest.approx(
        -4055.9232, abs=1e-4
    )
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert fit.model.expected_value(sample.repeat_spend)[:10] == pytest.approx(published, abs=0.01)


def test_expected_totals_of_the_sample_are_those_of_the_packages(sample):
    bg = fit_beta_geometric(sample.purchases, lost_after_first=False).model
    mbg = fit_beta_geometric(sample.purchases).model
    assert bg.expected_purchases(sample.purchases, 39).sum() == pytest.approx(1653.41, abs=0.01)
    assert mbg.expected_purchases(sample.purchases, 39).sum() == pytest.approx(1576.73, abs=0.01)


def test_value_without_end_is_that_of_our_reference(sample):
    model = ParetoNBD(0.5534, 10.5802, 0.6061, 11.6562)
    found = model.discounted_without_end(sample.purchases, 0.0027)
    assert found.sum() == pytest.approx(7185.98, abs=0.02)
    assert found[sample.purchases.repeats == 0].mean() == pytest.approx(0.59572, abs=1e-4)


def test_a_prior_hardly_moves_what_the_data_tells(sample):
    alone = fit_beta_geometric(sample.purchases)
    believed = fit_beta_geometric(sample.purchases, prior=weak_prior(float(sample.purchases.observed.max())))
    moved = np.log(list(believed.parameters.values())) - np.log(list(alone.parameters.values()))
    assert (np.abs(moved) < 0.25 * np.array(list(alone.log_errors.values()))).all()
    assert believed.log_likelihood < alone.log_likelihood
    assert all(believed.log_errors[name] < error for name, error in alone.log_errors.items())


def test_a_segment_without_customers_of_its_own_kind_leans_on_all(sample):
    parent = fit_beta_geometric(sample.purchases)
    few = sample.purchases.rows(np.arange(12))
    fit = fit_beta_geometric(few, prior=segment_prior(parent))
    moved = np.log(list(fit.parameters.values())) - np.log(list(parent.parameters.values()))
    assert (np.abs(moved) < 0.5).all()
    assert fit.converged


def test_fifty_customers_never_give_a_degenerate_fit_with_a_prior(sample):
    draw = np.random.default_rng(1)
    for _ in range(12):
        few = sample.purchases.rows(draw.choice(len(sample.purchases), 50, replace=False))
        fit = fit_beta_geometric(few, prior=weak_prior(float(few.observed.max())))
        assert fit.converged
        assert fit.at_bound == ()
        assert 0.02 < fit.model.a / (fit.model.a + fit.model.b) < 0.9


@pytest.mark.parametrize("unit", [1 / 7, 4.0])
@pytest.mark.parametrize("name", ["BG/NBD", "MBG/NBD", "Pareto/NBD", "NBD", "MAP"])
def test_another_unit_of_time_changes_nothing_but_the_parameters_that_carry_it(sample, name: str, unit: float):
    fits: dict[str, Callable[[PurchaseStatistics], Fit[CountModel]]] = {
        "BG/NBD": lambda purchases: fit_beta_geometric(purchases, lost_after_first=False),
        "MBG/NBD": fit_beta_geometric,
        "Pareto/NBD": fit_pareto_nbd,
        "NBD": fit_nbd,
        "MAP": lambda purchases: fit_beta_geometric(purchases, prior=weak_prior(float(purchases.observed.max()))),
    }
    one, other = fits[name](sample.purchases), fits[name](sample.purchases.rescaled(unit))
    expected = {key: value / (unit if key in ("alpha", "beta") else 1) for key, value in one.parameters.items()}
    assert other.parameters == pytest.approx(expected, rel=2e-5)
    assert other.log_errors == pytest.approx(one.log_errors, rel=1e-3)
    shift = sample.purchases.repeats.sum() * np.log(unit)
    assert other.log_likelihood == pytest.approx(one.log_likelihood + shift, abs=1e-4)


def test_many_customers_alike_are_fitted_as_one_row():
    purchases, _ = simulated(MBG, 400, 26, 3)
    twice = PurchaseStatistics(
        *(np.tile(values, 2) for values in (purchases.repeats, purchases.last, purchases.observed))
    )
    one, two = fit_beta_geometric(purchases), fit_beta_geometric(twice)
    assert two.parameters == pytest.approx(one.parameters, rel=1e-4)
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood, rel=1e-9)
    assert two.rows == 2 * one.rows


@pytest.mark.parametrize(
    ("model", "seed"), [(BG, 21), (MBG, 22), (PARETO, 23)], ids=["BG/NBD", "MBG/NBD", "Pareto/NBD"]
)
def test_simulated_customers_give_their_parameters_back_and_the_model_is_calibrated(model, seed: int):
    purchases, after = simulated(model, 10_000, 39, seed)
    fit: Fit[CountModel]
    if isinstance(model, BetaGeometric):
        fit = fit_beta_geometric(purchases, lost_after_first=model.lost_after_first)
    else:
        fit = fit_pareto_nbd(purchases)
    for name, found in fit.parameters.items():
        assert abs(np.log(found / getattr(model, name))) < 3 * fit.log_errors[name] < 0.6
    expected = fit.model.expected_purchases(purchases, 39)
    assert expected.sum() == pytest.approx(after.sum(), rel=0.05)
    counts = fit.model.count_probabilities(purchases, 39, int(after.max()))
    rows = np.arange(len(after)), after.astype(int)
    upto = np.cumsum(counts, axis=1)[rows]
    assert 0.79 <= fair_coverage(upto - counts[rows], upto) <= 0.81


def test_a_prior_may_stand_where_pareto_nbd_is_not_told_of_losses():
    purchases, _ = simulated(replace(PARETO, beta=5_000.0), 800, 39, 8)
    fit = fit_pareto_nbd(purchases, prior=weak_pareto_prior(float(purchases.observed.max())))
    assert fit.converged
    assert fit.at_bound == ()


def test_a_fit_is_restored_from_its_name_and_parameters():
    purchases, _ = simulated(MBG, 300, 39, 9)
    fits: list[Fit[CountModel]] = [
        fit_beta_geometric(purchases),
        fit_beta_geometric(purchases, lost_after_first=False),
        fit_pareto_nbd(purchases),
        fit_nbd(purchases),
    ]
    assert [restored(fit.name, fit.parameters) for fit in fits] == [fit.model for fit in fits]


def test_nothing_gives_no_fit():
    nobody, today = PurchaseStatistics.of([], [], []), PurchaseStatistics.of([0, 0], [0, 0], [0, 0])
    for fit in (fit_beta_geometric, fit_pareto_nbd, fit_nbd):
        for purchases in (nobody, today):
            with pytest.raises(NothingToFit):
                fit(purchases)
    with pytest.raises(NothingToFit):
        fit_gamma_gamma(SpendStatistics.of([0, 2], [0, 0]))
    with pytest.raises(NothingToFit):
        fit_renewals(RenewalStatistics.of([], []))
