"""The one statement that writes postings: transactions, entries, lots and their uses, and the accounts afterwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Numeric, Text, Uuid, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.tables.loyalty import (
    loyalty_accounts,
    loyalty_entries,
    loyalty_lot_uses,
    loyalty_lots,
    loyalty_transactions,
)
from api.writes.lookups import sent

_MOMENT = DateTime(timezone=True)
STATE = ("customer_id", "balance", "owed", "floor", "entries", "latest_at")
"""What of an account changes with its entries, after the key."""

WRITTEN: dict[str, dict[str, Any]] = {
    "transaction": {
        "transaction_id": Uuid,
        "kind": Text,
        "source": Text,
        "source_id": Uuid,
        "reverses": Uuid,
        "reason": Text,
        "occurred_at": _MOMENT,
    },
    "entry": {
        "customer_id": Uuid,
        "transaction_id": Uuid,
        "account": Text,
        "entry_id": Uuid,
        "kind": Text,
        "points": BigInteger,
        "owed": BigInteger,
        "counted": BigInteger,
        "counts_from": _MOMENT,
        "number": Integer,
        "balance_after": BigInteger,
        "owed_after": BigInteger,
        "occurred_at": _MOMENT,
    },
    "lot": {
        "customer_id": Uuid,
        "lot_id": Uuid,
        "transaction_id": Uuid,
        "points": BigInteger,
        "remaining": BigInteger,
        "exact": Numeric,
        "program_id": Uuid,
        "available_at": _MOMENT,
        "expires_at": _MOMENT,
        "occurred_at": _MOMENT,
    },
    "use": {
        "customer_id": Uuid,
        "lot_id": Uuid,
        "transaction_id": Uuid,
        "points": BigInteger,
        "occurred_at": _MOMENT,
    },
    "left": {"customer_id": Uuid, "lot_id": Uuid, "used": BigInteger},
    "state": {
        "customer_id": Uuid,
        "balance": BigInteger,
        "owed": BigInteger,
        "floor": BigInteger,
        "entries": Integer,
        "latest_at": _MOMENT,
        "closed_at": _MOMENT,
    },
}
"""The columns of each part."""


def _added(table: Any, name: str) -> Any:
    given = sent(name, WRITTEN[name])
    return insert(table).from_select(list(WRITTEN[name]), select(*[given.c[column] for column in WRITTEN[name]]))


def _lots_used() -> Any:
    given = sent("left", WRITTEN["left"])
    same = (loyalty_lots.c.customer_id == given.c.customer_id, loyalty_lots.c.lot_id == given.c.lot_id)
    return update(loyalty_lots).values(remaining=loyalty_lots.c.remaining - given.c.used).where(*same)


def _accounts_moved() -> Any:
    given = sent("state", WRITTEN["state"])
    values = {name: given.c[name] for name in (*STATE[1:], "closed_at")}
    values["closing_recorded_at"] = case((given.c.closed_at.is_not(None), func.clock_timestamp()))
    return update(loyalty_accounts).values(values).where(loyalty_accounts.c.customer_id == given.c.customer_id)


def _write() -> Any:
    parts = [
        _added(loyalty_transactions, "transaction").cte("transactions"),
        _added(loyalty_entries, "entry").cte("entries"),
        _added(loyalty_lots, "lot").cte("lots"),
        _added(loyalty_lot_uses, "use").cte("uses"),
        _lots_used().cte("used"),
    ]
    return _accounts_moved().add_cte(*parts)


WRITE = prepare(_write())
"""Takes the rows of each part of WRITTEN, as `rows_text` makes them, under its name."""
