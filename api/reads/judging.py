"""When reasons to count as active hold for a customer, as one policy judges.

What purchases count for, and until when, is in `counted_purchases`; a term holds as long as it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Select, case, cast, column, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE

from api.reads.active_rules import (
    CONTRACT,
    LOYAL,
    PAID_SUPPORT_PLAN,
    PRODUCT_SUBSCRIPTION,
    RECENT_PURCHASE,
    SERVICE_SUBSCRIPTION,
    Policy,
    rules_for,
)
from api.reads.contracts import contracts_of_customer
from api.reads.counted_purchases import TOLD, Which, purchases_of
from api.reads.json import number
from api.reads.relation import Expression, Link, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)
NOTHING: Expression = literal_column("'{}'::tstzmultirange", TSTZMULTIRANGE)

Judged = Callable[[Row], Sequence[ColumnElement[bool]]]

TERMS: dict[str, tuple[Link, Judged]] = {
    PAID_SUPPORT_PLAN: (support_plans_of_customer, lambda term: [term.c.paid]),
    PRODUCT_SUBSCRIPTION: (subscriptions_of_customer, lambda term: [term.c.kind == literal_column("'PRODUCT'")]),
    SERVICE_SUBSCRIPTION: (subscriptions_of_customer, lambda term: [term.c.kind == literal_column("'SERVICE'")]),
    CONTRACT: (contracts_of_customer, lambda term: []),
}
"""The reasons that rest on something with a term: where it is found, and which of them count."""
OF_ORDERS = tuple(reason for reason in REASONS if reason not in TERMS)
"""The reasons that rest on orders."""


def merged(spans: Table) -> Expression:
    """Return the spans of all reasons in one."""
    found: Expression = spans.c[REASONS[0]]
    for reason in REASONS[1:]:
        found = found.op("+", return_type=TSTZMULTIRANGE())(spans.c[reason])
    return found


def with_all(row: Row, each: Table, *reasons: str) -> Table:
    """Return rows of reasons with `spans`, all of them merged, and `span`, the one around the moment.

    reasons  those of which more is told: under their names with `_holds` behind them whether they hold at the moment,
             and with `_until` until when
    """
    spans, moment = worked_out_once(select(each, merged(each).label("spans")), each), row.lens.moment
    holds = [contains(spans.c[reason], moment).label(f"{reason}_holds") for reason in reasons]
    ends = [func.upper(around(spans.c[reason], moment), type_=_MOMENT).label(f"{reason}_until") for reason in reasons]
    return worked_out_once(select(spans, around(spans.c.spans, moment).label("span"), *holds, *ends), spans)


def around(spans: Expression, moment: Expression) -> Expression:
    """Return the span that contains a moment, null where none does."""
    each = func.unnest(spans, type_=TSTZRANGE()).column_valued("each")
    found = select(each).where(contains(each, moment)).correlate_except(each.scalar_alias).scalar_subquery()
    # Most reasons hold for few customers, and the spans of one that does not need not be taken apart.
    return case((contains(spans, moment), found))


def contains(spans: Expression, moment: Expression) -> ColumnElement[bool]:
    """Return whether a span, or one of several, contains a moment."""
    return spans.op("@>", is_comparison=True)(moment)


def reasons_by(row: Row, policy: Policy, which: Which | None = None, *, reasons: Sequence[str] = REASONS) -> Table:
    """Return one row for a customer: when every reason holds as if a policy judged all time, and the policy's rules.

    which    which purchases are read: without those that it passes over, earlier spans are not right
    reasons  which of them are wanted
    returns  a multirange under each of these names; what `active_rules.rules_for` returns, and what
             `purchases_of` tells of the moment
    """
    rules = rules_for(row, policy)
    purchases = purchases_of(row, policy, rules, which)
    found = {RECENT_PURCHASE: purchases.c.spans, LOYAL: _loyal(purchases, rules)}
    for reason, (link, judged) in TERMS.items():
        found[reason] = case((rules.c[f"{reason}_on"], _term_spans(row, link, judged).scalar_subquery()))
    spans = [func.coalesce(found[reason], NOTHING, type_=TSTZMULTIRANGE()).label(reason) for reason in reasons]
    joined = rules.join(purchases, true())
    columns = [*spans, *rules.c, *[purchases.c[name] for name in TOLD]]
    return worked_out_once(select(*columns).select_from(joined), rules, purchases)


def _loyal(purchases: Table, rules: Table) -> Expression:
    """Return when at least so many purchases count at once.

    With the moments at which purchases begin to count in order, and those at which they stop in an order of their own,
    at least k of them count exactly while the i-th has begun and the (i - k + 1)-th end has not come, for any i. Ends
    need an order of their own: at the end of months, the one of a later purchase may come first.
    """
    begun = func.unnest(purchases.c["at"]).table_valued(column("at", _MOMENT), with_ordinality="place")
    each = begun.render_derived("each")
    over = purchases.c.over[cast(each.c.place, Integer) - rules.c.loyal_count + number(1)]
    span = func.tstzrange(each.c["at"], over, type_=TSTZRANGE)
    spans = select(func.range_agg(span)).where(each.c.place >= rules.c.loyal_count, each.c["at"] < over)
    is_enough = func.cardinality(purchases.c["at"]) >= rules.c.loyal_count
    return case((is_enough, spans.correlate_except(each).scalar_subquery()))


def _term_spans(row: Row, link: Link, which: Judged) -> Select[Any]:
    term, joined = row.joined(link)
    return rows(term, [func.range_agg(term.c.held)], [*joined, *which(term)])
