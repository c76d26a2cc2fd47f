"""What customers have brought: streams add up to net, and changes to what it moved, at any moment of any history."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from api.database import database as open_database
from api.reads.checks import findings
from api.writes.standing import project
from tests.activity.batch import Batch, clocks
from tests.activity.facts import Person
from tests.activity.filling import fill
from tests.activity.histories import CATEGORIES, NOW, Histories
from tests.activity.oracle import Question, shown
from tests.activity.policies import a_world
from tests.asking import Ask, WatchedDatabase
from tests.fitted import add_model
from tests.given import Given, connected
from tests.reads.value_oracle import EXPECTED_STREAMS, STREAMS, Oracle

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("REGULARS_TEST_SEED", "2026"))
CUSTOMERS, PAGE, ROUNDS = 1_000, 50, 3
TABLES = (
    *("orders", "refunds", "subscriptions", "subscription_payments", "support_plans", "contracts"),
    "customer_costs",
)
VALUE = """
  historic { gross { amount } discounts { amount } refunds { amount } costs { amount } net { amount } ...Streams }
  inOtherCurrencies { amount currencyCode }
"""
STREAM_BY_STREAM = "fragment Streams on HistoricValue { byStream { stream net { amount } } }"
CHANGES = "changes(since: $since, first: $first) { stream amount { amount } happenedAt changes cause { id } }"
CLOCKS = "$asOf: DateTime, $knownAt: DateTime"
NODES = f"""query ($ids: [ID!]!, {CLOCKS}, $since: DateTime!, $first: Int!) {{
  nodes(ids: $ids, asOf: $asOf, knownAt: $knownAt) {{ ... on Customer {{ id lifetimeValue {{ {VALUE} {CHANGES} }} }} }}
  before: nodes(ids: $ids, asOf: $since, knownAt: $knownAt) {{ ... on Customer {{ lifetimeValue {{ {VALUE} }} }} }}
}}
{STREAM_BY_STREAM}"""
EXPECTED = f"""query ($ids: [ID!]!, {CLOCKS}) {{
  nodes(ids: $ids, asOf: $asOf, knownAt: $knownAt) {{ ... on Customer {{ lifetimeValue {{
    historic {{ net {{ amount }} }}
    total(horizon: "P5Y") {{ amount }}
    predicted(horizon: "P5Y") {{
      __typename
      ... on PredictedValue {{
        expected {{ amount }} byStream {{ stream expected {{ amount }} }} probabilityActive
        interval(level: 0.9) {{ low {{ amount }} high {{ amount }} }}
      }}
    }}
  }} }} }}
}}"""
LISTED = """{
  customers(first: 100, orderBy: { field: HISTORIC_NET }) { nodes { lifetimeValue { historic { net { amount } } } } }
}"""

# The histories are about time; here they get prices, early ends, and payments, each from the key of what it belongs to.
PRICED = """
UPDATE support_plans SET price = 10 + hashtext(support_plan_id::text) % 997 / 100.0,
  currency = CASE hashtext(support_plan_id::text) % 5 WHEN 0 THEN 'USD' ELSE 'EUR' END WHERE paid;
UPDATE contracts SET value = abs(hashtext(contract_id::text || version) % 100000) / 100.0,
  currency = CASE hashtext(contract_id::text) % 4 WHEN 0 THEN 'KWD' ELSE 'EUR' END;
UPDATE contracts AS one SET change = 'TERMINATED', termination_reason = 'Moved', terminate_at = early, ends_at = early,
  penalty = CASE WHEN drawn % 3 = 0 THEN drawn / 100.0 END
FROM (SELECT contract_id, version, abs(hashtext(contract_id::text || version) % 9999) AS drawn FROM contracts) AS chance
JOIN LATERAL (
  SELECT starts_at + (term_ends_at - starts_at) * (drawn % 120 / 100.0) AS early FROM contracts AS term
  WHERE term.contract_id = chance.contract_id AND term.version = chance.version
) AS ending ON true
WHERE one.contract_id = chance.contract_id AND one.version = chance.version AND one.version > 1 AND drawn % 2 = 0;
INSERT INTO subscription_payments (customer_id, payment_id, subscription_id, period_start, period_end, amount, currency,
  business_amount, paid_at, recorded_at)
SELECT customer_id, gen_random_uuid(), subscription_id, period_start, period_end, paid, 'EUR', paid, changed_at,
  recorded_at
FROM subscriptions
CROSS JOIN LATERAL (SELECT abs(hashtext(subscription_id::text || version) % 9999) / 100.0) AS drawn (paid)
"""

# Points that were spent, and rewards of which some were taken back: from the orders, for a moment and a price.
COSTS = """
CREATE TEMPORARY TABLE drawn ON COMMIT DROP AS
SELECT customer_id, gen_random_uuid() AS cause_id, placed_at, recorded_at, (1 + abs(hashtext(order_id::text)) % 997) AS
  points, row_number() OVER (PARTITION BY customer_id) AS number, abs(hashtext(order_id::text)) % 7 AS kind FROM orders;
INSERT INTO loyalty_entries (customer_id, transaction_id, account, entry_id, kind, points, number, balance_after,
  owed_after, occurred_at, recorded_at)
SELECT customer_id, gen_random_uuid(), 'CUSTOMER', cause_id, 'REDEEM', -points, number, 0, 0, placed_at, recorded_at
FROM drawn WHERE kind = 0;
INSERT INTO referral_rewards (customer_id, reward_id, referral_id, version, referred_id, side, recipient_id, money,
  currency, earned_at, release_at, recorded_at)
SELECT customer_id, cause_id, gen_random_uuid(), 1, gen_random_uuid(), 'REFERRER', customer_id, points,
  CASE WHEN kind = 3 THEN 'USD' ELSE 'EUR' END, placed_at, placed_at, recorded_at FROM drawn WHERE kind BETWEEN 1 AND 3;
INSERT INTO customer_costs (customer_id, cost_id, stream, cause_id, taken_back, amount, currency, incurred_at,
  recorded_at)
SELECT customer_id, gen_random_uuid(), CASE WHEN kind = 0 THEN 'LOYALTY' ELSE 'REFERRALS' END, cause_id, back,
  CASE WHEN back THEN -points ELSE points END / 100.0, CASE WHEN kind = 3 THEN 'USD' ELSE 'EUR' END,
  placed_at + CASE WHEN back THEN interval '20 days' ELSE interval '0' END, recorded_at
FROM drawn CROSS JOIN (VALUES (false), (true)) AS both_ways (back)
WHERE kind = 0 AND NOT back OR kind = 1 OR kind IN (2, 3) AND NOT back
"""


@pytest.fixture(scope="module")
async def world(new_database: Any) -> AsyncIterator[tuple[Batch, dict[str, Oracle]]]:
    """A thousand customers of a world of their own, with an oracle for each."""
    random = Random(f"{SEED}:values")
    world = a_world(random, 0)
    histories = Histories(random, world)
    people = [histories.person() for _ in range(CUSTOMERS)]
    with new_database() as address:
        connection = await connected(address)
        await fill(connection, world, people, CATEGORIES)
        async with connection.transaction():
            await connection.execute(f"SET LOCAL session_replication_role = replica; {PRICED}; {COSTS}")
        async with connection.transaction():
            await project(connection)
        await add_model(Given(connection, start=1_000_000), trained_until=NOW - timedelta(days=4_000))
        oracles = await oracles_of(connection, people)
        async with open_database(address, pool_size=2) as opened:
            ask = Ask(WatchedDatabase.of(opened))
            ask.now = NOW
            yield Batch(ask, world, people, random, NOW), oracles
        await connection.close()


async def oracles_of(connection: Any, people: Sequence[Person]) -> dict[str, Oracle]:
    """Return an oracle for each customer by identifier."""
    rows: dict[Any, dict[str, list[Any]]] = {person.key: {table: [] for table in TABLES} for person in people}
    for table in TABLES:
        for row in await connection.fetch(f"SELECT * FROM {table}"):
            rows[row["customer_id"]][table].append(row)
    return {person.id: Oracle(rows[person.key]) for person in people}


async def test_streams_add_up_to_net_and_changes_to_what_it_moved(world):
    batch, oracles = world
    moved = summed_up = 0
    for _ in range(ROUNDS):
        people = batch.random.sample(batch.people, len(batch.people))
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            question = batch.question(page)
            since = question.moment - timedelta(days=batch.random.choice((0, 30, 400, 2_000)))
            given = {"since": shown(since), "first": batch.random.choice((1, 3, 100)), **clocks(question)}
            answer = await batch.ask(NODES, ids=[person.id for person in page], **given)
            for person, node, before in zip(page, answer["nodes"], answer["before"], strict=True):
                if node is not None:
                    check(oracles[person.id], question, node["lifetimeValue"])
                    changes = node["lifetimeValue"]["changes"]
                    check_changes(changes, node["lifetimeValue"], before and before["lifetimeValue"], given["first"])
                    moved += len(changes)
                    summed_up += any(change["changes"] > 1 for change in changes)
    assert moved > CUSTOMERS
    assert summed_up > 100


def check(oracle: Oracle, question: Question, value: Any) -> None:
    """Compare the value of a customer with that of the oracle."""
    forever = datetime.max.replace(tzinfo=NOW.tzinfo)
    clock = (question.as_of or forever, question.known_at or forever)
    streams = [(part["stream"], Decimal(part["net"]["amount"])) for part in value["historic"]["byStream"]]
    assert streams == list(oracle.streams(*clock).items())
    net = amount(value["historic"], "net")
    assert sum(part for _, part in streams) == net
    taken_off = sum(amount(value["historic"], name) for name in ("discounts", "refunds", "costs"))
    assert abs(amount(value["historic"], "gross") - taken_off - net) <= Decimal("0.02"), "each is rounded by itself"
    elsewhere = [(Decimal(part["amount"]), part["currencyCode"]) for part in value["inOtherCurrencies"]]
    expected = oracle.elsewhere(*clock)
    assert [currency for _, currency in elsewhere] == list(expected)


def check_changes(changes: Sequence[Any], value: Any, before: Any, first: int) -> None:
    """Compare changes with the values before and after them: each stream by itself, and the sum."""
    for place, stream in enumerate(STREAMS):
        earlier = Decimal(before["historic"]["byStream"][place]["net"]["amount"]) if before else Decimal(0)
        later = Decimal(value["historic"]["byStream"][place]["net"]["amount"])
        assert sum(amount(change, "amount") for change in changes if change["stream"] == stream) == later - earlier
    alone, together = changes[:first], changes[first:]
    assert all(change["changes"] == 1 and change["cause"] for change in alone)
    assert len({change["stream"] for change in together}) == len(together)
    moments = [change["happenedAt"] for change in alone]
    assert moments == sorted(moments, reverse=True)


def amount(value: Any, name: str) -> Decimal:
    """Return an amount of an object."""
    return Decimal(value[name]["amount"])


async def test_expected_streams_add_up_and_with_what_was_brought_to_the_total(world):
    batch, _ = world
    seen = dict.fromkeys(EXPECTED_STREAMS, 0)
    for start in range(0, CUSTOMERS, PAGE):
        page = batch.people[start : start + PAGE]
        question = batch.question(page)
        answer = await batch.ask(EXPECTED, ids=[person.id for person in page], **clocks(question))
        for value in (node["lifetimeValue"] for node in answer["nodes"] if node is not None):
            for stream, expected in expected_streams(value).items():
                seen[stream] += expected > 0
    assert min(seen.values()) > 5, seen


def expected_streams(value: Any) -> dict[str, Decimal]:
    """Return what each stream is expected to bring, after a look at the sums; nothing where nothing is predicted."""
    predicted = value["predicted"]
    if predicted["__typename"] == "PredictionUnavailable":
        assert value["total"] is None
        return {}
    streams = {part["stream"]: amount(part, "expected") for part in predicted["byStream"]}
    assert list(streams) == list(EXPECTED_STREAMS)
    assert sum(streams.values()) == amount(predicted, "expected")
    assert amount(value, "total") == amount(value["historic"], "net") + amount(predicted, "expected")
    low, high = (amount(predicted["interval"], end) for end in ("low", "high"))
    assert 0 <= low <= high
    assert 0 <= predicted["probabilityActive"] <= 1
    assert min(streams.values()) >= 0
    return streams


async def test_lists_are_sorted_by_what_is_shown(world):
    batch, _ = world
    nodes = (await batch.ask(LISTED))["customers"]["nodes"]
    nets = [amount(node["lifetimeValue"]["historic"], "net") for node in nodes]
    assert nets == sorted(nets)
    assert len(set(nets)) > 5


async def test_what_is_kept_is_what_the_facts_say(world):
    batch, _ = world
    async with batch.ask.database.connection() as connection:
        assert [finding for finding in await findings(connection) if "bought" in finding.law and finding.broken] == []
