"""What `regulars check` finds wrong with points of purchases, and that it finds nothing wrong with right ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.database import prepare
from api.domain.calendar import Duration
from api.domain.loyalty.posting import MOST_POINTS
from api.reads.checks import findings
from api.reads.loyalty_earning_checks import LAWS
from api.writes.loyalty_expiry import expire_points
from tests.given import NEW_YEAR
from tests.points import Points
from tests.writes.changes import RECORD_PURCHASE, RECORD_REFUND, line, one_purchase, refund
from tests.writes.points import account, entries, program

pytestmark = pytest.mark.anyio

EARNED, KEPT, TAKEN = LAWS
OF_ORDERS = "kind = 'EARN' AND number IS NOT NULL AND transaction_id IN"
ORDERS = "(SELECT transaction_id FROM loyalty_transactions WHERE source = 'ORDER')"
REFUNDS = "(SELECT transaction_id FROM loyalty_transactions WHERE source = 'REFUND')"
ANY_LOT = "(SELECT lot_id FROM loyalty_lots WHERE points = 4)"
UNDOING = "UPDATE loyalty_transactions SET reverses = NULL WHERE source = 'REFUND'"
BREAKS = {
    # What is done to the rows: which laws that breaks.
    f"UPDATE loyalty_entries SET points = points + 1, counted = counted + 1 WHERE {OF_ORDERS} {ORDERS}": [EARNED],
    f"UPDATE loyalty_entries SET counted = counted + 1 WHERE {OF_ORDERS} {ORDERS}": [EARNED],
    f"UPDATE loyalty_entries SET counts_from = occurred_at - interval '1 s' WHERE {OF_ORDERS} {ORDERS}": [EARNED],
    f"UPDATE loyalty_lots SET points = points + 1 WHERE lot_id = {ANY_LOT}": [EARNED, KEPT],
    f"UPDATE loyalty_lots SET exact = exact * 2 WHERE lot_id = {ANY_LOT}": [EARNED, KEPT],
    f"UPDATE loyalty_lots SET exact = NULL, program_id = NULL WHERE lot_id = {ANY_LOT}": [EARNED],
    f"DELETE FROM loyalty_lots WHERE lot_id = {ANY_LOT}": [EARNED],
    "UPDATE loyalty_programs SET rounding = 'UP' WHERE rounding = 'DOWN'": [EARNED],
    "UPDATE loyalty_programs SET rounding = 'UP' WHERE rounding = 'NEAREST'": [EARNED],
    "UPDATE loyalty_programs SET rounding = 'NEAREST' WHERE rounding = 'UP'": [EARNED, KEPT],
    "UPDATE loyalty_transactions SET source_id = gen_random_uuid() WHERE source = 'ORDER'": [EARNED, TAKEN],
    "UPDATE loyalty_entries SET customer_id = (SELECT customer_id FROM customers WHERE email IS NULL) WHERE account ="
    " 'CUSTOMER' AND kind = 'EARN' AND transaction_id = (SELECT transaction_id FROM loyalty_lots WHERE points = 4)": [
        EARNED
    ],
    f"UPDATE loyalty_entries SET counted = counted - 1 WHERE transaction_id IN {REFUNDS} AND counted < 0": [
        *(KEPT, TAKEN)
    ],
    f"UPDATE loyalty_entries SET counted = counted + 1 WHERE transaction_id IN {REFUNDS} AND counted < -1": [
        *(KEPT, TAKEN)
    ],
    f"UPDATE loyalty_entries SET counts_from = now() WHERE transaction_id IN {REFUNDS} AND counted < 0": [TAKEN],
    "UPDATE loyalty_transactions SET source_id = gen_random_uuid() WHERE source = 'REFUND'": [TAKEN],
    UNDOING: [KEPT, TAKEN],
    # Nothing is taken from an account that is closed, or owes as much as can be.
    f"UPDATE loyalty_accounts SET balance = 0, closed_at = now(), closing_recorded_at = now(); {UNDOING}": [TAKEN],
    f"UPDATE loyalty_entries SET owed_after = {MOST_POINTS} WHERE number IS NOT NULL; {UNDOING}": [TAKEN],
    "UPDATE refunds SET amount = amount / 2": [KEPT],
    "DELETE FROM refunds": [KEPT, TAKEN],
    "UPDATE orders SET discount = 15 WHERE discount > 0": [KEPT],
}


async def broken(connection):
    return [law for law, check in LAWS.items() if await connection.fetchval(prepare(check).sql)]


async def buy(ask, price, at, **more):
    answer = await ask(RECORD_PURCHASE, input=one_purchase(line(price), placedAt=at, **more))
    return answer["recordPurchase"]["order"]["id"]


async def pay_back(ask, order, amount, at):
    answer = await ask(RECORD_REFUND, input=refund(order, amount, refundedAt=at))
    assert answer["recordRefund"]["userErrors"] == []


async def lived(ask, given, database):
    """Let Ann buy under programs that round otherwise, get money back, and lose points to time and a full account."""
    rate = ("0.15", None, None, None)
    await program(given, rate, expires_after=Duration(days=40))
    for month, rounding in ((3, "NEAREST"), (4, "UP")):
        begin = datetime(2025, month, 1, tzinfo=UTC)
        await program(given, rate, version=month, effective_from=begin, rounding=rounding)
    ann, full = await given.customer(email="ann@example.com"), await given.customer(email="full@example.com")
    await given.customer()
    await account(given, ann)
    points = Points(given)
    points.earn(points.account(full), MOST_POINTS - 3, NEW_YEAR, source="REQUEST", expires_at=None)
    await points.write()
    await buy(ask, "10.00", "2025-01-10T09:00:00Z")  # 1.5
    first = await buy(ask, "166.67", "2025-02-10T09:00:00Z")  # 25.0005
    await pay_back(ask, first, "66.67", "2025-02-11T09:00:00Z")  # 15 are left, which expire
    await buy(ask, "8.00", "2025-03-10T09:00:00Z")  # 1.2
    order = await buy(ask, "30.00", "2025-04-10T09:00:00Z", discount={"amount": "9.00", "currencyCode": "EUR"})  # 3.15
    await buy(ask, "60.00", "2025-04-10T09:00:00Z", email="full@example.com")  # 9, of which 3 have room
    for amount in ("0.01", "14.00"):
        await pay_back(ask, order, amount, "2025-04-11T09:00:00Z")
    await expire_points(database, datetime(2025, 6, 1, tzinfo=UTC))
    await pay_back(ask, first, "50.00", "2025-02-12T09:00:00Z")
    earned = [("EARN", 1, 1), ("EARN", 25, 26), ("REVERSE", -10, 16), ("EXPIRE", -1, 15), ("EARN", 1, 16)]
    assert await entries(given, ann) == [*earned, ("EXPIRE", -15, 1), ("EARN", 4, 5), ("REVERSE", -2, 3)]


async def test_every_kind_of_break_is_found(ask, given, database):
    await lived(ask, given, database)
    connection = given.connection
    async with database.connection() as other:
        assert [each for each in await findings(other) if each.broken] == []
    await connection.execute("SET session_replication_role = replica")
    found = {}
    for change in BREAKS:
        undone = connection.transaction()
        await undone.start()
        await connection.execute(change)
        found[change] = await broken(connection)
        await undone.rollback()
    assert found == BREAKS
