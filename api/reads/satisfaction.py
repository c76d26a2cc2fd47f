"""How content customers are: of one what they said last and on average, of many how many said what, month by month.

Windows run forwards and half open, in the business's time zone: an answer counts while the moment lies before the
answer plus the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Double,
    Integer,
    Interval,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    not_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import Grouping

from api.domain.calendar import Duration
from api.domain.feedback import SURVEYS
from api.domain.satisfaction import BANDS, PASSIVES_FROM, PROMOTERS_FROM, SATISFIED_FROM
from api.errors import BadUserInput
from api.reads.business import business_time_zone
from api.reads.customers import customers
from api.reads.feedback import feedback_of_customer, is_open_complaint
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.relation import Condition, Expression, PlainText, Row, Table, rows
from api.reads.rowset import worked_out_once

USUAL_WINDOW = Duration(12)
LONGEST_WINDOW = Duration(36)
_MOMENT = DateTime(timezone=True)
_USUAL: Expression = literal_column(f"interval '{USUAL_WINDOW}'", Interval)


def satisfaction(row: Row, given: Given) -> Table:
    """Return one row of what a customer's answers say.

    given    `window`, how long an answer counts
    returns  nps, the band of the latest recommendation score in the window, and latest_nps, the score; average_csat,
             average_ces, responses; trend, by how much the mean satisfaction differs from that of the window before;
             open_complaints, of all time. Means are null without an answer; counts and sums are what they are made of
    """
    answer, joined = row.joined(feedback_of_customer)
    window = cast(given.parameter("text", "window", convert=_some_time), Interval)
    lasts = _counts(answer, window)
    before = and_(not_(lasts), _counts(answer, window.op("*", return_type=Interval())(number(2))))
    columns = {
        "latest_nps": _latest(answer, and_(_is(answer, "NPS"), lasts)),
        "responses": func.count().filter(answer.c.kind.in_([constant(kind) for kind in SURVEYS]), lasts),
        "open_complaints": func.count().filter(is_open_complaint(answer)),
        **_summed(answer, "csat", and_(_is(answer, "CSAT"), lasts)),
        **_summed(answer, "before", and_(_is(answer, "CSAT"), before)),
        **_summed(answer, "ces", and_(_is(answer, "CES"), lasts)),
    }
    labelled = [of.label(name) for name, of in columns.items()]
    sums = worked_out_once(rows(answer, labelled, [*joined, _is_given(answer)]), answer.table)
    csat, earlier, ces = (_mean(sums, name) for name in ("csat", "before", "ces"))
    means = {"average_csat": csat, "average_ces": ces, "trend": csat - earlier}
    named = [of.label(name) for name, of in {"nps": _band(sums.c.latest_nps), **means}.items()]
    found: Table = select(sums, *named).select_from(sums).lateral()
    return found


@customers.expression
def nps_band(row: Row) -> Expression:
    """Return the band of the latest recommendation score of the last twelve months, null without one."""
    answer, joined = row.joined(feedback_of_customer)
    counted = [*joined, _is(answer, "NPS"), _is_given(answer), _counts(answer, _USUAL)]
    latest = rows(answer, [answer.c.score], counted).order_by(answer.c.submitted_at.desc(), answer.key.desc())
    return _band(latest.limit(number(1)).scalar_subquery())


def _some_time(window: Duration) -> str:
    if not window:
        raise BadUserInput("`window` must be longer than nothing, such as P12M.")
    return str(window)


def _bounded(window: Duration) -> str:
    if 31 * window.months + window.days + window.minutes // (24 * 60) > 31 * LONGEST_WINDOW.months:
        raise BadUserInput(f"`window` must be at most {LONGEST_WINDOW} here; ask as of an earlier moment for the rest.")
    return _some_time(window)


def _is_given(answer: Row) -> Condition:
    """Return whether something was said by the moment; clocks of callers may run ahead of ours."""
    found: Condition = answer.c.submitted_at <= answer.lens.moment
    return found


def _counts(answer: Row, window: Expression) -> Condition:
    """Return whether an answer counts at the moment, for as long as the window says."""
    local = func.timezone(business_time_zone(), answer.c.submitted_at, type_=DateTime())
    until = func.timezone(business_time_zone(), local.op("+", return_type=DateTime())(window), type_=_MOMENT)
    found: Condition = until > answer.lens.moment
    return found


def _is(answer: Row, kind: str) -> Condition:
    found: Condition = answer.c.kind == constant(kind)
    return found


def _latest(answer: Row, which: Condition) -> Expression:
    order = (answer.c.submitted_at.desc(), answer.key.desc())
    scores = func.array_agg(aggregate_order_by(answer.c.score, *order), type_=ARRAY(Integer)).filter(which)
    return Grouping(scores)[number(1)]


def _summed(answer: Row, name: str, which: Condition) -> dict[str, Expression]:
    total = func.coalesce(func.sum(answer.c.score).filter(which), number(0), type_=Integer)
    return {f"{name}_count": func.count().filter(which), f"{name}_sum": total}


def _mean(sums: Table, name: str) -> Expression:
    count = func.nullif(sums.c[f"{name}_count"], number(0))
    return cast(cast(sums.c[f"{name}_sum"], Double) / cast(count, Double), Double)


def _band(score: Expression) -> Expression:
    promoter, passive, detractor = (constant(band) for band in BANDS)
    found = case(
        (score >= number(PROMOTERS_FROM), promoter),
        (score >= number(PASSIVES_FROM), passive),
        (score.is_not(None), detractor),
    )
    return type_coerce(found, PlainText())


def base_answers(row: Row, given: Given) -> Table:
    """Return one row of how many of the customers that are summed up said what in the months of a window.

    given    `window`, how long an answer counts
    returns  lists with one number for each month in which somebody answered, earliest first: month (its first day) and
             the names of `domain.satisfaction.Tally`; open_complaints, of all time
    """
    window = cast(given.parameter("text", "window", convert=_bounded), Interval)
    monthly = _monthly(row, window).subquery("monthly")
    order = monthly.c.month
    lists = [
        func.coalesce(func.array_agg(aggregate_order_by(of, order)), literal_column("'{}'"), type_=ARRAY(of.type))
        for of in monthly.c
    ]
    named = [of.label(column.name) for of, column in zip(lists, monthly.c, strict=True)]
    found: Table = select(*named, _open_complaints(row)).select_from(monthly).lateral()
    return found


def _monthly(row: Row, window: Expression) -> Any:
    each, conditions = row.again()
    answer, joined = each.joined(feedback_of_customer)
    month = func.date_trunc(
        literal_column("'month'", Text), func.timezone(business_time_zone(), answer.c.submitted_at, type_=DateTime())
    )
    asked = answer.c.kind.in_([constant(kind) for kind in SURVEYS])
    wanted = [*joined, asked, _is_given(answer), _counts(answer, window)]
    counted = [of.label(name) for name, of in _tally(answer).items()]
    return (
        select(cast(month, Date).label("month"), *counted)
        .select_from(each.source.join(answer.table, and_(*wanted)))
        .where(*conditions)
        .group_by(month)
        .correlate_except(*each.tables, answer.table)
    )


def _tally(answer: Row) -> Mapping[str, Expression]:
    nps, csat, ces = (_is(answer, kind) for kind in ("NPS", "CSAT", "CES"))
    score, promoting = answer.c.score, answer.c.score >= number(PROMOTERS_FROM)
    counted = {
        "promoters": and_(nps, promoting),
        "passives": and_(nps, not_(promoting), score >= number(PASSIVES_FROM)),
        "detractors": and_(nps, score < number(PASSIVES_FROM)),
        "csat_responses": csat,
        "csat_satisfied": and_(csat, score >= number(SATISFIED_FROM)),
        "ces_responses": ces,
    }
    tally = {name: cast(func.count().filter(which), Integer) for name, which in counted.items()}
    sums = {name: func.sum(score).filter(which) for name, which in (("csat_sum", csat), ("ces_sum", ces))}
    return tally | {name: cast(func.coalesce(of, number(0)), Integer) for name, of in sums.items()}


def _open_complaints(row: Row) -> Any:
    each, conditions = row.again()
    complaint, joined = each.joined(feedback_of_customer)
    wanted = [*joined, is_open_complaint(complaint), _is_given(complaint)]
    found = (
        select(func.count())
        .select_from(each.source.join(complaint.table, and_(*wanted)))
        .where(*conditions)
        .correlate_except(*each.tables, complaint.table)
    )
    return found.scalar_subquery().label("open_complaints")
