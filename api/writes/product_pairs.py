"""Counting which products are bought by the same customers, for everybody at once; one process at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, delete, func, insert, literal_column, select

from api.database import Connection, prepare
from api.reads.json import parameter
from api.reads.product_pairs import counted_pairs, pairs_are_due
from api.reads.relation import Lens
from api.tables.product_pairs import product_pairs

__all__ = ["count_pairs"]

_TRY = prepare(select(func.pg_try_advisory_xact_lock(literal_column("7341905533", BigInteger))))
_FORGET = prepare(delete(product_pairs))
_COUNTED = counted_pairs(Lens(moment=parameter("now", "moment")))
_COUNT = prepare(insert(product_pairs).from_select(list(_COUNTED.selected_columns.keys()), _COUNTED))
_NUMBER = prepare(select(func.count()).select_from(product_pairs))


async def count_pairs(connection: Connection, now: datetime, *, only_if_due: bool = False) -> int | None:
    """Count anew which products go together, and return how many pairs do; None where that is not done.

    Readers see what was counted before until it is done. Another process may be counting right now.

    only_if_due  leave it at the last time where that is not a day ago
    """
    async with connection.transaction():
        if not await connection.fetchval(_TRY.sql, *_TRY.values({})):
            return None
        if only_if_due and not await pairs_are_due(connection, now):
            return None
        # It looks at all purchases of everybody, which takes longer than a change may.
        await connection.execute("SET LOCAL statement_timeout = 0")
        # With the usual 4 MB, twenty million pairs would go to disk and back: twice as long.
        await connection.execute("SET LOCAL work_mem = '256MB'")
        await connection.fetch(_FORGET.sql)
        await connection.fetch(_COUNT.sql, *_COUNT.values({"now": now}))
        return int(await connection.fetchval(_NUMBER.sql))
