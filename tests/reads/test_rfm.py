"""Scores of recency, frequency and spend, by examples and beside a plain calculation on random customers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from api.domain.rfm import GROUPS
from tests.asking import Ask
from tests.given import Given, Made
from tests.reads.rfm_oracle import Bought, score_all
from tests.repository import ROOT

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FIELDS = "id rfm { recency frequency monetary group asOf }"
PAGE = f"""query Page($asOf: DateTime, $knownAt: DateTime, $after: String) {{
  customers(first: 100, after: $after, asOf: $asOf, knownAt: $knownAt) {{
    nodes {{ {FIELDS} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
IN_GROUP = """query Group($groups: [RfmGroup!], $asOf: DateTime, $knownAt: DateTime, $after: String) {
  customers(first: 100, after: $after, filter: { rfmGroup: $groups }, asOf: $asOf, knownAt: $knownAt) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}"""
NAMES = sorted({*GROUPS.values(), "PROSPECTS"})


async def pages(ask: Ask, document: str, **variables: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = (await ask(document, after=after, **variables))["customers"]
        assert len(ask.statements) == 1
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def scores(ask: Ask, **variables: Any) -> dict[str, tuple[int | None, int | None, int | None, str]]:
    found = await pages(ask, PAGE, **variables)
    parts = ("recency", "frequency", "monetary", "group")
    return {each["id"]: tuple(each["rfm"][part] for part in parts) for each in found}


async def buyer(given: Given, days_ago: int, orders: int, spent: int) -> Made:
    customer = await given.customer()
    for number in range(orders):
        share = Decimal(spent) - (orders - 1) if number == 0 else 1
        await given.order(customer, share, placed_at=NOW - timedelta(days=days_ago + number))
    return customer


async def test_five_buyers_have_the_five_scores(ask, given):
    made = [await buyer(given, 10 * (6 - place), place, 100 * place) for place in range(1, 6)]
    found = await scores(ask)
    assert [found[each.id] for each in made] == [
        (1, 1, 1, "DORMANT"),
        (2, 2, 2, "ALMOST_LOST"),
        (3, 3, 3, "NEEDS_ATTENTION"),
        (4, 4, 4, "LOYAL"),
        (5, 5, 5, "CHAMPIONS"),
    ]


async def test_who_has_bought_nothing_is_a_prospect_and_no_measure_for_others(ask, given):
    made = [await buyer(given, 10 * (6 - place), place, 100 * place) for place in range(1, 6)]
    others = await given.customers(7)
    found = await scores(ask)
    assert {found[each.id] for each in others} == {(None, None, None, "PROSPECTS")}
    assert [found[each.id][0] for each in made] == [1, 2, 3, 4, 5]
    assert [each["id"] for each in await pages(ask, IN_GROUP, groups=["PROSPECTS"])] == [each.id for each in others]


async def test_equals_have_the_same_score(ask, given):
    made = [await buyer(given, 10, 1, 50) for _ in range(4)] + [await buyer(given, 10, 2, 50)]
    found = [(await scores(ask))[each.id] for each in made]
    assert [frequency for _, frequency, _, _ in found] == [1, 1, 1, 1, 5]
    assert {(recency, monetary) for recency, _, monetary, _ in found} == {(1, 1)}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_with_fewer_than_five_buyers_scores_follow_the_same_bounds(ask, given, count):
    made = [await buyer(given, 10 * (6 - place), place, 100 * place) for place in range(1, count + 1)]
    found = await scores(ask)
    expected = {1: [1], 2: [1, 3], 3: [1, 2, 4], 4: [1, 2, 3, 4]}
    assert [found[each.id][0] for each in made] == expected[count]


async def test_everybody_is_measured_by_all_whoever_asks(ask, given):
    made = [await buyer(given, 10 * (6 - place), place, 100 * place) for place in range(1, 6)]
    found = await scores(ask)
    for each in made:
        own = ask.as_customer(each.key)
        assert await scores(own) == {each.id: found[each.id]}
        assert await scores(own, asOf=NOW.isoformat()) == {each.id: found[each.id]}


@pytest.mark.parametrize(("recency", "worth"), sorted(GROUPS))
def test_the_documentation_has_the_table(recency, worth):
    lines = (ROOT / "docs" / "activity.md").read_text(encoding="utf-8").splitlines()
    (row,) = (line.split("|") for line in lines if line.startswith(f"| **{recency}** |"))
    assert row[worth + 1].strip() == f"`{GROUPS[recency, worth]}`"


async def test_every_cell_of_the_table_is_reached(ask, given):
    """Twenty-five buyers: five of each recency, and of each five one of each worth, frequency and spend alike."""
    made = {cell: await buyer(given, 100 * (6 - cell[0]), cell[1], 100 * cell[1]) for cell in GROUPS}
    found = await scores(ask)
    assert {cell: found[each.id][3] for cell, each in made.items()} == GROUPS
    assert {found[each.id][:2] for each in made.values()} == set(GROUPS)
    for group in NAMES:
        expected = {each.id for cell, each in made.items() if GROUPS[cell] == group}
        assert {each["id"] for each in await pages(ask, IN_GROUP, groups=[group])} == expected


async def test_scores_agree_with_a_plain_calculation_at_any_moment(ask, given):
    random, facts = Random(11), list[Bought]()
    async with given.standing_at_the_end():
        customers = [await given.customer(created_at=NOW - timedelta(days=900)) for _ in range(120)]
        for customer in random.sample(customers, 100):
            for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
                facts += await order(given, random, customer)
    for _ in range(12):
        as_of, known_at = (random.choice((None, NOW - timedelta(days=random.randint(0, 700)))) for _ in range(2))
        expected = score_all([each.id for each in customers], facts, as_of, known_at)
        clocks = {"asOf": as_of and as_of.isoformat(), "knownAt": known_at and known_at.isoformat()}
        if known_at is None or known_at >= NOW - timedelta(days=900):
            assert await scores(ask, **clocks) == expected
        groups = random.sample(NAMES, 2)
        wanted = {each for each, score in expected.items() if score[3] in groups}
        assert {each["id"] for each in await pages(ask, IN_GROUP, groups=groups, **clocks)} == wanted
    assert len(Counter(score[3] for score in score_all([e.id for e in customers], facts, None, None).values())) > 6


async def order(given: Given, random: Random, customer: Made) -> list[Bought]:
    """Make an order, perhaps with a refund, each recorded at once or late; days and amounts that are often equal."""
    at, late = NOW - timedelta(days=random.randrange(0, 800, 20)), timedelta(days=random.choice((0, 0, 30)))
    amount = Decimal(random.choice((5, 10, 10, 25, 60)))
    made = await given.order(customer, amount, placed_at=at, recorded_at=at + late)
    facts = [Bought(customer.id, at, at + late, amount)]
    if random.random() < 0.25:
        back, then = random.choice((amount, Decimal(1))), at + timedelta(days=random.randint(0, 60))
        await given.refund(customer, back, made, refunded_at=then, recorded_at=then + late)
        facts.append(Bought(customer.id, then, then + late, -back, is_refund=True))
    return facts
