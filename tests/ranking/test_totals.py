"""Totals of predicted value: sums over those who are meant, and how far off they may be, against numpy."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import norm

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.forecasts import Customers
from api.domain.lifetime_value.prospects import buyers
from api.domain.lifetime_value.ranking import ASKED
from api.domain.lifetime_value.scoring import score
from api.domain.lifetime_value.spend import GammaGamma
from api.reads.all_facts import facts_of_all
from api.writes.ranking import rank
from tests.fitted import COVARIANCE, MODEL, SPEND, SPEND_COVARIANCE, add_model
from tests.ranking.scores import NOW
from tests.ranking.test_ranking import shop

pytestmark = pytest.mark.anyio

TOTAL = """query ($filter: CustomerFilterInput, $level: Float! = 0.8, $asOf: DateTime, $knownAt: DateTime) {
  customerBase(filter: $filter, asOf: $asOf, knownAt: $knownAt) {
    predictedValue {
      scoredAt customers expected { amount currencyCode }
      interval(level: $level) { low { amount } high { amount } level }
      standardDeviation { amount } chance { amount } parameters { amount } modelError { amount }
    }
  }
}"""


async def total(ask, **given):
    ask.now = NOW
    return (await ask(TOTAL, **given))["customerBase"]["predictedValue"]


def amount(money) -> float:
    return float(money["amount"])


async def customers_of(given) -> Customers:
    async with given.connection.transaction():
        ((_, known),) = [part async for part in facts_of_all(given.connection, NOW)]
    return buyers(known)


def parameter_variance(customers: Customers) -> float:
    """Return g'Vg of the total, by one-sided differences of the parameters' logarithms."""

    def value(logarithms):
        r, alpha, a, b, p, q, gamma = np.exp(logarithms)
        models = BetaGeometric(r, alpha, a, b), GammaGamma(p, q, gamma)
        found = score(*models, customers.purchases, customers.spend, weeks=ASKED.weeks, annual_discount_rate=0.1)
        return found.discounted_value.sum()

    at = np.log([*MODEL.values(), *SPEND.values()])
    step = 1e-5
    slopes = np.array([(value(at + step * one) - value(at)) / step for one in np.eye(7)])
    covariance = np.zeros((7, 7))
    covariance[:4, :4], covariance[4:, 4:] = COVARIANCE, SPEND_COVARIANCE
    return float(slopes @ covariance @ slopes)


@pytest.mark.parametrize(("bias", "error"), [(None, 0.2), (0.31, 0.31), (-0.31, 0.31), (0.001, 0.05)])
async def test_how_far_off_a_total_may_be_has_three_parts(ask, given, bias, error):
    await shop(given)
    if bias is not None:
        await add_model(given, trained_until=NOW - timedelta(days=1))
        await given.connection.execute("ALTER TABLE lifetime_value_tests DISABLE TRIGGER ALL")
        await given.connection.execute("UPDATE lifetime_value_tests SET days = 365, total_bias = $1", bias)
    await rank(given.connection, NOW)
    variances = await given.connection.fetch("SELECT variance FROM customer_prospects WHERE variance IS NOT NULL")
    found, customers = await total(ask), await customers_of(given)
    expected = amount(found["expected"])
    chance = np.sqrt(sum(record["variance"] for record in variances))
    assert found["customers"] == len(customers) == len(variances) == 30
    assert amount(found["chance"]) == pytest.approx(chance, abs=0.01)
    assert amount(found["parameters"]) == pytest.approx(np.sqrt(parameter_variance(customers)), rel=1e-3)
    assert amount(found["modelError"]) == pytest.approx(error * expected, abs=0.01)
    whole = np.sqrt(chance**2 + parameter_variance(customers) + (error * expected) ** 2)
    assert amount(found["standardDeviation"]) == pytest.approx(whole, rel=1e-3)


async def test_a_total_is_that_of_those_who_are_meant(ask, given):
    await shop(given)
    await rank(given.connection, NOW)
    whole = await total(ask)
    parts = [await total(ask, filter={"churnBand": [band]}) for band in ("LOW", "MEDIUM", "HIGH")]
    assert sum(part["customers"] for part in parts) == whole["customers"]
    summed = sum(Decimal(part["expected"]["amount"]) for part in parts)
    assert summed == pytest.approx(Decimal(whole["expected"]["amount"]), abs=Decimal("0.02"))
    for part in parts:
        for name in ("parameters", "modelError"):
            share = amount(whole[name]) / amount(whole["expected"])
            assert amount(part[name]) == pytest.approx(share * amount(part["expected"]), abs=0.01)
    nobody = await total(ask, filter={"orderCount": {"gt": 1_000}})
    assert (nobody["customers"], nobody["expected"]["amount"], nobody["standardDeviation"]["amount"]) == (
        0,
        "0.00",
        "0.00",
    )


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
async def test_an_interval_holds_the_total_by_a_normal_distribution(ask, given, level):
    await shop(given)
    await rank(given.connection, NOW)
    found = await total(ask, level=level)
    low, high = norm.interval(level, amount(found["expected"]), amount(found["standardDeviation"]))
    assert amount(found["interval"]["low"]) == pytest.approx(max(low, 0), abs=0.02)
    assert amount(found["interval"]["high"]) == pytest.approx(high, abs=0.02)
    assert found["interval"]["level"] == level


@pytest.mark.parametrize("level", [0, -1, 0.991, 1])
async def test_no_interval_for_a_level_that_is_none(ask, given, level):
    await shop(given)
    ask.now = NOW
    await ask(TOTAL, fails=True, level=level)
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_there_is_no_total_before_the_first_ranking_nor_of_the_past(ask, given):
    await shop(given)
    assert await total(ask) is None
    await rank(given.connection, NOW)
    assert await total(ask)
    for clock in ("asOf", "knownAt"):
        assert await total(ask, **{clock: NOW.isoformat()}) is None
