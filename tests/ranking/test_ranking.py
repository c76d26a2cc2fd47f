"""Rankings: what is kept of a customer is what is predicted, whoever ranks, and nothing is left half-done."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from math import ceil
from random import Random

import pytest

from api.database import database as open_database
from api.errors import BadUserInput
from api.writes.ranking import rank
from tests.fitted import add_model
from tests.ranking.scores import NOW

pytestmark = pytest.mark.anyio

FIGURES = """{
  customers(first: 100) {
    nodes {
      id
      lifetimeValue {
        predicted { ... on PredictedValue { expected { amount } probabilityActive churnRisk { band } } }
        ranking { predictedValue { amount currencyCode } probabilityActive churnBand topPercent scoredAt }
      }
    }
  }
}"""


async def shop(given, count: int = 30):
    """Make customers, two of whom bought nothing, and a model."""
    random = Random(1)
    await given.product()
    customers = await given.customers(count + 2)
    async with given.standing_at_the_end():
        for customer in customers[:count]:
            for _ in range(random.choice((1, 1, 2, 3, 8))):
                placed = NOW - timedelta(days=random.randint(0, 700))
                await given.order(customer, random.choice((5, 10, 80)), placed_at=placed, recorded_at=placed)
    await add_model(given, trained_until=NOW - timedelta(days=2))
    return customers


async def figures(ask, now=NOW):
    ask.now = now
    answer = await ask(FIGURES)
    return {node["id"]: node["lifetimeValue"] for node in answer["customers"]["nodes"]}


async def test_what_is_kept_of_a_customer_is_what_is_predicted(ask, given):
    customers = await shop(given)
    equals = await given.customers(2)
    for customer in equals:
        await given.order(customer, 10, placed_at=NOW - timedelta(days=50))
    await rank(given.connection, NOW)
    found = await figures(ask)
    scored = [found[customer.id] for customer in [*customers[:30], *equals]]
    for each in scored:
        kept, predicted = each["ranking"], each["predicted"]
        assert kept["predictedValue"] == predicted["expected"] | {"currencyCode": "EUR"}
        assert kept["probabilityActive"] == predicted["probabilityActive"]
        assert kept["churnBand"] == predicted["churnRisk"]["band"]
        assert kept["scoredAt"] == NOW.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    assert [found[customer.id]["ranking"] for customer in customers[30:]] == [None, None]
    values = [Decimal(each["ranking"]["predictedValue"]["amount"]) for each in scored]
    places = [1 + sum(other > value for other in values) for value in values]
    assert [each["ranking"]["topPercent"] for each in scored] == [ceil(place * 100 / 32) for place in places]


async def test_a_ranking_takes_the_place_of_the_one_before(ask, given):
    customers = await shop(given)
    (first,) = customers[:1]
    await rank(given.connection, NOW - timedelta(days=1))
    before = await figures(ask)
    spent = await given.order(customers[30], 40, placed_at=NOW - timedelta(days=3))
    await rank(given.connection, NOW)
    assert (await figures(ask))[customers[30].id]["ranking"]
    refund = {"refunded_at": NOW - timedelta(hours=1), "recorded_at": NOW}
    await given.refund(customers[30], 40, spent, **refund)
    later = NOW + timedelta(hours=1)
    await rank(given.connection, later)
    after = await figures(ask, later)
    assert after[customers[30].id]["ranking"] is None
    assert after[first.id]["ranking"]["scoredAt"] != before[first.id]["ranking"]["scoredAt"]
    assert await given.connection.fetchval("SELECT count(*) FROM customer_rankings") == 3


async def test_without_a_model_nobody_is_ranked(ask, given):
    await given.customers(3)
    with pytest.raises(BadUserInput, match="regulars fit"):
        await rank(given.connection, NOW)
    assert {each["ranking"] for each in (await figures(ask)).values()} == {None}
    assert await given.connection.fetchval("SELECT count(*) FROM customer_rankings") == 0
    await add_model(given, trained_until=NOW, currency="USD")
    with pytest.raises(BadUserInput, match="another currency"):
        await rank(given.connection, NOW)


async def test_what_fails_in_the_middle_leaves_the_last_ranking(ask, given):
    await shop(given)
    await rank(given.connection, NOW)
    before = await figures(ask)
    await given.connection.execute("ALTER TABLE customer_rankings ADD CHECK (scored_at <= '2026-06-01T12:00Z')")
    with pytest.raises(Exception, match="customer_rankings"):
        await rank(given.connection, NOW + timedelta(days=1))
    assert await figures(ask) == before


async def test_several_who_rank_at_once_do_it_once(database_url, given):
    await shop(given)

    async def one() -> bool:
        async with open_database(database_url, pool_size=1) as opened, opened.connection() as connection:
            return await rank(connection, NOW, only_if_due=True) is not None

    assert sorted(await asyncio.gather(*[one() for _ in range(4)])) == [False, False, False, True]
    assert await given.connection.fetchval("SELECT count(*) FROM customer_rankings") == 1


async def test_a_ranking_is_due_after_a_day_and_with_a_new_model(given):
    await shop(given)

    async def ranks(after: timedelta) -> bool:
        return await rank(given.connection, NOW + after, only_if_due=True) is not None

    assert await ranks(timedelta(0))
    assert not await ranks(timedelta(hours=23))
    assert await ranks(timedelta(hours=24))
    await add_model(given, trained_until=NOW + timedelta(hours=24))
    assert await ranks(timedelta(hours=25))
    assert not await ranks(timedelta(hours=26))


async def test_by_another_model_the_ranking_is_what_that_predicts(ask, given):
    customers = await shop(given)
    pareto = {"r": 0.55, "alpha": 10.5, "s": 0.6, "beta": 11.6}
    told = json.dumps({"candidates": {"MBG/NBD": {"parameters": {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}}}})
    until = NOW - timedelta(days=1)
    await add_model(given, trained_until=until, method="Pareto/NBD", parameters=json.dumps(pareto), report=told)
    ranking = await rank(given.connection, NOW)
    assert ranking
    assert (ranking.method, ranking.parameter_error) == ("Pareto/NBD", 0.2)
    for each in [(await figures(ask))[customer.id] for customer in customers[:5]]:
        assert each["ranking"]["predictedValue"]["amount"] == each["predicted"]["expected"]["amount"]
