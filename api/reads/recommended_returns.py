"""What customers' own course calls for: winning back who is active no longer, or silent for longer than ever."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    case,
    func,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, array

from api.domain.recommendations import MINIMUM_PAUSES
from api.reads.activity import activity
from api.reads.business import business_currency
from api.reads.contracts import contracts_of_customer
from api.reads.json import constant, number
from api.reads.orders import orders_of_customer
from api.reads.purchase_days import day_of
from api.reads.recommended import day, quarters, recommendation
from api.reads.relation import Expression, Link, Row, rows
from api.reads.rowset import worked_out_once
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.reads.words import text

_MOMENT = DateTime(timezone=True)


def win_back(row: Row) -> Select[Any]:
    """Return the recommendation to win back who is active no longer, or silent for longer than ever before."""
    rhythm, ended, last = _rhythm(row), _active_until(row), _last_thing(row)
    is_overdue = and_(rhythm.c.pauses >= number(MINIMUM_PAUSES), rhythm.c.silent > rhythm.c.longest)
    columns = recommendation(
        "WIN_BACK",
        title=text("Win the customer back"),
        reason=case((ended.c.until.is_not(None), _has_lapsed(ended)), else_=_is_silent(rhythm)),
        value_low=rhythm.c.value_low,
        value_high=rhythm.c.value_high,
        currency=case((rhythm.c.value_low.is_not(None), business_currency(row))),
        basis_of=array([last.c.relation], type_=Text),
        basis_ids=array([last.c.key]),
    )
    source = rhythm.join(ended, true()).join(last, true())
    found = select(*columns).select_from(source).where(case((ended.c.until.is_not(None), true()), else_=is_overdue))
    return found.correlate_except(rhythm, ended, last)


def _has_lapsed(ended: Any) -> Expression:
    return func.concat(text("Was active until "), day(ended.c.until), text(", and has not been since."), type_=Text)


def _is_silent(rhythm: Any) -> Expression:
    silence = func.concat(text("Has not bought for "), rhythm.c.silent, text(" days; "))
    return func.concat(silence, text("no pause before was longer than "), rhythm.c.longest, text("."), type_=Text)


def _rhythm(row: Row) -> Any:
    """Return one row: for how many days a customer has not bought, how many pauses between days of purchases there were
    and how long the `longest` of them, and between which amounts the middle half of the orders lies."""
    order, bought = row.joined(orders_of_customer)
    columns = [order.c.placed_at, order["business_total"].label("brought"), day_of(order.c.placed_at).label("day")]
    placed = rows(order, columns, [*bought, order.c.placed_at <= row.lens.moment]).subquery("placed")
    pause = _days(placed.c.day - func.lag(placed.c.day).over(order_by=placed.c.placed_at))
    # Between orders of one day there is none.
    each = select(placed, func.nullif(pause, number(0), type_=Integer).label("pause")).subquery("each_order")
    told = {
        "silent": _days(day_of(row.lens.moment) - func.max(each.c.day)),
        "pauses": func.count(each.c.pause),
        "longest": func.max(each.c.pause),
        **quarters(each.c.brought),
    }
    return worked_out_once(select(*[value.label(name) for name, value in told.items()]).select_from(each), each)


def _days(difference: Expression) -> Expression:
    return type_coerce(difference, Integer)


def _active_until(row: Row) -> Any:
    """Return one row: `until` when a customer last counted as active, null for who does now or never did."""
    spans, moment = activity(row).c.spans, row.lens.moment
    span = func.unnest(spans, type_=TSTZRANGE()).column_valued("span")
    end = func.upper(span, type_=_MOMENT)
    last = select(func.max(end, type_=_MOMENT)).where(end <= moment).scalar_subquery()
    return worked_out_once(select(case((activity(row).c.span.is_(None), last)).label("until")))


def _last_thing(row: Row) -> Any:
    """Return what a customer last did or had: `relation`, by name, and `key` of an order, or a term that ended."""
    links = (orders_of_customer, subscriptions_of_customer, support_plans_of_customer, contracts_of_customer)
    each = union_all(*[_over(row, link) for link in links]).subquery("over")
    last = select(each.c.relation, each.c.key).order_by(each.c["at"].desc(), each.c.key).limit(number(1))
    return last.correlate_except(each).lateral()


def _over(row: Row, link: Link) -> Select[Any]:
    behind, joined = row.joined(link)
    at = behind.c.placed_at if link is orders_of_customer else behind.c.ends_at
    columns = [constant(behind.relation.name).label("relation"), behind.key.label("key"), at.label("at")]
    return rows(behind, columns, [*joined, at <= row.lens.moment])
