"""What goes with what, and what is offered to whom, is what a plain model says: at any moment, and as kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from api.database import database as open_database
from api.reads.product_pairs import pairs_are_due
from api.writes.product_pairs import count_pairs
from tests.asking import Ask, WatchedDatabase
from tests.given import NEW_YEAR, Given, Line, Made, connected
from tests.reads.pairs_oracle import Bought, offers, pairs, seen, usual_price

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 12, 1, tzinfo=UTC)
SKUS = [f"P{number:02}" for number in range(14)]
EVERYBODYS = "P99"
PAIR = """boughtTogether{0} {{ bought {{ sku }} offered {{ sku }} support boughtSupport offeredSupport buyers expected
  confidence lift computedAt }}"""
PRODUCTS = f"""query ($asOf: DateTime, $knownAt: DateTime) {{
  products(first: 100, asOf: $asOf, knownAt: $knownAt) {{ nodes {{ sku {PAIR.format("(first: 100)")} }} }}
}}"""
OFFERS = f"""query ($asOf: DateTime, $knownAt: DateTime) {{
  customers(first: 100, asOf: $asOf, knownAt: $knownAt) {{ nodes {{
    firstName
    recommendations(first: 100) {{
      kind expectedValue {{ low {{ amount currencyCode }} high {{ amount }} }} basis {{ ... on Product {{ sku }} }}
      {PAIR.format("")}
    }}
  }} }}
}}"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A random shop: how it is asked, what was bought there, and how more is."""

    ask: Ask
    lines: list[Bought]
    given: Given
    customers: dict[str, Made]


@pytest.fixture(scope="module")
async def shop(module_database_url: str) -> AsyncIterator[Shop]:
    connection = await connected(module_database_url)
    given, random, lines = Given(connection), Random(5), list[Bought]()
    for sku in (*SKUS, EVERYBODYS):
        await given.product(sku, sku)
    customers = {f"C{number:02}": await given.customer(first_name=f"C{number:02}") for number in range(70)}
    async with given.standing_at_the_end():
        for name, customer in customers.items():
            for _ in range(random.choice((1, 1, 2, 3, 5))):
                lines += await bought(given, random, name, customer)
    await count_pairs(connection, NOW)
    async with open_database(module_database_url, pool_size=2) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        yield Shop(ask, lines, given, customers)
    await connection.close()


async def bought(given: Given, random: Random, name: str, customer: Made) -> list[Bought]:
    """Make an order of products near each other in number, most of the time, and return its lines."""
    at = NEW_YEAR + timedelta(days=random.randrange(300))
    entered_at = at + timedelta(days=random.choice((0, 0, 40)))
    middle, currency = int(name[1:]) % 7 * 2, random.choice(("EUR", "EUR", "CHF"))
    near = [SKUS[(middle + step) % len(SKUS)] for step in (0, 1)]
    skus = random.sample(SKUS, 1) if random.random() < 0.4 else near
    # Whatever somebody buys, this comes with it as often: it goes with nothing in particular.
    skus += [EVERYBODYS] if random.random() < 0.4 else []
    basket = [Line(random.choice(("2.50", "10", "0.99")), random.choice((1, 3)), sku) for sku in skus]
    await given.order(customer, *basket, placed_at=at, recorded_at=entered_at, currency=currency)
    totals = [(line.sku, Decimal(str(line.price)) * line.quantity) for line in basket]
    return [Bought(name, sku, total, currency, at, entered_at) for sku, total in totals]


def told(pair: Any, counted_at: datetime) -> dict[str, Any]:
    """Return what is answered of a pair."""
    found = {"bought": {"sku": pair.bought}, "offered": {"sku": pair.offered}, "support": pair.support}
    found |= {"boughtSupport": pair.bought_support, "offeredSupport": pair.offered_support, "buyers": pair.buyers}
    found |= {"expected": pytest.approx(pair.expected), "confidence": pair.confidence, "lift": pair.lift}
    return found | {"computedAt": counted_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


MOMENTS = [(None, None), (NOW, None), (None, NOW), *((NEW_YEAR + timedelta(days=day), None) for day in (150, 200, 260))]
MOMENTS += [(None, NEW_YEAR + timedelta(days=240)), *[(NEW_YEAR + timedelta(days=250), NEW_YEAR + timedelta(days=220))]]


@pytest.mark.parametrize(("as_of", "known_at"), MOMENTS)
async def test_what_goes_together_and_is_offered_is_what_the_model_says(shop, as_of, known_at):
    clocks = {"asOf": as_of and as_of.isoformat(), "knownAt": known_at and known_at.isoformat()}
    lines, counted_at = seen(shop.lines, as_of, known_at), as_of or NOW
    answer = (await shop.ask(PRODUCTS, **clocks))["products"]["nodes"]
    found = {node["sku"]: node["boughtTogether"] for node in answer if node["boughtTogether"]}
    model = pairs(lines)
    assert found == {sku: [told(pair, counted_at) for pair in each] for sku, each in model.items()}
    assert len(model) >= 4
    wanted = offers(lines)
    for node in (await shop.ask(OFFERS, **clocks))["customers"]["nodes"]:
        listed = [each for each in node["recommendations"] if each["kind"] == "CROSS_SELL"]
        expected = wanted.get(node["firstName"], [])
        assert [each["boughtTogether"] for each in listed] == [told(pair, counted_at) for pair in expected]
        for each, pair in zip(listed, expected, strict=True):
            assert each["basis"] == [{"sku": pair.bought}, {"sku": pair.offered}]
            assert each["expectedValue"] == amounts(usual_price(lines, pair.offered))
    assert any(wanted.values())


def amounts(usual: tuple[Decimal, Decimal] | None) -> Any:
    """Return a range of money as it is answered."""
    if usual is None:
        return None
    low, high = (f"{amount:.2f}" for amount in usual)
    return {"low": {"amount": low, "currencyCode": "EUR"}, "high": {"amount": high}}


async def test_a_page_costs_one_statement_and_looks_at_the_facts_only_where_somebody_looks_back(shop):
    await shop.ask(OFFERS)
    (now,) = shop.ask.statements
    await shop.ask(OFFERS, asOf=NOW.isoformat())
    (then,) = shop.ask.statements
    assert ("product_pairs" in now, "product_pairs" in then) == (True, False)


async def test_a_customer_is_told_the_counts_of_all_and_offered_nothing_of_others(shop):
    everybody = {node["firstName"]: node for node in (await shop.ask(OFFERS))["customers"]["nodes"]}
    name = next(name for name, node in everybody.items() if any(r["boughtTogether"] for r in node["recommendations"]))
    for clocks in ({}, {"asOf": NOW.isoformat()}):
        own = (await shop.ask.as_customer(shop.customers[name].key)(OFFERS, **clocks))["customers"]["nodes"]
        assert own == [everybody[name]]


@asynccontextmanager
async def undone(connection: Any) -> AsyncIterator[None]:
    """Undo what a block does."""
    transaction = connection.transaction()
    await transaction.start()
    yield
    await transaction.rollback()


async def test_what_is_kept_says_until_when_and_changes_when_it_is_counted_again(shop):
    kept = shop.given.connection
    async with undone(kept):
        await kept.execute("DELETE FROM product_pairs")
        assert await pairs_are_due(kept, NOW), "nobody has counted yet"
    async with undone(kept):
        assert [await pairs_are_due(kept, NOW + timedelta(hours=hours)) for hours in (23, 24)] == [False, True]
        assert await count_pairs(kept, NOW + timedelta(hours=23), only_if_due=True) is None
        number = await count_pairs(kept, NOW + timedelta(hours=24), only_if_due=True)
        assert number == sum(map(len, pairs(shop.lines).values()))
        moments = await kept.fetch("SELECT DISTINCT computed_at FROM product_pairs")
        assert [row["computed_at"] for row in moments] == [NOW + timedelta(hours=24)]
