"""What customers who have bought have in common: the parts that get models of their own."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from sqlalchemy import DateTime, Integer, Text, bindparam, cast, func, select, true

from api.database import Connection, Statement, driver_errors_translated, prepare
from api.domain.lifetime_value.segments import SegmentBasis
from api.domain.lifetime_value.statistics import Integers
from api.reads.customers import customers
from api.reads.json import constant
from api.reads.lifetime_value_models import segments_of
from api.reads.purchase_days import all_purchase_days
from api.reads.relation import Lens, Row

_MOMENT = bindparam("moment", type_=DateTime(timezone=True))


def _statement(by: SegmentBasis) -> Statement:
    lens = Lens(moment=_MOMENT, as_of=_MOMENT)
    day = all_purchase_days(lens).subquery("purchases")
    key = day.c.customer_id
    number = cast(func.row_number().over(order_by=key), Integer).label("number")
    buyer = select(key, number).group_by(key).subquery("buyer")
    row = Row(customers, lens)
    value = func.unnest(segments_of(row, constant(by)), type_=Text).table_valued("value").render_derived("part")
    source = buyer.join(row.table, row.key == buyer.c.customer_id).join(value, true())
    return prepare(select(buyer.c.number, value.c.value).select_from(source).where(value.c.value.is_not(None)))


async def members_of_segments(connection: Connection, moment: datetime, by: SegmentBasis) -> dict[str, Integers]:
    """Return the numbers of customers who had bought by a moment, by what they have in common.

    Numbers are those of `all_purchases`, in the same snapshot. What customers have in common is taken as it is now:
    nobody keeps when a country or a label changed.
    """
    statement, found = _statement(by), dict[str, list[int]]()
    with driver_errors_translated():
        for row in await connection.fetch(statement.sql, *statement.values({"moment": moment})):
            found.setdefault(row["value"], []).append(row["number"])
    return {value: np.array(numbers, dtype=np.int64) for value, numbers in found.items()}
