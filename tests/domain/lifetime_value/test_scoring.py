"""The score of a batch is what the models say of each customer."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from api.domain.lifetime_value.scoring import score
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate
from tests.domain.lifetime_value.golden import BG, CUSTOMERS, MBG, PARETO, statistics

VALUES = GammaGamma(6.25, 3.74, 15.44)
PURCHASES = statistics(*CUSTOMERS)
SPEND = SpendStatistics.of(PURCHASES.repeats + 1, [12, 0, 40, 75.5, 9, 33, 120])

every_model = pytest.mark.parametrize("model", [BG, MBG, PARETO], ids=lambda model: model.name)


@every_model
def test_a_score_is_what_the_models_say(model):
    found = score(model, VALUES, PURCHASES, SPEND, weeks=52, annual_discount_rate=0.1)
    assert found.probability_alive == pytest.approx(model.probability_alive(PURCHASES))
    assert found.probability_active == pytest.approx(model.probability_active(PURCHASES, 52))
    assert found.expected_purchases == pytest.approx(model.expected_purchases(PURCHASES, 52))
    assert found.discounted_purchases == pytest.approx(model.discounted_purchases(PURCHASES, 52, weekly_rate(0.1)))
    assert found.expected_order_value == pytest.approx(VALUES.expected_value(SPEND))
    assert found.discounted_value == pytest.approx(found.discounted_purchases * found.expected_order_value)


@every_model
def test_a_row_is_the_same_in_any_batch(model):
    together = astuple(score(model, VALUES, PURCHASES, SPEND, weeks=260, annual_discount_rate=0.1))
    for row in range(len(PURCHASES)):
        chosen = np.array([row])
        spend = SpendStatistics(SPEND.purchases[chosen], SPEND.mean_value[chosen])
        alone = score(model, VALUES, PURCHASES.rows(chosen), spend, weeks=260, annual_discount_rate=0.1)
        assert [values[0] for values in astuple(alone)] == pytest.approx(
            [values[row] for values in together], rel=1e-14
        )


@every_model
def test_a_row_is_the_same_among_many_of_whom_some_are_alike(model):
    draw = np.random.default_rng(7)
    observed = np.append(draw.integers(1, 60, 2_000) / 7, draw.uniform(0, 520, 500))
    repeats = draw.geometric(0.3, 2_500) - 1.0
    last = np.where(repeats > 0, observed * draw.uniform(0, 1, 2_500), 0.0)
    many, spend = PurchaseStatistics.of(repeats, last, observed), SpendStatistics.of(repeats + 1, observed)
    together = astuple(score(model, VALUES, many, spend, weeks=52, annual_discount_rate=0.1))
    together += (model.second_moment(many, 52),)
    rows = np.arange(2_500)
    for some in np.array_split(rows, 5):
        paid = SpendStatistics(spend.purchases[some], spend.mean_value[some])
        apart = astuple(score(model, VALUES, many.rows(some), paid, weeks=52, annual_discount_rate=0.1))
        apart += (model.second_moment(many.rows(some), 52),)
        for alone, values in zip(apart, together, strict=True):
            np.testing.assert_allclose(alone, values[some], rtol=1e-14)


@every_model
def test_nobody_is_scored_in_an_empty_batch(model):
    nobody = PurchaseStatistics.of([], [], [])
    found = score(model, VALUES, nobody, SpendStatistics.of([], []), weeks=52, annual_discount_rate=0.1)
    assert [values.shape for values in astuple(found)] == [(0,)] * 5


@pytest.mark.parametrize(("weeks", "rate"), [(-1, 0.1), (52, -0.1), (float("nan"), 0.1)])
def test_a_horizon_and_a_rate_are_not_negative(weeks: float, rate: float):
    with pytest.raises(ValueError, match="not negative"):
        score(MBG, VALUES, PURCHASES, SPEND, weeks=weeks, annual_discount_rate=rate)


def test_purchases_and_spend_are_of_the_same_customers():
    with pytest.raises(ValueError, match="same customers"):
        score(MBG, VALUES, PURCHASES, SpendStatistics.of([1], [1]), weeks=52, annual_discount_rate=0.1)
