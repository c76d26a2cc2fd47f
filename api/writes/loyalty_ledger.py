"""The ledger of points: accounts are locked, what happens to them is worked out, and all postings are written at once.

A change locks all the accounts it needs in one go, in the order of their customers, and after it has taken the
customers' turns (`standing.TURNS`) where it takes them. So no two changes wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, literal_column, select

from api.database import Connection, prepare
from api.domain.identity import new_id
from api.domain.loyalty.account import Account
from api.domain.loyalty.posting import Lot, Posting
from api.tables.customers import customers
from api.tables.loyalty import loyalty_accounts, loyalty_lots
from api.writes.lookups import rows_text
from api.writes.loyalty_statement import STATE, WRITE, WRITTEN

_AMONG = bindparam("which", type_=ARRAY(Uuid))
LOT = ("points", "remaining", "available_at", "expires_at", "lot_id", "exact", "program_id")
"""What makes a lot."""
_LOCK = prepare(
    select(
        *[loyalty_accounts.c[name] for name in (*STATE, "account_id", "opened_at", "closed_at")],
        customers.c.kind,
    )
    .join(customers, customers.c.customer_id == loyalty_accounts.c.customer_id)
    .where(loyalty_accounts.c.customer_id == any_(_AMONG))
    .order_by(loyalty_accounts.c.customer_id)
    .with_for_update(of=loyalty_accounts)
)
_OPEN_LOTS = prepare(
    select(loyalty_lots.c.customer_id, *[loyalty_lots.c[name] for name in LOT]).where(
        loyalty_lots.c.customer_id == any_(_AMONG), loyalty_lots.c.remaining > literal_column("0")
    )
)

_AGAINST = {"EARN": "ISSUED", "REVERSE": "ISSUED", "REDEEM": "REDEEMED", "EXPIRE": "EXPIRED", "ADJUST": "ADJUSTED"}


@dataclass(frozen=True, slots=True)
class Locked:
    """An account that nobody else changes before the transaction ends, and what is known of whose it is."""

    account: Account
    account_id: UUID
    customer_kind: str
    opened_at: datetime
    closed_at: datetime | None


async def locked(connection: Connection, which: Iterable[UUID]) -> dict[UUID, Locked]:
    """Lock the accounts of customers and return them by customer, closed ones too; who has none is left out."""
    ordered = sorted(set(which))
    found = await connection.fetch(_LOCK.sql, *_LOCK.values({"which": ordered}))
    # In a statement of its own: one that waits for a lock sees other rows as they were before it waited.
    lots: dict[UUID, list[Lot]] = defaultdict(list)
    for row in await connection.fetch(_OPEN_LOTS.sql, *_OPEN_LOTS.values({"which": ordered})) if found else ():
        lots[row["customer_id"]].append(Lot(**{name: row[name] for name in LOT}))
    return {row["customer_id"]: _locked(row, lots[row["customer_id"]]) for row in found}


def _locked(row: Any, lots: Sequence[Lot]) -> Locked:
    state = {name: row[name] for name in STATE}
    account = Account(**state, lots=tuple(sorted(lots, key=lambda lot: lot.turn)))
    return Locked(account, row["account_id"], row["kind"], row["opened_at"], row["closed_at"])


async def post(
    connection: Connection,
    accounts: Sequence[Account],
    postings: Sequence[Posting],
    *,
    closed_at: datetime | None = None,
) -> dict[tuple[UUID, UUID], UUID]:
    """Write postings in one statement, and the accounts as they are afterwards.

    Returns the entries by the keys of their transactions and customers.

    accounts   those that were posted to
    closed_at  when they are closed with that, None where they stay open
    """
    entries = [(new_id(), posting) for posting in postings]
    if postings or closed_at is not None:
        rows: Mapping[str, list[tuple[Any, ...]]] = {
            "transaction": _transactions(postings),
            "entry": [row for entry_id, posting in entries for row in _entries(entry_id, posting)],
            **_lots(postings),
            "state": [(*(getattr(account, name) for name in STATE), closed_at) for account in accounts],
        }
        given = {name: rows_text(WRITTEN[name], rows[name]) for name in rows}
        await connection.fetch(WRITE.sql, *WRITE.values(given))
    return {(posting.cause.transaction_id, posting.customer_id): entry_id for entry_id, posting in entries}


def _transactions(postings: Sequence[Posting]) -> list[tuple[Any, ...]]:
    # A transfer is one transaction with two postings.
    causes = {posting.cause.transaction_id: (posting.cause, posting.occurred_at) for posting in postings}
    return [
        (key, cause.kind, cause.source, cause.source_id, cause.reverses, cause.reason, occurred_at)
        for key, (cause, occurred_at) in causes.items()
    ]


def _entries(entry_id: UUID, posting: Posting) -> list[tuple[Any, ...]]:
    """Return the entry on the customer's account, and the one against it on the account of the business."""
    cause, p = posting.cause, posting
    counts_from = cause.counts_from if p.counted else None
    whose, at = (p.customer_id, cause.transaction_id), p.occurred_at
    moved = (p.points, p.owed, p.counted, counts_from, p.number, p.balance_after, p.owed_after, at)
    found: list[tuple[Any, ...]] = [(*whose, "CUSTOMER", entry_id, cause.kind, *moved)]
    if account := against(posting):
        other = (-p.points, -p.owed, 0, None, None, None, None, at)
        found.append((*whose, account, new_id(), cause.kind, *other))
    return found


def against(posting: Posting) -> str | None:
    """Return the account of the business against which points are posted; None for those that go to a customer."""
    if posting.cause.kind == "REVERSE" and posting.points > 0:
        return _AGAINST["REDEEM"]
    return _AGAINST.get(posting.cause.kind)


def _lots(postings: Sequence[Posting]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the lots that are made, with what is left in the end, all uses, and what these take of older lots."""
    used: dict[tuple[UUID, UUID], int] = defaultdict(int)
    uses, made = list[tuple[Any, ...]](), dict[UUID, tuple[Lot, Posting]]()
    for posting in postings:
        made |= {lot.lot_id: (lot, posting) for lot in posting.made}
        for use in posting.used:
            uses.append(
                (posting.customer_id, use.lot_id, posting.cause.transaction_id, use.points, posting.occurred_at)
            )
            used[posting.customer_id, use.lot_id] += use.points
    lots = [_made(lot, posting, used[posting.customer_id, lot.lot_id]) for lot, posting in made.values()]
    older = [(*key, points) for key, points in sorted(used.items()) if key[1] not in made and points]
    return {"lot": lots, "use": uses, "left": older}


def _made(lot: Lot, posting: Posting, used: int) -> tuple[Any, ...]:
    what = (posting.customer_id, lot.lot_id, posting.cause.transaction_id, lot.points, lot.points - used)
    return (*what, lot.exact, lot.program_id, lot.available_at, lot.expires_at, posting.occurred_at)
