"""Letting points expire whose time is over; reads count them as expired at once, whether or not it is posted yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, literal_column, select

from api.database import Connection, Database, prepare
from api.domain.loyalty.account import expired
from api.domain.loyalty.posting import Posting
from api.tables.loyalty import loyalty_lots
from api.writes.loyalty_ledger import locked, post

_AT_ONCE = 200
"""So many customers wait for nobody but themselves while their points expire."""
_OVERDUE = prepare(
    select(loyalty_lots.c.customer_id)
    .where(
        loyalty_lots.c.remaining > literal_column("0"),
        loyalty_lots.c.expires_at <= bindparam("moment", type_=loyalty_lots.c.expires_at.type),
    )
    .order_by(loyalty_lots.c.expires_at)
    .limit(_AT_ONCE)
)


async def expire_points(database: Database, now: datetime) -> int:
    """Post the expiry of all points whose time is over by now; return how many entries that made."""
    count = 0
    async with database.connection() as connection:
        while overdue := await connection.fetch(_OVERDUE.sql, *_OVERDUE.values({"moment": now})):
            async with connection.transaction():
                count += await _expire(connection, [row["customer_id"] for row in overdue], now)
    return count


async def _expire(connection: Connection, which: Sequence[UUID], now: datetime) -> int:
    accounts, postings = [], list[Posting]()
    for found in (await locked(connection, which)).values():
        account, made = expired(found.account, now)
        if made:
            accounts.append(account)
            postings += made
    await post(connection, accounts, postings)
    return len(postings)
