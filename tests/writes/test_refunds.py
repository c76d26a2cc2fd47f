"""Refunds together never exceed their order."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from decimal import Decimal

import asyncpg
import pytest

from api.database import database as open_database
from api.domain.customer_name import ExternalKey
from api.domain.money import Amount
from api.domain.purchase import NewRefund
from api.errors import Timeout, UserErrorCode
from api.writes.once import once
from api.writes.refunds import record_refund
from tests.given import connected
from tests.writes.changes import new_key, request

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pools(database_url):
    """Two pools, as two processes have them."""
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def pay_back(database, order, amount, external_id=None, currency="EUR"):
    """Record a refund and return the codes of what is wrong with it."""
    key = ExternalKey("shop", external_id) if external_id else None
    refund = NewRefund(key, Amount(Decimal(amount), currency), None, None)
    recorded = await once(database, request(new_key()), lambda change: record_refund(change, order.key, refund))
    return [error.code for error in recorded.outcomes[0].errors]


async def paid_back(connection):
    return await connection.fetchval("SELECT coalesce(sum(amount), 0) FROM refunds")


async def test_refunds_at_the_same_time_never_exceed_the_rest(pools, given):
    order = await given.order(await given.customer(), 100)
    found = await asyncio.gather(*(pay_back(pools[number % 2], order, 7) for number in range(60)))
    assert Counter(map(tuple, found)) == {(): 14, (UserErrorCode.EXCEEDS_REMAINING,): 46}
    assert await paid_back(given.connection) == 98


async def test_the_database_itself_refuses_what_exceeds_the_order(given):
    """The net below: a refund written past the rules does not commit."""
    customer = await given.customer()
    order = await given.order(customer, 100)
    await given.refund(customer, 60, order)
    with pytest.raises(asyncpg.CheckViolationError):
        await given.refund(customer, "40.01", order)
    await given.refund(customer, 40, order)
    assert await paid_back(given.connection) == 100


async def test_a_worth_finer_than_minor_units_is_paid_back_in_full(pools, given):
    order = await given.order(await given.customer(), "10.10", currency="USD", rate="0.9102")
    for part in ("4.00", "6.10"):
        assert await pay_back(pools[0], order, part, currency="USD") == []
    worths = [row[0] for row in await given.connection.fetch("SELECT business_amount FROM refunds ORDER BY 1")]
    assert worths == [Decimal("3.64"), Decimal("9.19302") - Decimal("3.64")]


async def test_a_busy_order_is_a_timeout_and_leaves_the_key_unused(database_url, given):
    order = await given.order(await given.customer(), 100)
    async with open_database(database_url, pool_size=1, lock_timeout=0.2) as opened:
        async with given.connection.transaction():
            await given.connection.execute("SELECT 1 FROM orders FOR UPDATE")
            with pytest.raises(Timeout):
                await pay_back(opened, order, 1)
        assert await given.connection.fetchval("SELECT count(*) FROM idempotency") == 0
        assert await pay_back(opened, order, 1) == []


async def test_a_refund_does_not_wait_for_a_change_of_its_customer(database_url, given, pools):
    customer = await given.customer()
    order = await given.order(customer, 100)
    other = await connected(database_url)
    async with other.transaction():
        await other.execute("SELECT 1 FROM customers FOR NO KEY UPDATE")
        assert await pay_back(pools[0], order, 1) == []
    await other.close()


async def test_one_external_identifier_is_one_refund(pools, given):
    order = await given.order(await given.customer(), 100)
    found = await asyncio.gather(*(pay_back(pools[number % 2], order, 1, "R-1") for number in range(20)))
    assert Counter(map(tuple, found)) == {(): 1, (UserErrorCode.TAKEN,): 19}
    await given.connection.execute("DELETE FROM idempotency")
    assert await pay_back(pools[0], order, 1, "R-1") == [UserErrorCode.TAKEN]
    assert await paid_back(given.connection) == 1
