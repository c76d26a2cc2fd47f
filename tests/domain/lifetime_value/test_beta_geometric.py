"""BG/NBD and MBG/NBD: figures that are printed in papers and packages, and the edges of their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import hyp2f1

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from tests.domain.lifetime_value.golden import BG, CUSTOMERS, MBG, statistics

# The largest likelihood on CDNOW's sample of 2,357 customers, as Fader, Hardie & Lee (2005) give it to three digits.
FITTED = BetaGeometric(0.2425945, 4.4136019, 0.7929199, 2.4258881, lost_after_first=False)


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(0.1429, 0.0078), (1, 0.0532), (3, 0.1506), (31.8571, 1.0405), (32, 1.0437), (78, 1.8576)],
)
def test_a_new_customers_purchases_are_those_printed(weeks: float, expected: float):
    assert FITTED.expected_of_new(weeks)[0] == pytest.approx(expected, abs=5e-4)


def test_a_new_customers_year_is_that_of_the_vignette():
    assert FITTED.expected_of_new(52)[0] == pytest.approx(1.444004, rel=1e-5)


def test_the_customer_of_the_spreadsheet_buys_as_often():
    assert BG.expected_purchases(statistics((2, 30.43, 38.86)), 39) == pytest.approx(1.226, abs=1e-3)


def test_customer_1516_of_the_sample_is_that_of_the_vignette():
    customer = statistics((26, 30.857142857, 31))
    assert FITTED.expected_purchases(customer, 52) == pytest.approx(25.75659, rel=1e-4)
    assert FITTED.probability_alive(customer) == pytest.approx(0.9688523, rel=1e-5)


def test_who_bought_often_and_stopped_is_expected_to_buy_less_the_more_often_it_was():
    customers = statistics(*((x, 20, 39) for x in (10, 15, 20, 25)))
    published = [0.3474606, 0.04283391, 0.004158973, 0.0003583685]
    assert FITTED.expected_purchases(customers, 52) == pytest.approx(published, rel=2e-4)


def test_probabilities_of_counts_are_those_of_the_manual():
    new = statistics((0, 0, 0))
    assert BG.count_probabilities(new, 2, 10)[0, 10] == pytest.approx(1.0786896e-07, rel=1e-7)
    assert BG.count_probabilities(new, 39, 0)[0, 0] == pytest.approx(0.57378635, rel=1e-7)
    published = [0.0019995214, 0.0015170236, 0.0011633150, 0.0009003148, 0.0007023638]
    published += [0.0005517902, 0.0004361913, 0.0003467171, 0.0002769613, 0.0002222260]
    assert BG.count_probabilities(new, 30, 20)[0, 11:] == pytest.approx(published, abs=5e-11)


def test_who_bought_once_is_alive_for_certain_under_one_model_and_not_under_the_other():
    once = statistics((0, 0, 0), (0, 0, 38.86), (0, 0, 520))
    assert BG.probability_alive(once).tolist() == [1, 1, 1]
    found = MBG.probability_alive(once)
    assert found[0] == pytest.approx(0.6443113772, rel=1e-9)
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize(("model", "expected"), [(BG, 1.196723193), (MBG, 1.182953666)])
def test_the_first_39_weeks_agree_with_the_formula_for_new_customers(model: BetaGeometric, expected: float):
    r, alpha, a, b, m, t = model.r, model.alpha, model.a, model.b, model.chances, 39
    published = (a + b - 1 + m * (1 - a)) / (a - 1)
    published *= 1 - (alpha / (alpha + t)) ** r * hyp2f1(r, b + m, a + b - 1 + m, t / (alpha + t))
    assert model.expected_of_new(t)[0] == pytest.approx(expected, rel=1e-9)
    assert model.expected_of_new(t)[0] == pytest.approx(published, rel=1e-9)


def test_dropout_parameters_that_come_to_less_than_one_are_no_obstacle():
    model = BetaGeometric(0.11, 2.24, 0.31, 0.5, lost_after_first=False)
    assert model.expected_purchases(statistics((0, 0, 1)), 30) == pytest.approx(0.56458862, rel=1e-8)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("a", [1.0, 1 + 1e-12, 1 - 1e-7, 0.3])
def test_figures_are_smooth_where_a_formula_has_a_gap(a: float, first: bool):
    customers = statistics((0, 0, 38.86), (2, 30.43, 38.86), (0, 0, 0))
    middle, *around = (
        BetaGeometric(0.243, 4.414, a * factor, 0.7, lost_after_first=first).expected_purchases(customers, 500)
        for factor in (1, 1 - 1e-5, 1 + 1e-5)
    )
    assert middle == pytest.approx(np.mean(around, axis=0), rel=1e-8)


def test_the_mean_gap_is_that_of_the_posterior_and_of_all_where_that_has_none():
    found = MBG.mean_gap(statistics((2, 30.43, 38.86), (0, 0, 38.86)))
    assert found == pytest.approx([(6.183 + 38.86) / 1.525, 6.183 / 0.525])


def test_the_next_purchase_comes_within_a_time_as_often_as_is_said():
    customers = statistics(*CUSTOMERS)
    known = MBG.posterior(customers)
    for probability in (0.1, 0.5, 0.9):
        within = known.next_purchase_within(probability)
        found = [known.probability_active(float(weeks))[row] for row, weeks in enumerate(within)]
        assert found == pytest.approx([probability] * len(customers), rel=1e-9)


def test_a_next_purchase_that_hardly_ever_comes_is_far_away_and_not_nowhere():
    model = BetaGeometric(0.001, 1, 1, 1)
    assert np.isfinite(model.posterior(statistics((0, 0, 10))).next_purchase_within(0.99)).all()


@pytest.mark.parametrize(("count", "error"), [(8, 1e-3), (12, 1e-5), (16, 1e-7)])
def test_a_database_can_sum_expected_purchases_over_a_table_of_nodes(count: int, error: float):
    customers = statistics(*CUSTOMERS, (0, 0, 0), (3, 2, 2))
    p, weight = MBG.dropout_nodes(customers.repeats, count)
    shape, rate = (MBG.r + customers.repeats)[:, None], (MBG.alpha + customers.observed)[:, None]
    found = np.sum(weight * (1 - (1 + p * 52 / rate) ** -shape) / p, axis=1)
    assert found == pytest.approx(MBG.expected_while_alive(customers, 52), rel=error)
    assert weight.sum(axis=1) == pytest.approx(1, rel=1e-12)
