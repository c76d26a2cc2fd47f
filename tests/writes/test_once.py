"""One key, one change: whatever happens at the same time, and wherever the line to the database breaks."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from api.database import database as open_database
from api.errors import (
    BadUserInput,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    Rejection,
    Timeout,
    UserErrorCode,
)
from api.writes import once as recording
from api.writes.change import Outcome, Overtaken, Refused
from api.writes.idempotency import settle
from api.writes.once import once
from api.writes.purchases import record_purchases
from tests.referrals.rows import add_code, add_program, add_referral, joined
from tests.writes.changes import FIELD, NOW, apart, new_key, new_purchase, record, request, same
from tests.writes.points import account, entries, program

pytestmark = pytest.mark.anyio

NOTHING: list[Outcome] = [Outcome({})]


@pytest.fixture
async def ann(given):
    """A customer who buys."""
    return await given.customer(email="ann@example.com")


@pytest.fixture
async def pools(database_url):
    """Two pools of ten connections, as two processes have them."""
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def orders(given):
    return await given.connection.fetchval("SELECT count(*) FROM orders")


@pytest.fixture
async def friend_of_bens(given, ann):
    """Ann, whom a friend has recommended and who has not bought yet."""
    ben, day = await given.customer(email="ben@example.com"), NOW - timedelta(days=1)
    await add_code(given, ben, "BENSCODE")
    return await add_referral(given, await add_program(given), ben, "BENSCODE", joined(ann, day), at=day)


async def test_a_thousand_calls_with_one_key_record_one_order_and_get_one_answer(pools, given, ann, friend_of_bens):
    key = new_key()
    await program(given)
    await account(given, ann)
    found = await asyncio.gather(*(record(apart(pools[number % 2]), key) for number in range(1_000)))
    assert await orders(given) == 1
    assert {each.outcomes[0].ids["referral"] for each in found} == {friend_of_bens.key}
    assert await given.connection.fetchval("SELECT count(*) FROM referral_rewards WHERE side = 'REFERRER'") == 1
    # For what Ann bought, and for coming by a friend.
    assert await entries(given, ann) == [("EARN", 8, 8), ("EARN", 5, 13)]
    assert all(same(each) == same(found[0]) for each in found)
    assert Counter(each.replayed for each in found) == {True: 999, False: 1}


async def test_without_the_key_the_same_calls_would_record_an_order_each(pools, given, ann):
    """Shows that the test above can see a doubled order."""
    await asyncio.gather(*(record(apart(pools[number % 2]), new_key()) for number in range(50)))
    assert await orders(given) == 50


async def test_calls_of_one_process_wait_for_each_other_without_a_connection(database, given, ann):
    key = new_key()
    database.statements = []
    found = await asyncio.gather(*(record(database, key) for _ in range(1_000)))
    assert sum(text.startswith("INSERT INTO idempotency") for text in await database.told()) == 1
    assert Counter(each.replayed for each in found) == {True: 999, False: 1}
    assert await orders(given) == 1


async def test_a_key_belongs_to_the_input_it_was_first_sent_with(pools, given, ann):
    keys = [new_key() for _ in range(200)]
    calls = [(key, number) for key in keys for number in range(10)]
    changed = {(key, 9) for key in keys[:100]}  # 5 % of all calls

    async def call(key, number):
        price = "9.99" if (key, number) in changed else "8.50"
        try:
            return price, await record(apart(pools[number % 2]), key, price)
        except IdempotencyKeyReused:
            return price, None

    found = await asyncio.gather(*(call(*each) for each in calls))
    assert await orders(given) == 200
    by_key = {key: [answer for (sent, _), answer in zip(calls, found, strict=True) if sent == key] for key in keys}
    for answers in by_key.values():
        # Whichever input came first has the key; every answer is its order or a refusal.
        prices = {price for price, recorded in answers if recorded}
        assert len(prices) == 1
        assert len({recorded.outcomes[0].ids["order"] for _, recorded in answers if recorded}) == 1
        assert all(recorded is None for price, recorded in answers if price not in prices)


async def test_a_key_belongs_to_its_input_also_where_calls_wait_for_each_other_in_one_process(database, given, ann):
    key = new_key()
    prices = ["8.50", "9.99"] * 10
    found = await asyncio.gather(*(record(database, key, price) for price in prices), return_exceptions=True)
    assert [isinstance(each, IdempotencyKeyReused) for each in found] == [False, True] * 10
    assert await given.connection.fetchval("SELECT sum(gross) FROM orders") == Decimal("8.50")


async def test_a_changed_input_is_refused_and_leaves_nothing(database, given, ann):
    key = new_key()
    await record(database, key)
    for _ in range(2):
        with pytest.raises(IdempotencyKeyReused):
            await record(database, key, "9.99")
    with pytest.raises(IdempotencyKeyReused):
        await once(database, request(key, {"price": "8.50", "id": None}, "recordRefund"), lambda _: done())
    assert await orders(given) == 1


async def done():
    return NOTHING


async def test_a_repeat_while_the_first_is_at_work_elsewhere_is_told_to_come_back(database_url, pools, given, ann):
    key, started, go = new_key(), asyncio.Event(), asyncio.Event()

    async def slow(change):
        started.set()
        await go.wait()
        return await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)

    first = asyncio.create_task(once(pools[0], request(key, {"price": "8.50", "id": None}), slow))
    await started.wait()
    async with open_database(database_url, lock_timeout=0.3) as impatient:
        waited = -asyncio.get_running_loop().time()
        repeats = await asyncio.gather(*(record(apart(impatient), key) for _ in range(3)), return_exceptions=True)
        waited += asyncio.get_running_loop().time()
        assert [type(each) for each in repeats] == [IdempotencyInFlight] * 3
        assert 0.3 <= waited < 2
        other = await record(impatient, new_key())
    go.set()
    assert (await record(pools[1], key)).outcomes == (await first).outcomes != other.outcomes
    assert await orders(given) == 2


async def test_a_repeat_while_the_first_is_at_work_here_waits_as_long_as_for_a_lock(database_url, ann):
    key, go = new_key(), asyncio.Event()

    async def slow(change):
        await go.wait()
        return NOTHING

    async with open_database(database_url, lock_timeout=0.1) as impatient:
        first = asyncio.create_task(once(impatient, request(key), slow))
        await asyncio.sleep(0)
        waited = -asyncio.get_running_loop().time()
        with pytest.raises(IdempotencyInFlight):
            await once(impatient, request(key), lambda _: done())
        waited += asyncio.get_running_loop().time()
        go.set()
        await first
    assert 0.1 <= waited < 1


async def test_who_waits_takes_over_where_the_first_one_fails(database, given, ann):
    key, turns = new_key(), []

    async def failing(change):
        turns.append("failed")
        await asyncio.sleep(0.05)
        raise BadUserInput("no")

    first = asyncio.create_task(once(database, request(key, {"price": "8.50", "id": None}), failing))
    await asyncio.sleep(0)
    found = await asyncio.gather(*(record(database, key) for _ in range(5)))
    with pytest.raises(BadUserInput):
        await first
    assert Counter(each.replayed for each in found) == {True: 4, False: 1}
    assert (turns, await orders(given)) == (["failed"], 1)


async def test_a_refusal_stays_a_refusal_for_its_key(database, given, ann):
    key, allowed = new_key(), False

    async def work(change):
        if allowed:
            return await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        raise Refused([Outcome({}, errors=(Rejection(UserErrorCode.CONFLICT, "No.", ("input", "x"), 7),))])

    first = await once(database, request(key), work)
    allowed = True
    again = await once(database, request(key), work)
    errors = [(e.code, e.message, e.field, e.current_version) for r in (first, again) for e in r.outcomes[0].errors]
    assert errors == [(UserErrorCode.CONFLICT, "No.", ("input", "x"), 7)] * 2
    assert (first.replayed, again.replayed, again.first_seen_at) == (False, True, first.first_seen_at)
    assert await orders(given) == 0
    await once(database, request(new_key()), work)
    assert await orders(given) == 1


async def test_a_failed_change_leaves_its_key_unused(database, given, ann):
    key = new_key()

    async def broken(change):
        await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        raise BadUserInput("no")

    with pytest.raises(BadUserInput):
        await once(database, request(key, {"price": "8.50", "id": None}), broken)
    assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == 0
    assert (await record(database, key)).replayed is False


@pytest.mark.parametrize(
    "error", [asyncpg.SerializationError("x"), asyncpg.DeadlockDetectedError("x"), Overtaken()], ids=repr
)
async def test_changes_that_met_are_tried_three_times(database, ann, error):
    tries = 0

    async def meeting(change):
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return NOTHING

    await once(database, request(new_key()), meeting)
    assert tries == 3

    async def always(change):
        nonlocal tries
        tries += 1
        raise error

    with pytest.raises(Timeout):
        await once(database, request(new_key()), always)
    assert tries == 6


async def test_two_changes_that_lock_each_other_out_both_end(pools, given):
    one, two = await given.customer(first_name="A"), await given.customer(first_name="B")
    met = asyncio.Barrier(2)
    tries = 0

    def work(first, second):
        async def change_both(change):
            nonlocal tries
            tries += 1
            update = "UPDATE customers SET version = version + 1 WHERE customer_id = $1"
            await change.connection.execute(update, first.key)
            if tries <= 2:
                await met.wait()
            await change.connection.execute(update, second.key)
            return NOTHING

        return change_both

    await asyncio.gather(
        once(pools[0], request(new_key()), work(one, two)), once(pools[1], request(new_key()), work(two, one))
    )
    assert tries == 3
    assert [row[0] for row in await given.connection.fetch("SELECT version FROM customers")] == [3, 3]


async def test_a_busy_row_is_a_timeout_and_the_connection_can_be_used_again(database_url, given, ann):
    async with open_database(database_url, pool_size=1, lock_timeout=0.2) as opened, given.connection.transaction():
        await given.connection.execute("SELECT 1 FROM customers FOR UPDATE")
        with pytest.raises(Timeout):
            await record(opened, new_key())
        assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == 0
        async with opened.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_changes_run_at_read_committed_whatever_the_server_prefers(database_url, given, ann):
    name = await given.connection.fetchval("SELECT current_database()")
    await given.connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    levels = set()

    async def work(change):
        levels.add(await change.connection.fetchval("SHOW transaction_isolation"))
        return NOTHING

    async with open_database(database_url) as opened:
        await once(opened, request(new_key()), work)
        key = new_key()
        found = await asyncio.gather(*(record(apart(opened), key) for _ in range(50)))
    assert levels == {"read committed"}
    assert Counter(each.replayed for each in found) == {True: 49, False: 1}


async def test_a_plan_made_while_tables_are_empty_does_not_read_them_from_end_to_end(database_url, given, ann):
    await given.connection.execute("VACUUM (ANALYZE) customers, products, idempotency")
    read: set[str] = set()

    async def work(change):
        outcomes = await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        await settle(change, outcomes)
        found = await change.connection.fetch("SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan > 0")
        read.update(row["relname"] for row in found)
        return outcomes

    async with open_database(database_url, pool_size=1) as opened:
        for _ in range(2):  # of a product that is new, and of one that is known
            await once(opened, request(new_key()), work)
    assert read <= {"business"}  # which never has a second row


async def test_a_change_that_goes_on_after_a_failed_statement_is_not_taken_for_recorded(database, given, ann):
    async def careless(change):
        outcomes = await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)
        with suppress(asyncpg.PostgresError):
            await change.connection.execute("SELECT 1 / 0")
        return outcomes

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await once(database, request(new_key()), careless)
    assert await orders(given) == 0


async def test_a_change_is_made_for_the_business_that_stands_in_the_database(database, given, ann):
    """Behind one address there may be another database by now, whose figures are in another currency."""
    await record(database, new_key())
    await given.connection.execute("UPDATE business SET currency = 'JPY', fingerprint_key = sha256('another')")
    key = new_key()
    seen = []

    async def look(change):
        seen.append(change.business.currency)
        return NOTHING

    assert (await once(database, request(key), look)).replayed is False
    assert (await once(database, request(key), look)).replayed is True
    assert seen == ["JPY"]


async def test_a_caller_who_leaves_does_not_stop_the_change(database, given, ann):
    key, go = new_key(), asyncio.Event()

    async def work(change):
        await go.wait()
        return await record_purchases(change, [new_purchase()], FIELD, all_or_none=True)

    left = asyncio.create_task(once(database, request(key, {"price": "8.50", "id": None}), work))
    await asyncio.sleep(0.05)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    go.set()
    assert (await record(database, key)).replayed is True
    assert await orders(given) == 1


async def test_callers_who_leave_at_any_moment_leave_whole_changes_and_no_open_transaction(database, given, ann):
    keys = [new_key() for _ in range(200)]
    tasks = [asyncio.create_task(record(database, key)) for key in keys]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0.001 if number % 3 else 0)
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(each, asyncio.CancelledError) for each in ended) > 100
    if recording._in_flight:
        await asyncio.wait([each.task for each in recording._in_flight.values()])
    kept = await given.connection.fetchval("SELECT count(*) FROM idempotency WHERE outcome IS NOT NULL")
    assert kept == await given.connection.fetchval("SELECT count(*) FROM idempotency") == await orders(given)
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
    assert await given.connection.fetchval(idle) == 0
    again = await asyncio.gather(*(record(database, key) for key in keys))
    assert sum(each.replayed for each in again) == kept
    assert await orders(given) == 200


async def test_an_external_identifier_is_taken_for_ever(database, given, ann):
    first = await record(database, new_key(), external_id="A-1")
    for _ in range(2):
        again = await record(database, new_key(), external_id="A-1")
        assert [error.code for error in again.outcomes[0].errors] == [UserErrorCode.TAKEN]
        await given.connection.execute("DELETE FROM idempotency")
    assert await given.connection.fetchval("SELECT order_id FROM orders") == first.outcomes[0].ids["order"]


async def test_one_external_identifier_under_many_keys_at_once_is_one_order(pools, given, ann):
    found = await asyncio.gather(*(record(pools[number % 2], new_key(), external_id="A-1") for number in range(100)))
    assert Counter(bool(each.outcomes[0].errors) for each in found) == {True: 99, False: 1}
    assert await orders(given) == 1
