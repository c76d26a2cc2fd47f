"""Points that are taken back because a purchase was paid back, in the transaction that records the refund."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, all_, any_, bindparam, literal_column, select, true

from api.database import Connection, prepare
from api.domain.loyalty.account import Account, Step
from api.domain.loyalty.earning import points_left
from api.domain.loyalty.posting import Cause, Posting
from api.domain.loyalty.reversal import Brought, Reversal
from api.reads.loyalty_lots import expired_of, reversed_of, total_of
from api.tables.loyalty import (
    loyalty_accounts,
    loyalty_entries,
    loyalty_lots,
    loyalty_programs,
    loyalty_transactions,
)
from api.tables.orders import orders, refunds
from api.writes.loyalty_ledger import locked, post
from api.writes.loyalty_programs import in_force_at

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


def _refunds() -> Any:
    other, lots = refunds.alias("other"), loyalty_lots
    of_order = [other.c.customer_id == refunds.c.customer_id, other.c.order_id == refunds.c.order_id]
    before = total_of(other.c.amount, *of_order, other.c.refund_id != all_(_WHICH))
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
            *(reversed_of(lots).label("reversed"), expired_of(lots).label("expired")),
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
    """What the refunds so far have paid back of orders, and taken of the points of these."""

    def __init__(self) -> None:
        self._paid: dict[UUID, Decimal] = defaultdict(Decimal)
        self._reversal = Reversal()

    def after(self, row: Any, account: Account) -> Step:
        """Return an account after one more refund, and what is to be posted."""
        self._paid[row["order_id"]] += row["amount"]
        paid = row["before"] + self._paid[row["order_id"]]
        kept = points_left(row["exact"], row["rounding"], total=row["total"], refunded=paid)
        brought = Brought(row["lot_id"], row["points"], int(row["reversed"] + row["expired"]), kept)
        return self._reversal.after(account, _cause(row), brought, floor=row["floor"])


def _cause(row: Any) -> Cause:
    undone, since = row["transaction_id"], row["counts_from"]
    return Cause(
        "REVERSE", "REFUND", row["refund_id"], row["refunded_at"], "Refund", reverses=undone, counts_from=since
    )
