"""All customers at once: how many are active, who came, went and came back, and how long those who came stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Date, DateTime, Integer, Interval, Text, and_, cast, func, literal_column, not_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from api.errors import BadUserInput
from api.reads.active_policies import policy_in_force, zone_of
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.judging import contains
from api.reads.relation import Condition, Expression, Row, Table
from api.reads.standing import stands_by

MOST_MONTHS = 36
_MONTH: Expression = literal_column("'month'", Text)
_ONE_MONTH: Expression = literal_column("interval 'P1M'", Interval)


def moment(row: Row) -> Expression:
    """Return the moment the numbers describe."""
    return row.lens.moment


def customers(row: Row) -> Expression:
    """Return how many there are."""
    return func.count()


def active(row: Row) -> Expression:
    """Return how many count as active."""
    return _number_of(row["stands_active"])


def active_because(row: Row, reason: str) -> Expression:
    """Return for how many a reason holds."""
    return _number_of(stands_by(row, reason))


def in_stage(row: Row, stage: str) -> Expression:
    """Return how many are in a stage."""
    return _number_of(row["lifecycle_stage"] == constant(stage))


def _number_of(condition: Condition) -> Expression:
    return func.count().filter(condition)


def movement(row: Row, given: Given) -> Table:
    """Return one row: how many were active at two moments, and how many came, came back and went in between.

    given    `from` and `to`
    returns  active_before, active_after, new, returned, lapsed; before + new + returned - lapsed is after
    """
    each, conditions = row.again()
    spans = each["stands_spans"]
    first, last = (given.parameter("moment", convert=_end(name)) for name in ("from", "to"))
    before, after = contains(spans, first), contains(spans, last)
    came = and_(after, not_(before))
    counts = {
        "active_before": before,
        "active_after": after,
        "new": and_(came, func.lower(spans) > first),
        "returned": and_(came, func.lower(spans) <= first),
        "lapsed": and_(before, not_(after)),
    }
    sums = [_number_of(condition).label(name) for name, condition in counts.items()]
    return _one_row(each, sums, conditions)


def _end(name: str) -> Callable[[Mapping[str, datetime]], datetime]:
    def end(given: Mapping[str, datetime]) -> datetime:
        if given["from"] >= given["to"]:
            raise BadUserInput("`to` must be after `from`.")
        return given[name]

    return end


def _one_row(each: Row, columns: list[Any], conditions: list[Condition]) -> Table:
    found: Table = select(*columns).select_from(each.source).where(*conditions).correlate_except(*each.tables).lateral()
    return found


def retention(row: Row, given: Given) -> Table:
    """Return a row for each month in which customers became active first: how many of them were at each month's end.

    given    `months`, how many months back
    returns  month, customers, active (at the end of that month, the next one and so on, as far as those are over),
             place; the running month is the last one, and a month in which nobody came has no row
    """
    each, conditions = row.again()
    spans, until = each["stands_spans"], row.lens.moment
    zone = zone_of(policy_in_force(row.lens))
    month = func.date_trunc(_MONTH, func.timezone(zone, func.lower(spans)), type_=DateTime())
    earliest = func.date_trunc(_MONTH, func.timezone(zone, until, type_=DateTime())) - _months(given)
    began = [*conditions, func.lower(spans).is_not(None), func.lower(spans) <= until, month >= earliest]
    columns = [month.label("month"), spans.label("spans")]
    begun = select(*columns).select_from(each.source).where(*began).correlate_except(*each.tables)
    # Kept as it is: PostgreSQL would work the spans out anew for every month.
    counts = _month_by_month(begun.offset(number(0)).subquery("cohort"), until, zone)
    still = func.array_agg(aggregate_order_by(counts.c.active, counts.c.nth.asc())).filter(counts.c.nth >= number(0))
    of_month = counts.c.month
    found: Table = (
        select(
            cast(of_month, Date).label("month"),
            func.max(counts.c.customers, type_=Integer).label("customers"),
            func.coalesce(still, literal_column("'{}'::int[]"), type_=ARRAY(Integer)).label("active"),
            of_month.label("place"),
        )
        .group_by(of_month)
        .correlate_except(counts)
        .lateral()
    )
    return found


def _months(given: Given) -> Expression:
    return given.parameter("integer", "months", convert=_checked_months) * _ONE_MONTH


def _checked_months(months: int) -> int:
    if not 1 <= months <= MOST_MONTHS:
        raise BadUserInput(f"`months` must be between 1 and {MOST_MONTHS}.")
    return months


def _month_by_month(cohort: Any, until: Expression, zone: Expression) -> Any:
    """Return how many of each month's customers were active at the end of the nth month from it; -1 for all of them."""
    numbers = func.generate_series(number(-1), number(MOST_MONTHS)).table_valued("nth").render_derived("numbers")
    nth = cast(numbers.c.nth, Integer)
    end = func.timezone(zone, cohort.c.month + (nth + number(1)) * _ONE_MONTH, type_=DateTime(timezone=True))
    return (
        select(
            cohort.c.month,
            nth.label("nth"),
            func.count().label("customers"),
            cast(_number_of(contains(cohort.c.spans, end)), Integer).label("active"),
        )
        .select_from(cohort.join(numbers, true()))
        .where(end <= until)
        .group_by(cohort.c.month, nth)
        .correlate_except(cohort, numbers)
        .subquery("counts")
    )
