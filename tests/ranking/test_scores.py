"""The database scores as Python does, and no parameters or purchases make it raise an error."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random

import numpy as np
import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.facts import PurchaseFacts
from api.domain.lifetime_value.spend import GammaGamma
from tests.ranking.scores import TODAY, Models, by_database

pytestmark = pytest.mark.anyio

MOST = 5_000
TEN_YEARS = 3_652
FITTED: dict[str, tuple[float, float]] = {"r": (0.1, 3), "alpha": (3, 40), "a": (0.2, 3), "b": (0.5, 8)}
EXTREME: dict[str, tuple[float, float]] = dict.fromkeys(("r", "alpha", "a", "b"), (1e-3, 1e3))


def models(random: Random, ranges: dict[str, tuple[float, float]]) -> Models:
    drawn = {name: math.exp(random.uniform(*map(math.log, range_))) for name, range_ in ranges.items()}
    spend = GammaGamma(random.uniform(0.5, 12), random.uniform(1.1, 6), random.uniform(1, 100))
    return Models(BetaGeometric(**drawn, lost_after_first=random.random() < 0.5), spend)


def customer(random: Random, most: int, longest: int) -> PurchaseFacts:
    """Return a customer who bought up to so many times again, in up to so many days; often all of that, or nothing."""
    observed = random.choice((0, random.randint(0, 30), random.randint(0, longest), longest))
    repeats = random.choice((0, 1, 2, random.randint(0, 30), random.randint(0, most), most))
    repeats = min(repeats, observed)
    last = random.choice((repeats, observed, random.randint(repeats, observed))) if repeats else 0
    valued = random.choice((0, repeats + 1, random.randint(0, repeats + 1)))
    value = (random.randint(1, 100_000_00) if valued else 0) / 100
    first = TODAY - timedelta(days=observed)
    return PurchaseFacts(repeats + 1, first, first + timedelta(days=last), valued, value, TODAY)


def customers(random: Random, count: int, most: int = MOST, longest: int = TEN_YEARS) -> list[PurchaseFacts]:
    return [customer(random, most, longest) for _ in range(count)]


async def test_scores_by_fitted_parameters_are_those_of_python(given):
    random = Random(1)
    await given.business()
    for number in range(8):
        by, facts = models(random, FITTED), customers(random, 150, most=300)
        await by.added(given, number, 300)
        found, expected = await by_database(given, facts), by.score(facts)
        values = np.array([float(row["value"]) for row in found])
        assert values == pytest.approx(expected.discounted_value, rel=2e-6, abs=1e-6)
        assert [row["probability"] for row in found] == pytest.approx(expected.probability_active, abs=1e-6)
        assert [row["band"] for row in found] == by.bands(facts, knows_losses=True)


async def test_nothing_is_too_large_or_too_small_for_the_database(given):
    random = Random(2)
    await given.business()
    for number in range(8):
        by, facts = models(random, EXTREME), customers(random, 150)
        await by.added(given, number, MOST)
        found, expected = await by_database(given, facts), by.score(facts)
        values = np.array([float(row["value"]) for row in found])
        assert values == pytest.approx(by.by_nodes(facts), rel=1e-6, abs=1e-6)
        assert [row["probability"] for row in found] == pytest.approx(expected.probability_active, abs=1e-6)


async def test_bands_go_by_silence_where_a_model_knows_no_losses(given):
    random = Random(3)
    await given.business()
    for number, flag in enumerate(("ATTRITION_NOT_IDENTIFIED", "SMALL_SAMPLE")):
        by, facts = models(random, FITTED), customers(random, 100, most=20, longest=800)
        await by.added(given, number, 20, flags=[flag])
        found = [row["band"] for row in await by_database(given, facts)]
        assert found == by.bands(facts, knows_losses=False)
        assert set(found) == {"LOW", "HIGH"}


async def test_what_cannot_be_scored_is_missing(given):
    await given.business()
    by = models(Random(4), FITTED)
    await by.added(given, 1, 10)
    day, hour = timedelta(days=1), 1.0
    facts = [
        PurchaseFacts(0, None, None, 0, 0.0, TODAY),
        PurchaseFacts(2, TODAY, TODAY + day, 2, hour, TODAY),
        PurchaseFacts(600, TODAY - 900 * day, TODAY, 2, hour, TODAY),
        PurchaseFacts(2, TODAY - day, TODAY, 2, hour, TODAY),
    ]
    found = await by_database(given, facts)
    assert [row["value"] is None for row in found] == [True, True, True, False]


async def test_another_model_has_the_one_beside_it_stand_in(given):
    random = Random(5)
    await given.business()
    by, facts = models(random, FITTED), customers(random, 20, most=20)
    told = {name: getattr(by.purchases, name) for name in ("r", "alpha", "a", "b")}
    by = Models(BetaGeometric(**told), by.spend)
    await by.added(given, 1, 20)
    expected = await by_database(given, facts)
    report = f'{{"candidates": {{"MBG/NBD": {{"parameters": {str(told).replace(chr(39), chr(34))}}}}}}}'
    other = Models(by.purchases, by.spend)
    await other.added(given, 2, 20, method="Pareto/NBD", parameters='{"r": 1}', report=report)
    assert await by_database(given, facts) == expected
