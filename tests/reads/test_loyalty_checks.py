"""What `regulars check` finds wrong with points that were changed past all the rules of the database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from api.database import prepare
from api.domain.loyalty.account import earned, given_back, spent
from api.domain.loyalty.posting import Cause, Lot
from api.reads.checks import findings
from api.reads.loyalty_checks import LAWS
from api.writes.loyalty_ledger import locked, post
from tests.given import NEW_YEAR
from tests.writes.points import account

pytestmark = pytest.mark.anyio

SUMS, COURSE, MOVED, LOTS, ACCOUNTS, TWICE, UNDONE = LAWS
BREAKS = {
    "UPDATE loyalty_entries SET points = points + 1 WHERE number IS NULL AND kind = 'EARN'": [SUMS],
    "UPDATE loyalty_entries SET owed = 1 WHERE number IS NULL AND kind = 'EARN'": [SUMS],
    "DELETE FROM loyalty_entries WHERE number IS NULL AND kind = 'REDEEM'": [SUMS],
    "UPDATE loyalty_entries SET number = 5 WHERE number = 2": [COURSE],
    "UPDATE loyalty_entries SET balance_after = 9 WHERE number = 1": [COURSE, MOVED],
    "UPDATE loyalty_lot_uses SET points = points - 1": [MOVED, LOTS],
    "UPDATE loyalty_lots SET remaining = remaining + 1": [LOTS, ACCOUNTS],
    "UPDATE loyalty_accounts SET balance = balance + 1": [ACCOUNTS],
    "UPDATE loyalty_accounts SET owed = 1": [ACCOUNTS],
    "UPDATE loyalty_accounts SET entries = 3": [ACCOUNTS],
    "ALTER TABLE loyalty_accounts DROP CONSTRAINT ck_loyalty_accounts_closed_without_points;"
    " UPDATE loyalty_accounts SET closed_at = now(), closing_recorded_at = now()": [ACCOUNTS],
    "ALTER TABLE loyalty_transactions DROP CONSTRAINT uq_loyalty_transactions_kind_source_source_id;"
    " UPDATE loyalty_transactions SET source = 'LOT', source_id = gen_random_uuid(), kind = 'EXPIRE';"
    " UPDATE loyalty_transactions SET source_id = (SELECT min(source_id::text)::uuid FROM loyalty_transactions)": [
        TWICE
    ],
}


async def test_every_kind_of_break_is_found(database, given):
    customer = await given.customer()
    await account(given, customer)
    connection = given.connection
    held = (await locked(connection, [customer.key]))[customer.key].account
    lot = Lot(10, 10, NEW_YEAR, None)
    held, first = earned(held, Cause("EARN", "REQUEST", UUID(int=1), NEW_YEAR, "Purchase"), lot)
    later = NEW_YEAR + timedelta(days=1)
    held, second = spent(held, Cause("REDEEM", "REQUEST", UUID(int=2), later, "Mug"), 4)
    await post(connection, [held], [*first, *second])

    async def broken():
        return [law for law, check in LAWS.items() if await connection.fetchval(prepare(check).sql)]

    assert await broken() == []
    await connection.execute("SET session_replication_role = replica")
    undone = connection.transaction()
    await undone.start()
    spending = second[-1].cause.transaction_id
    undoing = Cause("REVERSE", "TRANSACTION", spending, later, "Undone", reverses=spending)
    back, third = given_back(held, undoing, [(lot, 4)])
    await post(connection, [back], third)
    assert await broken() == []
    earning = "(SELECT transaction_id FROM loyalty_transactions WHERE kind = 'EARN')"
    await connection.execute(f"UPDATE loyalty_transactions SET reverses = {earning} WHERE kind = 'REVERSE'")
    assert await broken() == [UNDONE]
    await undone.rollback()
    for change, laws in BREAKS.items():
        undone = connection.transaction()
        await undone.start()
        await connection.execute(change)
        assert await broken() == laws, change
        await undone.rollback()
    await connection.execute("UPDATE loyalty_accounts SET balance = balance + 1")
    async with database.connection() as other:
        assert {each.law: each.broken for each in await findings(other) if each.broken} == {ACCOUNTS: 1}
