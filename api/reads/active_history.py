"""When which reasons held: the stretches of time between changes of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DateTime, Select, Text, case, func, null, select, union
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, array

from api.reads.activity import activity
from api.reads.history import latest_first
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.judging import contains
from api.reads.relation import Expression, Row, Table
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)


def status_history(row: Row, given: Given) -> Table:
    """Return the stretches of time between changes of the reasons that hold, latest first, as rows beside a customer.

    given    `first`, how many at most; `before` a moment, only those that had begun by then
    returns  starts_at, ends_at (null for the one that nothing known ends), is_active, reasons (their codes), place
    """
    spans = {reason: activity(row).c[reason] for reason in REASONS}
    turns = union(*[turn for each in spans.values() for turn in _turns(each)]).subquery("turns")
    at = turns.c.at
    stretches = select(at.label("starts_at"), func.lead(at).over(order_by=at).label("ends_at")).where(at.is_not(None))
    each = stretches.subquery("stretches")
    codes = [case((contains(of, each.c.starts_at), constant(reason.upper()))) for reason, of in spans.items()]
    reasons = func.array_remove(array(codes), null(), type_=ARRAY(Text))
    found = latest_first(row, given, each, reasons.label("reasons"))
    active = func.cardinality(found.c.reasons) > number(0)
    stretch: Table = select(found, active.label("is_active")).correlate_except(found).lateral()
    return stretch


def _turns(spans: Expression) -> list[Select[Any]]:
    """Return the moments at which spans begin, and those at which they end; null stands for never."""
    each = func.unnest(spans, type_=TSTZRANGE()).column_valued("each")
    return [select(func.lower(each, type_=_MOMENT).label("at")), select(func.upper(each, type_=_MOMENT))]
