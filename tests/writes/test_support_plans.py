"""Support plans at the same time: an allowance is never overdrawn, and a plan ends once."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal

import pytest

from api.database import Statement
from api.database import database as open_database
from api.domain.money import Amount
from api.domain.purchase import NewRefund
from api.domain.support_plan import NewSupportPlan, NewSupportUse
from api.errors import UserErrorCode
from api.writes import support_plans as writes
from api.writes.once import once
from api.writes.refunds import record_refund
from tests.writes.changes import ANN, NOW, apart, new_key, request

pytestmark = pytest.mark.anyio

LEFT, WANTED = 10, 50


@pytest.fixture
async def pools(database_url):
    """Two pools, as two processes have them."""
    async with AsyncExitStack() as opened:
        yield [apart(await opened.enter_async_context(open_database(database_url, pool_size=10))) for _ in range(2)]


async def codes(database, work):
    """Make a change and return the codes of what is wrong with it."""
    recorded = await once(database, request(new_key(), mutation="test"), work)
    return tuple(error.code for error in recorded.outcomes[0].errors)


async def use(database, plan):
    """Use one incident of a plan."""
    wanted = NewSupportUse(1, None, None)
    return await codes(database, lambda change: writes.use_support_allowance(change, plan.key, wanted))


async def cancel(database, plan):
    """End a plan now."""
    return await codes(database, lambda change: writes.cancel_support_plan(change, plan.key, None, "UNUSED", None))


async def enroll(database, line):
    """Enroll Ann in a plan that comes with an order line."""
    plan = NewSupportPlan(ANN, None, "Gold", False, None, NOW, None, None, None, f"lin_{line.hex}")
    return await codes(database, lambda change: writes.enroll_support_plan(change, plan))


async def pay_back(database, order, amount):
    """Pay money back on an order."""
    refund = NewRefund(None, Amount(Decimal(amount), "EUR"), None, NOW)
    return await codes(database, lambda change: record_refund(change, order.key, refund))


async def at_once(pools, plan):
    """Use a plan many times at once; return how often that went well, and what the database holds afterwards."""
    found = await asyncio.gather(*(use(pools[number % 2], plan) for number in range(WANTED)))
    return Counter(found)


async def test_an_allowance_is_never_overdrawn(pools, given):
    plan = await given.support_plan(await given.customer(), included_incidents=LEFT)
    found = await at_once(pools, plan)
    assert found == {(): LEFT, (UserErrorCode.EXCEEDS_REMAINING,): WANTED - LEFT}
    assert await given.connection.fetchval("SELECT sum(incidents) FROM support_usages") == LEFT


async def test_without_the_lock_it_would_be_overdrawn(pools, given, monkeypatch):
    """The control of the test above: the same uses, with nothing taken away but the lock, use more than there is."""
    locked = writes._PLANS._lock
    assert locked.sql.endswith(" FOR UPDATE")
    monkeypatch.setattr(writes._PLANS, "_lock", Statement(locked.sql.removesuffix(" FOR UPDATE"), locked.names))
    plan = await given.support_plan(await given.customer(), included_incidents=LEFT)
    found = await at_once(pools, plan)
    assert found[()] > LEFT
    assert await given.connection.fetchval("SELECT sum(incidents) FROM support_usages") == found[()]


async def test_who_waited_for_another_change_meets_the_version_that_it_made(pools, given):
    plan = await given.support_plan(await given.customer())
    found = await asyncio.gather(*(cancel(pools[number % 2], plan) for number in range(20)))
    assert Counter(found) == {(): 1, (UserErrorCode.INVALID_STATE,): 19}
    assert await given.connection.fetchval("SELECT max(version) FROM support_plans") == 2


async def test_nothing_is_used_after_the_end_that_came_first(pools, given):
    plan = await given.support_plan(await given.customer())
    uses = [use(pools[number % 2], plan) for number in range(20)]
    ended, *found = await asyncio.gather(cancel(pools[0], plan), *uses)
    assert ended == ()
    assert set(found) <= {(), (UserErrorCode.INVALID_STATE,)}
    assert await given.connection.fetchval("SELECT count(*) FROM support_usages") == found.count(())


@pytest.mark.parametrize("first", ["enrollment", "refund"])
async def test_no_plan_outlives_the_order_that_is_paid_back_at_the_same_time(pools, given, first):
    customer = await given.customer(email="ann@example.com")
    for _ in range(10):
        order = await given.order(customer, 100, placed_at=NOW - timedelta(days=1))
        line = await given.connection.fetchval("SELECT line_id FROM order_lines WHERE order_id = $1", order.key)
        both = [enroll(pools[0], line), pay_back(pools[1], order, 100)]
        await asyncio.gather(*(both if first == "enrollment" else reversed(both)))
    open_plans = "SELECT count(*) FROM support_plans WHERE superseded_at IS NULL AND ends_at IS NULL"
    assert await given.connection.fetchval(open_plans) == 0
    assert await given.connection.fetchval("SELECT count(*) FROM refunds") == 10
