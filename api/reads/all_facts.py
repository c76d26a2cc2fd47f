"""What is known of all customers of whom anything can be expected: what everybody is ranked by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import DateTime, Select, bindparam, case, func, or_, select

from api.database import Connection, Statement, driver_errors_translated, prepare
from api.domain.lifetime_value.purchase_table import COLUMNS, Booleans, PurchaseTable
from api.reads.agreed_terms import agreed_terms
from api.reads.customers import customers
from api.reads.json import number
from api.reads.known_purchases import known_of
from api.reads.purchase_days import all_purchase_statistics, day_of, in_days_ago
from api.reads.ranking_check import settled
from api.reads.relation import Expression, Lens, Row
from api.tables.standing import customer_standing

_AT_ONCE = 5_000
_MOMENT = bindparam("moment", type_=DateTime(timezone=True))

Facts = tuple[list[UUID], PurchaseTable]
"""Keys of customers, and what is known of them, in the same order."""


async def facts_of_all(connection: Connection, moment: datetime) -> AsyncIterator[Facts]:
    """Yield some thousands at a time of those who had bought by a moment, or had something agreed for a time.

    It takes one statement, in a transaction of the caller's in which a statement may take its time.
    """
    async for keys, known in _read(connection, _EVERYBODY, moment):
        yield _some(keys, known, known.bought | known.have_terms)


async def facts_with_terms(connection: Connection, moment: datetime) -> AsyncIterator[Facts]:
    """Yield the same of those alone who had something agreed for a time, as known then, and settled by then."""
    async for keys, known in _read(connection, _WITH_TERMS, moment):
        yield _some(keys, known, known.have_terms)


def _some(keys: list[UUID], known: PurchaseTable, which: Booleans) -> Facts:
    places = np.flatnonzero(which)
    return [keys[place] for place in places], known.rows(places)


def _statement(lens: Lens, *, settled_with_terms: bool) -> Statement:
    row, bought = Row(customers, lens), all_purchase_statistics(lens).subquery("bought")
    standing = customer_standing.alias()
    # Whether there ever was anything with a term is kept: nobody looks for it where there was nothing.
    terms = case((standing.c.has_terms, agreed_terms(row)))
    counted = {name: func.coalesce(bought.c[name], number(0)) for name in ("days", "value_days", "value")}
    today = day_of(lens.moment)
    columns: list[Expression] = [
        row.key,
        *in_days_ago({**dict(bought.c.items()), **counted}, today),
        today.label("today"),
        terms.label("terms"),
    ]
    source = row.table.join(standing, standing.c.customer_id == row.key)
    source = source.outerjoin(bought, bought.c.customer_id == row.key)
    found: Select[Any] = select(*columns).select_from(source)
    if settled_with_terms:
        return prepare(found.where(standing.c.has_terms, *settled(row)))
    return prepare(found.where(or_(standing.c.has_terms, bought.c.days.is_not(None))))


_EVERYBODY = _statement(Lens(moment=_MOMENT, as_of=_MOMENT), settled_with_terms=False)
_WITH_TERMS = _statement(Lens(moment=_MOMENT, as_of=_MOMENT, known_at=_MOMENT), settled_with_terms=True)


async def _read(connection: Connection, statement: Statement, moment: datetime) -> AsyncIterator[Facts]:
    with driver_errors_translated():
        cursor = await connection.cursor(statement.sql, *statement.values({"moment": moment}))
        while rows := await cursor.fetch(_AT_ONCE):
            columns = {name: [row[name] for row in rows] for name in (*COLUMNS, "terms")}
            columns["moment"] = [moment.timestamp()]
            yield [row["customer_id"] for row in rows], known_of(columns, rows[0]["today"])
