"""What `regulars check` says of rankings: right ones pass, and what differs from the facts is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.reads.checks import findings
from api.tables.ranking import FIGURES
from api.writes.ranking import rank
from tests.ranking.scores import NOW
from tests.ranking.test_ranking import shop

pytestmark = pytest.mark.anyio

LAW = "customers are ranked as the purchases said when they were last ranked"
WRONG = [
    "predicted_value = predicted_value * 1.001 + 1",
    "probability_active = probability_active / 2",
    "churn_band = CASE churn_band WHEN 'LOW' THEN 'HIGH' ELSE 'LOW' END",
    "scored_at = scored_at - interval 'P1D'",
    ", ".join(f"{name} = NULL" for name in FIGURES),
]


async def misranked(database) -> int:
    async with database.connection() as connection:
        return {found.law: found.broken for found in await findings(connection)}[LAW]


@pytest.mark.parametrize("change", WRONG)
async def test_a_figure_that_is_not_what_the_facts_say_is_found(database, given, change):
    customers = await shop(given)
    assert await misranked(database) == 0
    await rank(given.connection, NOW)
    assert await misranked(database) == 0
    which = [customer.key for customer in customers[3:5]]
    await given.connection.execute(f"UPDATE customer_prospects SET {change} WHERE customer_id = ANY($1)", which)
    assert await misranked(database) == 2


async def test_what_came_later_or_was_on_its_way_makes_no_ranking_wrong(database, given):
    customers = await shop(given)
    await rank(given.connection, NOW)
    minute = timedelta(minutes=1)
    await given.order(customers[0], 70, placed_at=NOW + minute, recorded_at=NOW + minute)
    await given.order(customers[1], 70, placed_at=NOW - 60 * minute, recorded_at=NOW + minute)
    await given.order(customers[2], 70, placed_at=NOW - 60 * minute, recorded_at=NOW - minute)
    await given.customers(1)
    assert await misranked(database) == 0
    await given.order(customers[3], 70, placed_at=NOW - 90 * minute, recorded_at=NOW - 90 * minute)
    assert await misranked(database) == 1


async def test_who_has_no_place_is_found_and_given_one_by_the_next_ranking(database, given):
    customers = await shop(given)
    gone = [customer.key for customer in (customers[0], customers[31])]
    await given.connection.execute("DELETE FROM customer_prospects WHERE customer_id = ANY($1)", gone)
    law = "every customer has a place in the ranking, be it an empty one"

    async def missing() -> int:
        async with database.connection() as connection:
            return {found.law: found.broken for found in await findings(connection)}[law]

    assert await missing() == 2
    await rank(given.connection, NOW)
    assert await missing() == 0
