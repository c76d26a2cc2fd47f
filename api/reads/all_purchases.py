"""What all customers bought up to a moment, as arrays: what models are fitted to, and what everybody is scored by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import DateTime, Double, Integer, bindparam, cast, func, literal_column, select

from api.database import Connection, Statement, driver_errors_translated, prepare
from api.domain.lifetime_value.facts import PurchaseFacts, purchase_statistics, spend_statistics
from api.domain.lifetime_value.forecasts import Customers
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.reads.purchase_days import all_purchase_days, all_purchase_statistics
from api.reads.relation import Lens

_ROWS, _CUSTOMERS = 50_000, 5_000
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


async def statistics_of_all(connection: Connection, moment: datetime) -> AsyncIterator[tuple[list[UUID], Customers]]:
    """Yield the keys of customers who had bought by a moment, some thousands at a time, with what models need of them.

    It takes one statement, in a transaction of the caller's in which a statement may take its time.
    """
    lens = Lens(moment=_MOMENT, as_of=_MOMENT)
    statement = prepare(all_purchase_statistics(lens))
    with driver_errors_translated():
        cursor = await connection.cursor(statement.sql, *statement.values({"moment": moment}))
        while rows := await cursor.fetch(_CUSTOMERS):
            facts = [_facts(row) for row in rows]
            customers = Customers(purchase_statistics(facts), spend_statistics(facts))
            yield [row["customer_id"] for row in rows], customers


def _facts(row: Any) -> PurchaseFacts:
    return PurchaseFacts(row["days"], row["first_day"], row["last_day"], row["value_days"], row["value"], row["today"])


async def _batches(connection: Connection, moment: datetime) -> AsyncIterator[list[tuple[int, int, float]]]:
    statement = _statement()
    with driver_errors_translated():
        await connection.execute("SET LOCAL statement_timeout = 0")
        cursor = await connection.cursor(statement.sql, *statement.values({"moment": moment}))
        while rows := await cursor.fetch(_ROWS):
            yield [(row["customer"], row["day"], row["value"]) for row in rows]
