"""Joining and buying at the same moment: whichever comes first, the other one sees it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.referrals.conftest import NOW
from tests.referrals.shop import Shop
from tests.writes.changes import new_key
from tests.writes.points import ENROLL, program

pytestmark = pytest.mark.anyio

PAIRS, CONNECTIONS = 24, 8
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
ACCOUNT_OF = "SELECT 1 FROM loyalty_accounts a WHERE a.customer_id = o.customer_id AND a.recorded_at < o.recorded_at"
EARNED = "SELECT 1 FROM loyalty_transactions t WHERE t.kind = 'EARN' AND t.source_id = o.order_id"
MISSED = f"SELECT count(*) FROM orders o WHERE EXISTS ({ACCOUNT_OF}) AND NOT EXISTS ({EARNED})"
UNPAID = """SELECT count(*) FROM referral_rewards r JOIN loyalty_accounts a ON a.customer_id = r.recipient_id
  WHERE NOT EXISTS (SELECT 1 FROM loyalty_transactions t WHERE t.source = r.side AND t.source_id = r.referral_id)"""


@pytest.fixture
async def shop(database_url, given):
    """A shop with both programs whose people come at once."""
    await given.business()
    await given.product()
    await program(given)
    async with open_database(database_url, pool_size=CONNECTIONS, write_patience=60, lock_timeout=60) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        made = Shop(ask, given)
        await made.program(referrerReward={"points": 30}, referredReward={"points": 20})
        yield made


async def enroll(shop, customer):
    sent = {"idempotencyKey": new_key(), "customer": {"id": customer.id}}
    return (await shop.ask(ENROLL, input=sent))["enrollLoyalty"]


async def at_once(*pairs):
    """Make changes at the same time, few pairs at once, each of them now in one order and now in the other.

    In the last two pairs, the second begins when the first has ended: so each order is met, whatever the machine.
    """
    gate = asyncio.Semaphore(CONNECTIONS // 2)

    async def both(pair, in_turn):
        first, second = pair
        async with gate:
            begun = asyncio.ensure_future(first)
            if in_turn:
                await asyncio.wait({begun})
            return await asyncio.gather(begun, second)

    ordered = [pair[:: 1 - 2 * (place % 2)] for place, pair in enumerate(pairs)]
    found = await asyncio.gather(*(both(pair, place >= len(pairs) - 2) for place, pair in enumerate(ordered)))
    return [each for pair in found for each in pair]


async def test_who_joins_before_they_buy_qualifies_however_close_the_two_are(shop, given):
    code = await shop.code(await shop.customer())
    friends = [await shop.customer() for _ in range(PAIRS)]
    found = await at_once(*((shop.accept(code, friend), shop.buy(friend)) for friend in friends))
    refused = Counter(error["code"] for each in found for error in each["userErrors"])
    assert set(refused) <= {"ALREADY_CUSTOMER"}
    rows = await given.connection.fetch("SELECT status FROM referrals WHERE superseded_at IS NULL")
    assert Counter(row["status"] for row in rows) == {"QUALIFIED": PAIRS - refused.total()}
    assert 0 < refused.total() < PAIRS, "both come first now and then"
    assert await given.connection.fetchval(DEADLOCKS) == 0


async def test_invitations_at_the_same_time_are_counted_together(shop):
    await shop.program(begin="2025-05-01T00:00:00Z", mostInvited=3)
    ann = await shop.customer()
    found = await asyncio.gather(*(shop.invite(ann) for _ in range(8)))
    assert Counter(error["code"] for each in found for error in each["userErrors"]) == {"LIMIT_EXCEEDED": 5}


async def test_who_enrolls_before_they_buy_earns_however_close_the_two_are(shop, given):
    buyers = [await shop.customer() for _ in range(PAIRS)]
    found = await at_once(*((enroll(shop, buyer), shop.buy(buyer)) for buyer in buyers))
    assert not any(each["userErrors"] for each in found)
    assert await given.connection.fetchval(MISSED) == 0
    earned = await given.connection.fetchval("SELECT count(*) FROM loyalty_transactions")
    assert 0 < earned < PAIRS, "both come first now and then"
    assert await given.connection.fetchval(DEADLOCKS) == 0


async def held(shop, number):
    """Return a referrer and a referral that waits for review after the friend has bought."""
    referrer = await shop.customer(email=f"m{number}@gmail.com")
    friend = await shop.customer(email=f"m{number}+new@gmail.com")
    await shop.accept(await shop.code(referrer), friend)
    return referrer, (await shop.buy(friend))["referral"]["id"]


async def test_who_enrolls_while_a_referral_is_accepted_gets_the_points_of_the_reward(shop, given):
    pairs = [await held(shop, number) for number in range(PAIRS // 2)]
    found = await at_once(*((enroll(shop, referrer), shop.review(held, True)) for referrer, held in pairs))
    assert not any(each["userErrors"] for each in found)
    assert await given.connection.fetchval("SELECT count(*) FROM referral_rewards") == PAIRS
    assert await given.connection.fetchval(UNPAID) == 0
    assert await given.connection.fetchval(DEADLOCKS) == 0


async def test_who_enrolls_while_a_friend_buys_gets_the_points_of_the_reward(shop, given):
    pairs = [(await shop.joined())[:2] for _ in range(PAIRS)]
    found = await at_once(*((enroll(shop, referrer), shop.buy(friend)) for referrer, friend in pairs))
    assert not any(each["userErrors"] for each in found)
    assert await given.connection.fetchval("SELECT count(*) FROM referral_rewards") == 2 * PAIRS
    assert await given.connection.fetchval(UNPAID) == 0
    assert await given.connection.fetchval(DEADLOCKS) == 0
