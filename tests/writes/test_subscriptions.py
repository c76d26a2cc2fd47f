"""Versions of subscriptions: one is open, none is rewritten, and together they tell what held and what was known."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select

from api.access import EVERYBODY
from api.database import database as open_database
from api.database import prepare
from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import Amount
from api.domain.subscription import Amendment, Cancellation, NewSubscription, Renewal
from api.domain.subscription_pauses import Pause, Resumption
from api.errors import UserErrorCode
from api.reads.json import parameter
from api.reads.relation import Lens, Row
from api.reads.subscriptions import subscriptions
from api.writes.idempotency import Request
from api.writes.once import once
from api.writes.subscriptions import Which, change_subscription, start_subscription
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

START = datetime(2025, 1, 31, 11, tzinfo=UTC)
ANN = CustomerName(email="ann@example.com")
NEW = NewSubscription(
    ANN, None, "PRODUCT", "Tea", Amount(Decimal(10), "EUR"), Duration(1), started_at=START, grace=Duration(2)
)


@pytest.fixture
async def pools(database_url, given):
    """Two pools, as two processes have them; Ann is a customer."""
    await given.customer(email="ann@example.com")
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def made(database, work, now=START):
    """Make a change once and return its outcome."""
    request = Request(EVERYBODY, "anySubscription", new_key(), {}, now)
    return (await once(database, request, work)).outcomes[0]


async def begun(database, new=NEW, now=START):
    return await made(database, lambda change: start_subscription(change, new), now)


async def taken(database, key, step, now=START, expected=None):
    """Take a subscription one step further and return the codes of what is wrong with that."""
    outcome = await made(database, lambda change: change_subscription(change, Which(key, expected), step), now)
    return [error.code for error in outcome.errors]


async def versions(connection):
    return await connection.fetch("SELECT * FROM subscriptions ORDER BY version")


async def test_payments_at_the_same_time_take_turns(pools, given):
    key = (await begun(pools[0])).ids["subscription"]
    found = await asyncio.gather(*(taken(pools[number % 2], key, Renewal()) for number in range(20)))
    assert found == [[]] * 20
    payments = await given.connection.fetch("SELECT * FROM subscription_payments ORDER BY period_start")
    assert len(payments) == 21
    assert [row["period_end"] for row in payments[:-1]] == [row["period_start"] for row in payments[1:]]
    assert payments[-1]["period_end"] == datetime(2026, 10, 31, 11, tzinfo=UTC)


async def test_of_changes_to_the_same_version_at_the_same_time_one_is_made(pools, given):
    key = (await begun(pools[0])).ids["subscription"]
    steps = [Amendment(f"Plan {number}") for number in range(10)]
    found = await asyncio.gather(
        *(taken(pools[number % 2], key, step, expected=1) for number, step in enumerate(steps))
    )
    assert Counter(map(tuple, found)) == {(): 1, (UserErrorCode.CONFLICT,): 9}
    assert len(await versions(given.connection)) == 2


async def test_one_external_identifier_is_one_subscription(pools, given):
    new = NewSubscription(ANN, ExternalKey("shop", "1"), "SERVICE", "Care", NEW.price, Duration(1))
    found = await asyncio.gather(*(begun(pools[number % 2], new) for number in range(10)))
    assert Counter(tuple(error.code for error in each.errors) for each in found) == {(): 1, (UserErrorCode.TAKEN,): 9}
    (outcome,) = (each for each in found if each.ids)
    await taken(pools[0], outcome.ids["subscription"], Renewal())
    assert [error.code for error in (await begun(pools[0], new)).errors] == [UserErrorCode.TAKEN]
    assert await given.connection.fetchval("SELECT count(*) FROM subscription_payments") == 2


async def test_a_second_open_version_is_refused_by_the_database(given):
    customer = await given.customer()
    await given.subscription(customer)
    names = await given.connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'subscriptions'::regclass AND attnum > 0"
        " AND attgenerated = ''"
    )
    listed = ", ".join(record["attname"] for record in names)
    second = f"INSERT INTO subscriptions ({listed}) SELECT {listed.replace('version', '2')} FROM subscriptions"
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_subscriptions_open"):
        await given.connection.execute(second)
    await given.connection.execute("UPDATE subscriptions SET superseded_at = now(), replaced_at = now()")
    await given.connection.execute(second)


REWRITES = {
    "changed": "UPDATE subscriptions SET price = price + 1",
    "closed with another price": "UPDATE subscriptions SET price = 1, superseded_at = now(), replaced_at = now()",
    "closed again": "UPDATE subscriptions SET superseded_at = now() WHERE superseded_at IS NOT NULL",
    "opened again": "UPDATE subscriptions SET superseded_at = NULL, replaced_at = NULL WHERE version = 1",
    "deleted": "DELETE FROM subscriptions",
    "truncated": "TRUNCATE subscriptions CASCADE",
}


@pytest.mark.parametrize("rewrite", REWRITES.values(), ids=REWRITES)
async def test_a_version_is_never_rewritten(given, rewrite):
    customer = await given.customer()
    await given.subscription(customer, {"changed_at": START, "price": Decimal(11)})
    before = await versions(given.connection)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed or deleted"):
        await given.connection.execute(rewrite)
    assert await versions(given.connection) == before


def step(random: Random, at: datetime) -> Any:
    """Return any change, told now or some days late."""
    told = random.choice((None, None, at - timedelta(days=random.randint(1, 5))))
    later = at + timedelta(days=random.randint(1, 40))
    return random.choice(
        (
            Renewal(paid_at=told),
            Renewal(),
            Pause(told or random.choice((None, later)), random.choice((None, later + timedelta(days=9)))),
            Resumption(told),
            Amendment(random.choice("AB"), changed_at=told),
            Amendment(interval=Duration(random.randint(1, 3))),
            Cancellation("OTHER", cancel_at=random.choice((told, None, later))),
        )
    )


@pytest.mark.parametrize("seed", range(3))
async def test_versions_follow_one_another_without_a_gap_on_either_clock(pools, given, seed):
    random = Random(seed)
    outcomes = [await begun(pools[0]) for _ in range(8)]
    kinds = Counter[str]()
    for days in range(0, 300, 10):
        now = START + timedelta(days=days)
        for outcome in outcomes:
            change = step(random, now)
            if not await taken(pools[0], outcome.ids["subscription"], change, now):
                kinds[change.made] += 1
    assert set(kinds) == {"RENEWED", "PAUSED", "RESUMED", "CHANGED", "CANCELLED"}
    for outcome in outcomes:
        key = outcome.ids["subscription"]
        found = await given.connection.fetch(
            "SELECT * FROM subscriptions WHERE subscription_id = $1 ORDER BY version", key
        )
        assert [row["version"] for row in found] == list(range(1, len(found) + 1))
        for row, following in pairwise(found):
            assert row["replaced_at"] == following["changed_at"] >= row["changed_at"]
            assert row["superseded_at"] == following["recorded_at"] > row["recorded_at"]
        assert (found[-1]["replaced_at"], found[-1]["superseded_at"]) == (None, None)
        await assert_seen_once(given.connection, key, found)


async def assert_seen_once(connection: Any, key: Any, found: Any) -> None:
    """Whatever the clocks show, it is the newest version that had happened and was known."""
    row = Row(
        subscriptions,
        Lens(parameter("m", "moment"), as_of=parameter("a", "moment"), known_at=parameter("k", "moment")),
    )
    wanted = select(row["version"]).select_from(row.table).where(row.key == parameter("key", "uuid"), *row.visible())
    asked = prepare(wanted)
    moments = {each[name] for each in found for name in ("changed_at", "recorded_at")}
    for as_of in sorted(moments | {START - timedelta(days=1)}):
        for known_at in sorted({each["recorded_at"] for each in found}):
            there = [e["version"] for e in found if e["changed_at"] <= as_of and e["recorded_at"] <= known_at]
            seen = await connection.fetch(asked.sql, *asked.values({"a": as_of, "k": known_at, "key": key}))
            assert [record[0] for record in seen] == there[-1:]
