"""A dry run answers as if it were done, and leaves nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from api.database import database as open_database
from api.writes.change import Outcome, Overtaken
from api.writes.once import tried
from tests.asking import Ask, WatchedDatabase
from tests.writes.changes import (
    RECORD_PURCHASE,
    RECORD_PURCHASES,
    RECORD_REFUND,
    SET_CUSTOMER,
    batch,
    counts,
    customer,
    line,
    new_key,
    one_purchase,
    purchase,
    refund,
    request,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who buys."""
    return await given.customer(first_name="Ann", email="ann@example.com", created_at=datetime(2025, 1, 1, tzinfo=UTC))


async def unchanged(given, ask, document, sent):
    """Try a change and return its payload, with proof that nothing was left."""
    everything = "SELECT array_agg(c.* ORDER BY 1) FROM customers AS c"
    before = await counts(given.connection), await given.connection.fetchval(everything)
    (payload,) = (await ask(document, input={**sent, "dryRun": True})).values()
    assert (await counts(given.connection), await given.connection.fetchval(everything)) == before
    assert payload["idempotency"] is None
    assert await given.connection.fetchval(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
    )
    return payload


async def test_a_purchase_is_tried_with_all_that_would_follow(ask, given, ann):
    sent = one_purchase(line("8.50", 2), placedAt="2024-12-01T00:00:00Z")
    shown = await unchanged(given, ask, RECORD_PURCHASE, sent)
    done = (await ask(RECORD_PURCHASE, input=sent))["recordPurchase"]
    assert shown["order"]["total"] == done["order"]["total"] == {"amount": "17.00", "currencyCode": "EUR"}
    assert shown["customer"] == done["customer"]
    assert shown["customer"]["purchaseSummary"]["orderCount"] == 1
    assert shown["order"]["lines"]["nodes"][0]["name"] == "Green tea"
    assert done["idempotency"]["replayed"] is False, "the dry run used the key up"


async def test_a_batch_a_refund_and_a_customer_are_tried(ask, given, ann):
    order = await given.order(ann, 10)
    shown = await unchanged(
        given, ask, RECORD_PURCHASES, batch(purchase(), purchase(email="x@example.com"), purchase())
    )
    assert (shown["recorded"], [each["order"] is None for each in shown["results"]]) == (2, [False, True, False])
    shown = await unchanged(given, ask, RECORD_REFUND, refund(order.id, "4"))
    assert shown["order"] == {"status": "PARTIALLY_REFUNDED", "net": {"amount": "6.00"}}
    assert shown["customer"]["purchaseSummary"]["refunds"]["amount"] == "4.00"
    shown = await unchanged(given, ask, SET_CUSTOMER, customer({"id": ann.id}, firstName="Anna", companyName="Acme"))
    assert (shown["customer"]["displayName"], shown["customer"]["version"]) == ("Anna", 2)
    shown = await unchanged(given, ask, SET_CUSTOMER, customer({"email": "new@example.com"}))
    assert (shown["created"], shown["customer"]["email"]) == (True, "new@example.com")


async def test_a_dry_run_is_rejected_as_the_real_one_would_be(ask, given, ann):
    await given.order(ann, 10, source="shop", external_id="1")
    taken: Any = {"externalId": {"source": "shop", "value": "1"}}
    shown = await unchanged(given, ask, RECORD_PURCHASE, one_purchase(**taken))
    assert [told(error) for error in shown["userErrors"]] == [("TAKEN", "input.purchase.externalId")]
    assert shown["order"] is shown["customer"] is None


async def test_a_dry_run_stands_in_nobodys_way_in_its_own_request(database_url, given, ann):
    """With one connection and the same external identifier, both would wait for the dry run if it were still held."""
    document = """mutation ($a: RecordPurchaseInput!, $b: RecordPurchaseInput!, $c: RecordPurchaseInput!) {
      a: recordPurchase(input: $a) { order { id number } } b: recordPurchase(input: $b) { order { id number } }
      c: recordPurchase(input: $c) { order { id number } } }"""
    sent = one_purchase(externalId={"source": "shop", "value": "1"})
    tried_first = {**sent, "dryRun": True}
    async with open_database(database_url, pool_size=1, lock_timeout=0.5) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        answer = await asyncio.wait_for(ask(document, a=tried_first, b=tried_first, c=sent), 20)
    assert [each["order"]["number"] for each in answer.values()] == ["1"] * 3
    assert len({each["order"]["id"] for each in answer.values()}) == 3
    assert await given.connection.fetchval("SELECT count(*) FROM orders") == 1


async def test_a_dry_run_that_meets_another_change_is_told_so(database_url, given, ann):
    order = await given.order(ann, 10)
    async with open_database(database_url, pool_size=1, lock_timeout=0.2) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        async with given.connection.transaction():
            await given.connection.execute("SELECT 1 FROM orders FOR UPDATE")
            await ask(RECORD_REFUND, fails=True, input={**refund(order.id, "1"), "dryRun": True})
            assert ask.codes == ["TIMEOUT"]
        await ask(RECORD_REFUND, input={**refund(order.id, "1"), "dryRun": True})


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError("x"), Overtaken()], ids=repr)
async def test_a_dry_run_is_tried_again_as_the_real_one_would_be(database, ann, error):
    tries = 0
    closing: list[AsyncExitStack] = []

    async def meeting(change):
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return [Outcome({})]

    await tried(database, request(new_key()), meeting, closing)
    for held in closing:
        await held.aclose()
    assert tries == 3
