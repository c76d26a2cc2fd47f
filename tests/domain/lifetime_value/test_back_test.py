"""Back-tests: the figures that the field reaches on CDNOW, and which model is chosen."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from api.domain.lifetime_value.back_test import (
    HIATUS,
    HISTORIC_RATE,
    LAST_PERIOD,
    BackTest,
    Errors,
    NothingToCompare,
    Outcome,
    back_test,
    historic_rate,
    spend_back_test,
    winner,
)
from api.domain.lifetime_value.fit import weak_prior
from api.domain.lifetime_value.fitting import fit_beta_geometric, fit_nbd
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import SpendStatistics
from benchmarks import published
from benchmarks.cohorts import CDNOW, CDNOW_SAMPLE, cdnow, missing
from benchmarks.holdout import (
    Models,
    Split,
    accuracy_of_alive,
    by_repeats,
    count_figures,
    count_tests,
    cumulative,
    hiatus_figures,
    report,
    spend_figures,
    spend_tests,
)
from tests.domain.lifetime_value.golden import MBG, simulated, statistics


@pytest.fixture(scope="module")
def full() -> Split:
    """All of CDNOW's 23,570 customers, split after 39 weeks."""
    if absent := missing(CDNOW):
        pytest.skip(absent)
    return Split.of(cdnow(CDNOW))


@pytest.fixture(scope="module")
def models(full) -> Models:
    return Models.of(full)


@pytest.fixture(scope="module")
def tests(full, models) -> dict[str, BackTest]:
    return count_tests(full, models)


@pytest.fixture(scope="module")
def sample() -> Split:
    """The sample of 2,357."""
    if absent := missing(CDNOW_SAMPLE):
        pytest.skip(absent)
    return Split.of(cdnow(CDNOW_SAMPLE))


@pytest.fixture(scope="module")
def sample_models(sample) -> Models:
    return Models.of(sample)


def agrees(found: dict[str, dict[str, float]], expected: published.Table, share: float = 0.01) -> None:
    """Assert that all figures of a table are there, to a share; those given to three digits to half of the last."""
    for name, row in expected.items():
        for column, figure in row.items():
            assert found[name][column] == pytest.approx(figure, rel=share, abs=5e-4), (name, column)


def test_the_hold_out_of_cdnow_is_what_it_is(full):
    assert len(full.purchases) == 23_570
    assert full.purchases.sum() == 19_684
    assert (full.purchases > 0).mean() == pytest.approx(0.2994, abs=5e-5)
    assert full.spend.mean() == pytest.approx(32.96, abs=5e-3)


def test_fits_to_all_of_cdnow_are_those_of_the_study(full, models):
    purchases = full.known.purchases
    likelihood = {name: model.likelihood(purchases).values.sum() for name, model in models.counts.items()}
    expected = {"BG/NBD": -95_368.44, "MBG/NBD": -95_336.96, "Pareto/NBD": -95_415.12, "NBD": -96_845.34}
    assert likelihood == pytest.approx(expected, abs=0.01)
    assert astuple(models.counts["BG/NBD"])[:4] == pytest.approx((0.2516, 4.7889, 0.7234, 2.1611), abs=1e-4)
    assert astuple(models.counts["MBG/NBD"])[:4] == pytest.approx((0.6371, 7.3103, 0.8075, 1.2284), abs=1e-4)
    assert astuple(models.counts["Pareto/NBD"]) == pytest.approx((0.5974, 11.5857, 0.5222, 8.8278), abs=1e-4)
    assert models.repeats.q == pytest.approx(3.6244, abs=1e-3)
    assert (models.values.p, models.values.q) == pytest.approx((10.830, 3.267), abs=1e-3)
    assert models.values.gamma == pytest.approx(6.933, abs=1e-3)


def test_purchases_of_all_customers_are_forecast_as_well_as_the_field_does(full, tests):
    agrees(count_figures(full, tests), published.FULL_COUNTS)


def test_ranges_of_all_customers_hold_as_many_outcomes_as_they_may(tests):
    assert 0.76 <= tests["BG/NBD"].fair_coverage_80 <= 0.80
    assert 0.76 <= tests["MBG/NBD"].fair_coverage_80 <= 0.80


def test_spend_of_all_customers_is_forecast_as_well_as_the_field_does(full, models):
    found = spend_tests(full, models)
    agrees(spend_figures(full, found), published.FULL_SPEND)
    tenths = found["MBG/NBD x Gamma-Gamma (all)"].deciles
    assert [tenth.predicted for tenth in tenths] == pytest.approx(
        [pair[0] for pair in published.SPEND_DECILES], abs=0.06
    )
    assert [tenth.actual for tenth in tenths] == pytest.approx([pair[1] for pair in published.SPEND_DECILES], rel=0.01)
    assert [tenths[0].share, tenths[1].share] == pytest.approx([0.525, 0.163], abs=5e-4)


def test_alive_is_no_answer_to_whether_a_customer_buys_again(full, models):
    for name, accuracy in published.ALIVE_ACCURACY.items():
        assert accuracy_of_alive(full, models.counts[name]) == pytest.approx(accuracy, abs=5e-5)
    for weeks in (13, 26):
        assert hiatus_figures(full, weeks) == pytest.approx(published.HIATUS[f"{weeks} weeks"], abs=5e-5)


def test_the_default_model_wins_on_cdnow(tests, sample, sample_models):
    assert winner(list(tests.values())).model == "MBG/NBD"
    assert winner(list(count_tests(sample, sample_models).values())).model == "MBG/NBD"


def test_purchases_of_the_sample_are_forecast_as_well_as_the_field_does(sample, sample_models):
    assert sample.purchases.sum() == 1_882
    agrees(count_figures(sample, count_tests(sample, sample_models)), published.SAMPLE_COUNTS)


def test_means_by_repeat_purchases_are_those_of_the_vignette(sample, sample_models):
    assert np.bincount(np.minimum(sample.known.purchases.repeats, 7).astype(int)).tolist() == [
        *(1411, 439, 214, 100, 62, 38, 29, 64)
    ]
    found = by_repeats(sample, sample_models)
    for name, row in published.SAMPLE_BY_REPEATS.items():
        assert found[name] == pytest.approx(list(row.values()), abs=1e-3)


def test_cumulative_purchases_are_those_of_the_vignette(sample, sample_models):
    for name, row in published.CUMULATIVE.items():
        found = cumulative(sample, sample_models, [int(week) for week in row])[name]
        assert found == pytest.approx(list(row.values()), rel=0 if name == "actual" else 5e-4)
    weeks = list(range(40, 79))
    curves = {name: np.array(curve) for name, curve in cumulative(sample, sample_models, weeks).items()}
    off = {name: np.mean(np.abs(curve / curves["actual"] - 1)) for name, curve in curves.items()}
    expected = {"BG/NBD": 0.025, "MBG/NBD": 0.040, "Pareto/NBD": 0.013}
    assert {name: off[name] for name in expected} == pytest.approx(expected, abs=1e-3)


def test_the_report_shows_what_was_found_beside_the_reference(sample):
    shown = report(sample, sample)
    assert "| MBG/NBD | 0.7648 / 0.7648 | 1.607 / 1.607 |" in shown
    assert "| MBG/NBD | 0.7648 / 0.7945 | 1.607 / 1.74 |" in shown


def errors(**changed: float) -> Errors:
    zero = {"bias": 0.0, "mean_absolute": 1.0, "root_mean_square": 2.0, "rank_correlation": 0.4, "gini": 0.6}
    return Errors(**{**zero, "top_decile_capture": 0.4, **changed})


@pytest.fixture(scope="module")
def some_test() -> BackTest:
    purchases, after = simulated(MBG, 500, 39, 5)
    return back_test(MBG, purchases, Outcome(after, 39))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"BG/NBD": -100.0, "MBG/NBD": -100.9}, "MBG/NBD"),
        ({"BG/NBD": -100.0, "MBG/NBD": -101.1}, "BG/NBD"),
        ({"MBG/NBD": -100.0, "Pareto/NBD": -100.2}, "MBG/NBD"),
        ({"BG/NBD": -100.0, "Pareto/NBD": -99.9}, "Pareto/NBD"),
    ],
)
def test_the_highest_log_score_wins_and_the_default_model_where_it_is_as_good(some_test, scores, expected: str):
    assert winner([replace(some_test, model=name, log_score=score) for name, score in scores.items()]).model == expected


@pytest.mark.parametrize(
    ("model", "repeated", "low"),
    [
        ({"bias": 0.5, "mean_absolute": 2.5}, {"bias": -0.02, "mean_absolute": 1.9}, True),
        ({"bias": 0.2, "mean_absolute": 2.5}, {"bias": -0.02, "mean_absolute": 1.9}, False),
        ({"bias": 0.5, "mean_absolute": 2.5}, {"bias": -0.12, "mean_absolute": 1.9}, False),
        ({"bias": 0.5, "mean_absolute": 1.8}, {"bias": -0.02, "mean_absolute": 1.9}, False),
    ],
)
def test_a_forecast_that_repeating_beats_is_of_low_confidence(some_test, model, repeated, low: bool):
    test = replace(some_test, errors=errors(**model), naive={LAST_PERIOD: errors(**repeated)})
    assert test.low_confidence is low
    assert not replace(test, naive={}).low_confidence


def test_naive_rules_stand_beside_every_model():
    purchases, after = simulated(MBG, 800, 39, 6)
    found = back_test(MBG, purchases, Outcome(after, 39, last_period=after))
    assert set(found.naive) == {HISTORIC_RATE, HIATUS, LAST_PERIOD}
    assert found.naive[LAST_PERIOD].mean_absolute == 0
    assert found.customers == 800
    assert sum(tenth.actual for tenth in found.reliability) / 10 == pytest.approx(found.share_active)


def test_who_was_silent_for_longer_than_the_hiatus_buys_nothing_by_the_rule():
    customers = statistics((3, 20, 30), (3, 10, 30), (0, 0, 0))
    assert historic_rate(customers, 52) == pytest.approx([5.2, 5.2, 0])
    assert historic_rate(customers, 52, hiatus=13) == pytest.approx([5.2, 0, 0])


def test_the_true_model_has_the_best_score_on_customers_it_made():
    purchases, after = simulated(MBG, 6_000, 39, 7)
    outcome = Outcome(after, 39)
    true = back_test(MBG, purchases, outcome)
    prior = weak_prior(float(purchases.observed.max()))
    fitted = back_test(fit_beta_geometric(purchases, prior=prior).model, purchases, outcome)
    without = back_test(fit_nbd(purchases).model, purchases, outcome)
    assert true.log_score == pytest.approx(fitted.log_score, abs=8)
    assert without.log_score < true.log_score - 50
    assert abs(fitted.errors.bias) < 0.05
    assert fitted.calibration_error < 0.02


def test_nothing_held_out_is_nothing_to_compare():
    customers, values = statistics((1, 2, 5)), GammaGamma(6, 3, 10)
    with pytest.raises(NothingToCompare):
        back_test(MBG, customers, Outcome(np.zeros(1), 39))
    with pytest.raises(NothingToCompare):
        spend_back_test(MBG, values, customers, SpendStatistics.of([2], [9]), actual=np.zeros(1), weeks=39)
