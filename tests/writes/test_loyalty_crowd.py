"""Many spend from one account at once: nothing is spent twice, and every account still adds up."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from random import Random

import asyncpg
import pytest

from api.database import Statement, prepare
from api.database import database as open_database
from api.domain.customer_name import CustomerName
from api.errors import UserErrorCode
from api.reads.loyalty_checks import LAWS
from api.writes import loyalty, loyalty_ledger, loyalty_undoing
from api.writes.once import once
from tests.asking import Ask, WatchedDatabase
from tests.referrals.shop import Shop
from tests.writes.changes import new_key, request
from tests.writes.points import account, balance, entries, program

pytestmark = pytest.mark.anyio

SHORT = UserErrorCode.INSUFFICIENT_POINTS
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@pytest.fixture
async def pool(database_url):
    """Fewer connections than callers; all wait until it is their turn."""
    async with open_database(database_url, pool_size=8, read_patience=60, write_patience=60, lock_timeout=60) as opened:
        yield opened


async def done(pool, work):
    """Make a change and return the code of what is wrong with it."""
    recorded = await once(pool, request(new_key()), work)
    return next((error.code for error in recorded.outcomes[0].errors), None)


def order(customer, points):
    return loyalty.PointsAsked(CustomerName(id=customer.id), points, "Mug")


def redeem(pool, customer, points):
    return done(pool, lambda change: loyalty.redeem(change, order(customer, points)))


async def holding(pool, given, points, count=1):
    """Return customers with points each."""
    await program(given)
    customers = [await given.customer() for _ in range(count)]
    for customer in customers:
        await account(given, customer)
        asked = order(customer, points)
        assert await done(pool, lambda change, asked=asked: loyalty.adjust(change, asked)) is None
    return customers


async def is_sound(given):
    return not any([await given.connection.fetchval(prepare(check).sql) for check in LAWS.values()])


async def test_of_400_who_spend_10_of_500_exactly_50_can(pool, given):
    (ann,) = await holding(pool, given, 500)
    found = Counter(await asyncio.gather(*(redeem(pool, ann, 10) for _ in range(400))))
    assert found == {None: 50, SHORT: 350}
    assert (await balance(given, ann), len(await entries(given, ann))) == ((0, 0), 51)
    assert await is_sound(given)


async def test_of_20_who_give_the_same_points_back_one_does(pool, given):
    (ann,) = await holding(pool, given, 500)
    assert await redeem(pool, ann, 10) is None
    entry = await given.connection.fetchval("SELECT entry_id FROM loyalty_entries WHERE number = 2")

    def undo():
        return done(pool, lambda change: loyalty_undoing.undo_redemption(change, entry, "Cancelled"))

    found = Counter(await asyncio.gather(*(undo() for _ in range(20))))
    assert found == {None: 1, UserErrorCode.INVALID_STATE: 19}
    assert (await balance(given, ann), await is_sound(given)) == ((500, 0), True)


async def test_without_the_lock_the_database_has_to_refuse_them(pool, given, monkeypatch):
    """Shows that the test above can see what goes wrong: they all believe in the same points."""
    (ann,) = await holding(pool, given, 500)
    unlocked = loyalty_ledger._LOCK.sql.replace(" FOR UPDATE OF loyalty_accounts", "")
    assert unlocked != loyalty_ledger._LOCK.sql
    monkeypatch.setattr(loyalty_ledger, "_LOCK", Statement(unlocked, loyalty_ledger._LOCK.names))
    monkeypatch.setattr(loyalty, "take_turns", no_turns)
    spending = (redeem(pool, ann, 10) for _ in range(100))
    found = await asyncio.gather(*spending, return_exceptions=True)
    refused = [each for each in found if isinstance(each, asyncpg.IntegrityConstraintViolationError)]
    assert refused
    assert await balance(given, ann) == (500 - 10 * found.count(None), 0)
    assert await is_sound(given)


async def test_points_that_go_back_and_forth_stay_as_many(pool, given):
    customers = await holding(pool, given, 50, count=4)
    random = Random(1)

    def transfer():
        giver, taker = random.sample(customers, 2)
        asked, to = order(giver, random.choice((1, 20, 60))), CustomerName(id=taker.id)
        return done(pool, lambda change: loyalty.transfer(change, asked, to))

    found = Counter(await asyncio.gather(*(transfer() for _ in range(120))))
    assert set(found) == {None, SHORT}
    assert sum([(await balance(given, customer))[0] for customer in customers]) == 200
    assert await is_sound(given)


async def test_purchases_of_friends_meet_no_transfers_the_other_way(pool, given):
    """Both lock two accounts; a deadlock would be tried again, and be told of by PostgreSQL's own count alone."""
    await given.business()
    ask = Ask(WatchedDatabase.of(pool))
    ask.now = datetime(2026, 6, 10, 12, tzinfo=UTC)
    shop = Shop(ask, given)
    friends = await holding(pool, given, 500, count=6)
    await shop.program(referrerReward={"points": 30}, referredReward={"points": 20})
    referrer = min(friends, key=lambda one: one.key)
    others = [friend for friend in friends if friend is not referrer]
    code = await shop.code(referrer)
    for friend in others:
        await shop.accept(code, friend)
    moves = [done(pool, lambda change, to=friend: moved(change, referrer, to)) for friend in others for _ in range(6)]
    found = await asyncio.gather(*(shop.buy(friend) for friend in others), *moves)
    assert [bought["referral"]["status"] for bought in found[: len(others)]] == ["QUALIFIED"] * len(others)
    assert set(found[len(others) :]) == {None}
    assert await given.connection.fetchval(DEADLOCKS) == 0
    assert await is_sound(given)


async def no_turns(change, which):
    """Let everybody go at once."""


def moved(change, giver, taker):
    return loyalty.transfer(change, order(giver, 1), CustomerName(id=taker.id))
