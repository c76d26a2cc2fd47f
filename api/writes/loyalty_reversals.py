"""Points that are taken back because a purchase was paid back, in the transaction that records the refund."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Numeric, Uuid, all_, and_, any_, bindparam, func, literal_column, select, true

from api.database import Connection, prepare
from api.domain.loyalty.account import Account, expired, taken_back
from api.domain.loyalty.earning import points_left
from api.domain.loyalty.posting import Cause, Posting
from api.tables.loyalty import (
    loyalty_accounts,
    loyalty_entries,
    loyalty_lot_uses,
    loyalty_lots,
    loyalty_programs,
    loyalty_transactions,
)
from api.tables.orders import orders, refunds
from api.writes.loyalty_ledger import locked, post
from api.writes.loyalty_programs import in_force_at

_NONE: Any = literal_column("0", Numeric)
_WHICH = bindparam("which", type_=ARRAY(Uuid))


def earning_of(order_id: Any) -> Any:
    """Return the transaction by which an order earned points, as an expression; null where it earned none."""
    earning = loyalty_transactions.alias("earning")
    mine = [
        earning.c.kind == literal_column("'EARN'"),
        earning.c.source == literal_column("'ORDER'"),
        earning.c.source_id == order_id,
    ]
    return select(earning.c.transaction_id).where(*mine).scalar_subquery()


def account_of(customer_id: Any) -> Any:
    """Return the account for points of a customer, as an expression; null where none is open."""
    account = loyalty_accounts.c
    open_one = [account.customer_id == customer_id, account.closed_at.is_(None)]
    return select(account.account_id).where(*open_one).scalar_subquery()


def _sum(amount: Any, *conditions: Any) -> Any:
    return select(func.coalesce(func.sum(amount), _NONE)).where(*conditions).scalar_subquery()


def _reversed(lots: Any) -> Any:
    """Return how many points of a purchase have been taken back because of other refunds."""
    undoing, entry = loyalty_transactions.alias("undoing"), loyalty_entries.alias("undone")
    same = and_(entry.c.transaction_id == undoing.c.transaction_id, entry.c.customer_id == lots.c.customer_id)
    return _sum(-entry.c.counted, undoing.c.reverses == lots.c.transaction_id, same)


def _over(lots: Any) -> Any:
    """Return how many points of a lot have expired."""
    expiry, use = loyalty_transactions.alias("expiry"), loyalty_lot_uses.alias("expired")
    mine = [use.c.customer_id == lots.c.customer_id, use.c.lot_id == lots.c.lot_id]
    is_expiry = [expiry.c.transaction_id == use.c.transaction_id, expiry.c.kind == literal_column("'EXPIRE'")]
    return _sum(use.c.points, *mine, *is_expiry)


def _refunds() -> Any:
    other, lots = refunds.alias("other"), loyalty_lots
    of_order = [other.c.customer_id == refunds.c.customer_id, other.c.order_id == refunds.c.order_id]
    before = _sum(other.c.amount, *of_order, other.c.refund_id != all_(_WHICH))
    floor = in_force_at(refunds.c.refunded_at, loyalty_programs.c.floor).correlate(refunds).lateral("in_force")
    same_order = (orders.c.customer_id == refunds.c.customer_id) & (orders.c.order_id == refunds.c.order_id)
    entry = (loyalty_entries.c.customer_id == lots.c.customer_id) & (
        loyalty_entries.c.transaction_id == lots.c.transaction_id
    )
    return (
        select(
            *(refunds.c.customer_id, refunds.c.refund_id, refunds.c.order_id, refunds.c.amount, refunds.c.refunded_at),
            *((orders.c.gross - orders.c.discount).label("total"), before.label("before")),
            *(lots.c.transaction_id, lots.c.lot_id, lots.c.points, lots.c.exact, loyalty_entries.c.counts_from),
            *(_reversed(lots).label("reversed"), _over(lots).label("expired")),
            *(loyalty_programs.c.rounding, floor.c.floor),
        )
        .select_from(refunds)
        .join(orders, same_order)
        .join(
            lots,
            (lots.c.customer_id == orders.c.customer_id) & (lots.c.transaction_id == earning_of(orders.c.order_id)),
        )
        .join(loyalty_entries, entry & (loyalty_entries.c.account == literal_column("'CUSTOMER'")))
        .join(loyalty_programs, loyalty_programs.c.program_id == lots.c.program_id)
        .join(floor, true())
        .where(refunds.c.refund_id == any_(_WHICH))
        .order_by(refunds.c.refunded_at, orders.c.placed_at, refunds.c.refund_id)
    )


_REFUNDS = prepare(_refunds())


async def take_back(connection: Connection, buyers: Iterable[UUID], refund_ids: Sequence[UUID]) -> dict[str, UUID]:
    """Post what refunds take back of the points that their orders earned; return the last `entry`, if any was made.

    A purchase keeps what it would have earned on the part that is left. Points that expired unspent are taken back by
    nobody. An account that is closed stays as it is.
    """
    accounts = {key: found.account for key, found in (await locked(connection, buyers)).items() if not found.closed_at}
    rows = await connection.fetch(_REFUNDS.sql, *_REFUNDS.values({"which": sorted(refund_ids)})) if accounts else []
    undone = _Undone()
    postings: list[Posting] = []
    for row in rows:
        if row["customer_id"] in accounts:
            accounts[row["customer_id"]], made = undone.after(row, accounts[row["customer_id"]])
            postings += made
    moved = {posting.customer_id for posting in postings}
    entries = await post(connection, [accounts[key] for key in moved], postings)
    by_refund = [posting for posting in postings if posting.cause.source == "REFUND"]
    if not by_refund:
        return {}
    last = by_refund[-1]
    return {"entry": entries[last.cause.transaction_id, last.customer_id]}


class _Undone:
    """What the refunds so far have paid back of orders, and taken from lots or let expire of them."""

    def __init__(self) -> None:
        self._paid: dict[UUID, Decimal] = defaultdict(Decimal)
        self._gone: dict[UUID, int] = defaultdict(int)

    def after(self, row: Any, account: Account) -> tuple[Account, list[Posting]]:
        """Return an account after one more refund, and what is to be posted."""
        self._paid[row["order_id"]] += row["amount"]
        # A new version may allow less than what is below zero already.
        account = replace(account, floor=min(row["floor"], account.balance))
        account, over = expired(account, row["refunded_at"])
        self._note(over)
        account, taken = taken_back(account, _cause(row), self._due(row), row["lot_id"])
        self._gone[row["lot_id"]] += sum(-posting.counted for posting in taken)
        return account, [*over, *taken]

    def _due(self, row: Any) -> int:
        """Return how many points the purchase has brought beyond what it is worth now."""
        paid = row["before"] + self._paid[row["order_id"]]
        kept = points_left(row["exact"], row["rounding"], total=row["total"], refunded=paid)
        gone = int(row["reversed"] + row["expired"]) + self._gone[row["lot_id"]]
        return max(int(row["points"]) - gone - kept, 0)

    def _note(self, over: Sequence[Posting]) -> None:
        for posting in over:
            for use in posting.used:
                self._gone[use.lot_id] += use.points


def _cause(row: Any) -> Cause:
    undone, since = row["transaction_id"], row["counts_from"]
    return Cause(
        "REVERSE", "REFUND", row["refund_id"], row["refunded_at"], "Refund", reverses=undone, counts_from=since
    )
