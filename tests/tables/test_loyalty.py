"""The database itself keeps the ledger whole: it refuses what does not add up, whoever writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from api.domain.loyalty.account import Account, earned, given_back, spent
from api.domain.loyalty.posting import Cause, Lot, Use
from api.writes.loyalty_ledger import locked, post
from tests.given import NEW_YEAR
from tests.writes.points import account

pytestmark = pytest.mark.anyio

ORDER = UUID(int=1)
LATER = NEW_YEAR + timedelta(days=1)
TRANSACTION, ENTRY = "loyalty_entries_check_loyalty_transaction", "loyalty_entries_check_loyalty_entry"
LOT, ACCOUNT = "loyalty_lots_check_loyalty_lot", "loyalty_accounts_check_loyalty_account"


def earning(held: Account, points: int = 10, source_id: UUID = ORDER):
    return earned(held, Cause("EARN", "ORDER", source_id, NEW_YEAR, "Purchase"), Lot(points, points, NEW_YEAR, None))


def spending(held: Account, points: int = 4):
    return spent(held, Cause("REDEEM", "REQUEST", UUID(int=2), LATER, "Mug"), points)


async def refused(connection, error, words, broken, constraint="ALL"):
    """Let something be written, and see it refused at the latest when a constraint is checked at the end."""
    undone = connection.transaction()
    await undone.start()
    with pytest.raises(error, match=words):
        await _checked(connection, broken, constraint)
    await undone.rollback()


async def _checked(connection, broken, constraint):
    await broken
    await connection.execute(f"SET CONSTRAINTS {constraint} IMMEDIATE")


async def test_what_does_not_add_up_is_not_kept(connection, given):
    customer = await given.customer()
    await account(given, customer)
    before = (await locked(connection, [customer.key]))[customer.key].account
    held, postings = earning(before)
    async with connection.transaction():
        await post(connection, [held], postings)
    after, (right,) = spending(held)
    check = asyncpg.CheckViolationError

    def written(state=after, cause=right.cause, **parts):
        return post(connection, [state], [replace(right, cause=cause, **parts)])

    short, more = (Use(right.used[0].lot_id, 3),), (Use(right.used[0].lot_id, 11),)
    alone = replace(right.cause, kind="TRANSFER")
    await refused(connection, check, "add up to nothing", written(cause=alone), TRANSACTION)
    await refused(connection, check, "continue the one before", written(number=3), ENTRY)
    await refused(connection, check, "continue the one before", written(balance_after=7), ENTRY)
    await refused(connection, check, "continue the one before", written(owed_after=1), ENTRY)
    await refused(
        connection, check, "continue the one before", written(occurred_at=NEW_YEAR - timedelta(days=1)), ENTRY
    )
    await refused(connection, check, "name its lots", written(used=short), ENTRY)
    await refused(connection, check, "name its lots", written(used=()), ENTRY)
    await refused(connection, check, "remaining_bounded", written(used=more))
    await refused(connection, check, "agree with its entries", written(state=held), ACCOUNT)
    await refused(connection, check, "agree with its entries", written(state=replace(after, balance=7)), ACCOUNT)
    await refused(connection, check, "balance_bounded", written(state=replace(after, balance=-1)))
    other = await given.customer()
    await account(given, other)
    below = f"UPDATE loyalty_accounts SET balance = -1, floor = -1 WHERE customer_id = '{other.key}'"
    await refused(connection, check, "agree with its entries", connection.execute(below), ACCOUNT)
    twice, again = earning(held, 5)
    await refused(connection, asyncpg.UniqueViolationError, "kind_source_source_id", post(connection, [twice], again))
    lots = "UPDATE loyalty_lots SET remaining = remaining - 1"
    await refused(connection, check, "must be its points less those used", connection.execute(lots), LOT)
    integrity = asyncpg.IntegrityConstraintViolationError
    for change in (
        "UPDATE loyalty_lots SET points = points + 1",
        "UPDATE loyalty_lots SET expires_at = now()",
        "DELETE FROM loyalty_lots",
        "UPDATE loyalty_accounts SET opened_at = now()",
        "DELETE FROM loyalty_accounts",
    ):
        await refused(connection, integrity, "may change", connection.execute(change))
    for table in ("entries", "transactions", "lot_uses", "programs", "rules", "tiers"):
        for change in (f"DELETE FROM loyalty_{table}", f"TRUNCATE loyalty_{table} CASCADE"):
            await refused(connection, integrity, "never changed or deleted", connection.execute(change))
    changed = "UPDATE loyalty_entries SET points = points + 1"
    await refused(connection, integrity, "never changed or deleted", connection.execute(changed))
    async with connection.transaction():
        await written()
    assert await connection.fetchval("SELECT sum(balance) FROM loyalty_accounts") == 6


async def test_only_what_a_spending_took_comes_back_and_only_once(connection, given):
    customer = await given.customer()
    await account(given, customer)
    held = (await locked(connection, [customer.key]))[customer.key].account
    held, first = earning(held)
    held, (second,) = earning(held, 10, UUID(int=3))
    held, (spending_,) = spending(held, 14)
    # The second lot has room for more than is to come back to it.
    held, (other,) = spent(held, Cause("ADJUST", "REQUEST", UUID(int=4), LATER, "Mistake"), 6)
    async with connection.transaction():
        await post(connection, [held], [*first, second, spending_, other])
    lots = {lot.lot_id: lot for posting in (*first, second) for lot in posting.made}
    taken = [(lots[use.lot_id], use.points) for use in spending_.used]
    undone = spending_.cause.transaction_id
    cause = Cause("REVERSE", "TRANSACTION", undone, LATER, "Undone", reverses=undone)
    after, (right,) = given_back(held, cause, taken)
    check, once = asyncpg.CheckViolationError, "only as one spending took them"
    earning_ = first[0].cause.transaction_id
    fewer = given_back(held, cause, [(taken[0][0], 9), taken[1]])
    moved = given_back(held, cause, [(lot, 7) for lot, _ in taken])
    for wrong in (
        replace(cause, reverses=None),
        replace(cause, reverses=earning_, source_id=earning_),
        replace(cause, source_id=UUID(int=8)),
        replace(cause, source="REFUND"),
    ):
        written = post(connection, [after], [replace(right, cause=wrong)])
        await refused(connection, check, once, written, "loyalty_entries_check_loyalty_undone")
    written = post(connection, [fewer[0]], fewer[1])
    await refused(connection, check, once, written, "loyalty_entries_check_loyalty_undone")
    back = "loyalty_lot_uses_check_loyalty_given_back"
    await refused(connection, check, "was taken from it", post(connection, [moved[0]], moved[1]), back)
    elsewhere = [replace(right, cause=replace(cause, reverses=earning_))]
    await refused(connection, check, "was taken from it", post(connection, [after], elsewhere), back)
    async with connection.transaction():
        await post(connection, [after], [right])
    again = replace(cause, transaction_id=UUID(int=6))
    account_, postings = given_back(replace(held, entries=after.entries), again, taken)
    twice = post(connection, [account_], postings)
    await refused(connection, asyncpg.IntegrityConstraintViolationError, "source_source_id|remaining", twice)


async def test_a_closed_account_stays_as_it_is(connection, given):
    customer = await given.customer()
    await account(given, customer)
    held = (await locked(connection, [customer.key]))[customer.key].account
    await post(connection, [held], [], closed_at=LATER)
    integrity = asyncpg.IntegrityConstraintViolationError
    after, postings = earning(held)
    await refused(connection, integrity, "nothing once it is closed", post(connection, [after], postings))
    reopened = "UPDATE loyalty_accounts SET closed_at = NULL, closing_recorded_at = NULL"
    await refused(connection, integrity, "nothing once it is closed", connection.execute(reopened))
    assert await connection.fetchval("SELECT count(*) FROM loyalty_entries") == 0
