"""What the predicted values of a page of customers cost in Python, beside what they may."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from operator import attrgetter
from typing import Any

import asyncpg
from sqlalchemy import func, literal_column, select, true

from api.database import prepare
from api.domain.calendar import Duration
from api.graph.predictions import predicted
from api.graph.sources import Columns
from api.plan.narrow import Value
from api.plan.values import Parameters
from api.reads.customers import customers
from api.reads.predictions import prediction_facts
from api.reads.relation import Lens, Row
from benchmarks.model_speed import shortest

PAGE = 100
MOST_MILLISECONDS = 1.0
_PATIENCE = 5.0
_SHOWN = attrgetter("expected", "expected_purchases", "probability_active")
_ASKED = {"horizon": Duration(12), "annualDiscountRate": Decimal("0.10")}


def milliseconds(dsn: str) -> float:
    """Return the processor time, in ms, from what the database says of 100 customers to what they will bring."""
    columns = asyncio.run(_facts(dsn))

    def page() -> list[Any]:
        return [_SHOWN(value) for value in predicted(columns)]

    return 1_000 * shortest(page, _PATIENCE)


async def _facts(dsn: str) -> Columns:
    """Return what the database says of customers who have bought, all over the list."""
    row, parameters = Row(customers, Lens(moment=func.now(), as_kept=True)), Parameters()
    need = prediction_facts(row, Value(_ASKED, parameters))
    spread = func.hashtextextended(func.encode(func.uuid_send(row.key), literal_column("'hex'")), literal_column("1"))
    statement = prepare(
        select(*need.c)
        .select_from(row.source.join(need, true()))
        .where(need.c.days > literal_column("0"))
        .order_by(spread)
        .limit(literal_column(str(PAGE)))
    )
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(statement.sql, *statement.values(parameters.values({})))
        return {name: [record[name] for record in found] for name in need.c.keys()}  # noqa: SIM118  (no mapping)
    finally:
        await connection.close()
