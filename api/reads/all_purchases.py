"""What all customers bought up to a moment, as arrays: what models are fitted to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import numpy as np
from sqlalchemy import DateTime, Double, Integer, bindparam, cast, func, literal_column, select

from api.database import Connection, Statement, driver_errors_translated, prepare
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.reads.purchase_days import all_purchase_days
from api.reads.relation import Lens

_ROWS = 50_000
_MOMENT = bindparam("moment", type_=DateTime(timezone=True))


def _statement() -> Statement:
    """Return what numbers customers and days: a number takes a tenth of the time of an identifier."""
    day = all_purchase_days(Lens(moment=_MOMENT, as_of=_MOMENT)).subquery("purchases")
    key = day.c.customer_id
    columns = [
        cast(func.dense_rank().over(order_by=key), Integer).label("customer"),
        (day.c.day - literal_column("date '0001-01-01'") + literal_column("1")).label("day"),
        cast(day.c.value, Double).label("value"),
    ]
    return prepare(select(*columns).order_by(key, day.c.day))


async def all_purchases(connection: Connection, moment: datetime) -> PurchaseDays:
    """Return the purchase days of all customers up to a moment, as they are known now.

    A customer is numbered by the order of identifiers, a day as Python's `date.toordinal` has it. It takes one
    statement, read some thousands of rows at a time, in a transaction of the caller's that nobody else waits for.
    """
    found = [np.array(batch, dtype=float).reshape(-1, 3) async for batch in _batches(connection, moment)]
    customers, days, values = np.concatenate([np.empty((0, 3)), *found]).T
    return PurchaseDays.of(customers, days, values)


async def _batches(connection: Connection, moment: datetime) -> AsyncIterator[list[tuple[int, int, float]]]:
    statement = _statement()
    with driver_errors_translated():
        await connection.execute("SET LOCAL statement_timeout = 0")
        cursor = await connection.cursor(statement.sql, *statement.values({"moment": moment}))
        while rows := await cursor.fetch(_ROWS):
            yield [(row["customer"], row["day"], row["value"]) for row in rows]
