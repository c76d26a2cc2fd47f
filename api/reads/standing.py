"""How customers stand now, from the projection: what lists are filtered and sorted by where nobody looks back.

What is said of one customer is worked out from the facts, and so is everything at another moment than now. The days of
purchases alone are read here for predictions too: what a model needs to know of somebody is a handful of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE

from api.reads.active_policies import reigns
from api.reads.activity import activity, activity_around, judged_in_turn
from api.reads.agreed_terms import agreed_terms, agreed_terms_until
from api.reads.conditions import some
from api.reads.contracts import contracts_of_customer
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.judging import contains, merged
from api.reads.purchase_days import purchase_days
from api.reads.relation import Condition, Expression, Lens, Row, Table
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.reads.values import value_of_all_time
from api.tables.standing import REASONS, active_spans, customer_activity, customer_standing

_MOMENT = DateTime(timezone=True)
FOREVER: Expression = literal_column("'9999-01-01Z'::timestamptz", _MOMENT)
"""What stands for no end where ends are sorted."""

_NOW: Expression = type_coerce(func.now(), _MOMENT)
_LATELY: Expression = type_coerce(func.now() - literal_column("interval 'PT5M'"), _MOMENT)
"""What is over since then is kept no longer; callers' clocks and the database's may differ by as much."""

SPAN = "active_span"
_TERMS = (subscriptions_of_customer, support_plans_of_customer, contracts_of_customer)


def is_now(row: Row) -> bool:
    """Return whether a row is seen as things stand now, with all that is recorded."""
    return row.lens.as_of is None and row.lens.known_at is None


def span_now(row: Row) -> Table:
    """Return the span around the moment beside a customer, if there is one.

    Where only active customers are wanted, `stands_active` says that it is not over, behind what a cursor says.
    """

    def make() -> tuple[Table, Condition]:
        span = active_spans.alias()
        here = [span.c.customer_id == row.key]
        if not row.requires(SPAN):
            here.append(span.c.ends_at > row.lens.moment)
        return span, and_(*here, span.c.starts_at <= row.lens.moment)

    return row.beside(SPAN, make)


def reasons_now(row: Row) -> Table:
    """Return the spans of each reason beside a customer."""

    def make() -> tuple[Table, Condition]:
        found = customer_activity.alias()
        return found, found.c.customer_id == row.key

    return row.beside("reasons", make)


def totals_now(row: Row) -> Table:
    """Return what a customer has bought and brought in all, beside the customer."""

    def make() -> tuple[Table, Condition]:
        found = customer_standing.alias()
        return found, found.c.customer_id == row.key

    row.require("totals")
    return row.beside("totals", make)


TOTALS = ("order_count", "historic_net", "last_purchase_at")
_KEPT = {
    "order_count": "order_count",
    "historic_net": "net",
    "purchase_net": "purchase_net",
    "last_purchase_at": "last_at",
}
_DAYS = {
    "purchase_days": "days",
    "first_purchase_day": "first_day",
    "last_purchase_day": "last_day",
    "value_days": "value_days",
    "purchase_value": "value",
}
"""Columns of the projection, each with the name of what is kept in it: of the totals, and of the days of purchases."""


def _standing_total(name: str) -> Callable[[Row], Expression]:
    """Return a total for lists: from the projection, or from the facts where somebody looks back."""

    def found(row: Row) -> Expression:
        return totals_now(row).c[name] if is_now(row) else row[name]

    return found


for total in TOTALS:
    customers.expressions[f"stands_{total}"] = _standing_total(total)


@customers.expression
def stands_active(row: Row) -> Expression:
    """Return whether the customer counts as active, for lists."""
    if not is_now(row):
        return activity_around(row).c.span.is_not(None)
    span = span_now(row).c
    return span.ends_at > row.lens.moment if row.requires(SPAN) else span.customer_id.is_not(None)


@customers.expression
def stands_until(row: Row) -> Expression:
    """Return until when the customer counts as active, for lists; null where inactive or without an end."""
    return func.nullif(span_now(row).c.ends_at, FOREVER, type_=_MOMENT) if is_now(row) else _end_around(row)


def _end_around(row: Row) -> Expression:
    return func.upper(activity_around(row).c.span, type_=_MOMENT)


@customers.expression
def stands_until_order(row: Row) -> Expression:
    """Return what lists sorted by that end are sorted by: those without one come behind all others that are active."""
    if not is_now(row):
        is_active = activity_around(row).c.span.is_not(None)
        return case((is_active, func.coalesce(_end_around(row), FOREVER)), else_=cast(null(), _MOMENT))
    ends_at: Expression = span_now(row).c.ends_at
    # Where only active customers are wanted none is missing, and an index leads to the page.
    return ends_at if row.requires(SPAN) else func.coalesce(ends_at, type_=_MOMENT)


@customers.expression
def stands_spans(row: Row) -> Expression:
    """Return all times during which the customer counted or counts as active, for counts over many."""
    return merged(reasons_now(row)) if is_now(row) else activity(row).c.spans


def stands_by(row: Row, reason: str) -> Condition:
    """Return whether a reason holds, for lists."""
    spans = reasons_now(row) if is_now(row) else activity_around(row)
    return func.coalesce(contains(spans.c[reason], row.lens.moment), false(), type_=Boolean)


def is_as_asked(row: Row, given: Given) -> Condition:
    """Return whether a customer is active, or is not, whichever is asked."""
    active: Condition = row["stands_active"]
    return active if given.known() else not_(active)


def holds_any(row: Row, given: Given) -> Condition:
    """Return whether at least one of the reasons that are asked for holds."""
    return some([stands_by(row, code.lower()) for code in given.known()])


def purchase_statistics(row: Row) -> dict[str, Expression]:
    """Return what `purchase_days` does of a customer, by name: as it is kept where nobody looks back."""
    if not is_now(row):
        found = row.beside("purchase_days", lambda: (purchase_days(row), true()))
        return {name: found.c[name] for name in _DAYS.values()}
    return {name: totals_now(row).c[kept] for kept, name in _DAYS.items()}


def terms_on_record(row: Row) -> tuple[Expression, Condition]:
    """Return `agreed_terms` of a customer, and whether they are outdated: where they may be read as they are kept.

    They are not worked out in the same statement where they are: to prepare for that takes as long as to read a page.
    """
    if not (is_now(row) and row.lens.as_kept):
        return agreed_terms(row), false()
    kept = totals_now(row).c
    return kept.agreed_terms, and_(kept.has_terms, contains(kept.agreed_during, row.lens.moment).is_not(True))


def projected(which: Callable[[Expression], Condition]) -> tuple[Select[Any], Select[Any]]:
    """Return what the projection should hold: the spans of customers, and their totals.

    which  says from the key of a customer whether it is one of those that are meant
    """
    judge = Row(customers, Lens(moment=_LATELY))
    spans = judged_in_turn(judge, reigns(judge.lens))
    judged = judge.table.join(spans, true())
    judgements = select(judge.key, *[spans.c[reason] for reason in REASONS]).select_from(judged)
    buyer = Row(customers, judge.lens)
    sums = value_of_all_time(buyer)
    terms = agreed_terms_until(buyer.through(Lens(moment=_NOW)))
    counted = {
        **{label: sums.c[name] for label, name in _KEPT.items()},
        "has_terms": or_(*map(buyer.has, _TERMS)),
        "agreed_terms": terms.c.terms,
        "agreed_during": func.tstzrange(_NOW, terms.c.until),
    }
    days = purchase_days(buyer)
    columns = {**counted, **{kept: days.c[name] for kept, name in _DAYS.items()}}
    labelled = [value.label(name) for name, value in columns.items()]
    source = buyer.table.join(sums, true()).join(terms, true()).join(days, true())
    totals = select(buyer.key, *labelled).select_from(source)
    return judgements.where(which(judge.key)), totals.where(which(buyer.key))


def is_kept(ends_at: Expression) -> Condition:
    """Return whether a span is not over, or only just."""
    return ends_at > _LATELY


def unended(judged: Table) -> Select[Any]:
    """Return the spans that are not over, or only just, of those that `projected` returns first."""
    span = func.unnest(merged(judged), type_=TSTZRANGE()).table_valued("span").render_derived("each")
    ends_at = func.coalesce(func.upper(span.c.span), FOREVER).label("ends_at")
    return (
        select(judged.c.customer_id, func.lower(span.c.span).label("starts_at"), ends_at)
        .select_from(judged.join(span, true()))
        .where(is_kept(ends_at))
    )
