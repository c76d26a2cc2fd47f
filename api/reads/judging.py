"""When reasons to count as active hold for a customer, as one policy judges.

A purchase counts from its moment until its window is over or all of it is paid back; a term holds as long as it runs.
Windows run forwards from the purchase, as the calendar counts them in the zone of the policy: only so does every
purchase have one end, whatever the lengths of months.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE, aggregate_order_by

from api.reads.active_rules import (
    CONTRACT,
    LOYAL,
    PAID_SUPPORT_PLAN,
    PRODUCT_SUBSCRIPTION,
    RECENT_PURCHASE,
    SERVICE_SUBSCRIPTION,
    Policy,
    rules_for,
    window_of,
)
from api.reads.contracts import contracts_of_customer
from api.reads.json import number
from api.reads.orders import lines_of_order, orders_of_customer, product_of_line
from api.reads.relation import Condition, Expression, Link, Row, Table, rows
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


def with_all(row: Row, each: Table) -> Table:
    """Return rows of reasons with `spans`, all of them merged, and `span`, the one around the moment."""
    spans = worked_out_once(select(each, merged(each).label("spans")), each)
    return worked_out_once(select(spans, around(spans.c.spans, row.lens.moment).label("span")), spans)


def around(spans: Expression, moment: Expression) -> Expression:
    """Return the span that contains a moment, null where none does."""
    each = func.unnest(spans, type_=TSTZRANGE()).column_valued("each")
    return select(each).where(contains(each, moment)).scalar_subquery()


def contains(spans: Expression, moment: Expression) -> ColumnElement[bool]:
    """Return whether a span, or one of several, contains a moment."""
    return spans.op("@>", is_comparison=True)(moment)


def reasons_by(row: Row, policy: Policy, *, only_around: bool = False, reasons: Sequence[str] = REASONS) -> Table:
    """Return one row for a customer: when every reason holds as if a policy judged all time, and the policy's rules.

    only_around  passes over purchases that count no more at the moment, without which earlier spans are not right
    reasons      which of them are wanted
    returns  a multirange under each of these names; `at_list`, `recent_list` and `loyal_list`, when purchases were
             made and until when each counts for either reason; what `active_rules.rules_for` returns
    """
    rules = rules_for(row, policy)
    purchases = _purchases(row, policy, rules, only_around=only_around)
    found = {RECENT_PURCHASE: purchases.c.spans, LOYAL: _loyal(purchases, rules)}
    for reason, (link, which) in TERMS.items():
        found[reason] = case((rules.c[f"{reason}_on"], _term_spans(row, link, which).scalar_subquery()))
    spans = [func.coalesce(found[reason], NOTHING, type_=TSTZMULTIRANGE()).label(reason) for reason in reasons]
    joined = rules.join(purchases, true())
    lists = [purchases.c[name].label(f"{name}_list") for name in ("at", "recent", "loyal")]
    columns = [*spans, *rules.c, *lists]
    return worked_out_once(select(*columns).select_from(joined), rules, purchases)


def forward(moment: Expression, length: Expression, zone: Expression) -> Expression:
    """Return the moment that lies a length of time after another, as the calendar of a zone counts."""
    local = func.timezone(zone, moment, type_=DateTime())
    return func.timezone(zone, local + length, type_=_MOMENT)


def undone_at(order: Row, rules: Any) -> Expression:
    """Return when an order was paid back in full, null where it was not."""
    return case((rules.refunded, order["undone_at"]))


def until(placed_at: Expression, over: Expression, undone_at: Expression) -> Expression:
    """Return the end of a window, or when all was paid back where that is earlier; never before the purchase."""
    # An order that no rule is about has a window without length. PostgreSQL's least passes over what is missing.
    return func.greatest(placed_at, func.least(func.coalesce(over, placed_at), undone_at), type_=_MOMENT)


def recent_over(row: Row, order: Row, policy: Policy, rules: Any) -> Expression:
    """Return when the window of an order as a recent purchase is over, null where no rule is about it."""
    general = forward(order.c.placed_at, rules.recent_window, rules.zone)
    return case((rules.by_category, _longest_of_lines(row, order, policy, rules)), else_=general)


def _longest_of_lines(row: Row, order: Row, policy: Policy, rules: Any) -> Expression:
    """Return the latest end among those of the lines."""
    line, joined = order.joined(lines_of_order)
    product, sold = line.joined(product_of_line)
    end = forward(order.c.placed_at, window_of(row, product, policy), rules.zone)
    return (
        select(func.max(end))
        .select_from(line.table.join(product.table, and_(true(), *sold)))
        .where(*joined)
        .correlate_except(line.table, product.table)
        .scalar_subquery()
    )


def loyal_over(order: Row, rules: Any) -> Expression:
    """Return when the window of an order as one of several is over, null where no rule is about it."""
    return forward(order.c.placed_at, rules.loyal_window, rules.zone)


def may_count(row: Row, order: Row, rules: Any) -> Condition:
    """Return whether an order is recent enough to count at the moment for any rule: where it is not, none counts it."""
    # No month is longer than 31 days, so what was bought before counts no more.
    begins: Expression = row.lens.moment - rules.longest - literal_column("interval 'P32D'")
    return order.c.placed_at > begins


def _purchases(row: Row, policy: Policy, rules: Table, *, only_around: bool) -> Table:
    """Return one row beside a customer: when purchases were made, and until when each counts for either reason.

    returns  `at`, `recent` and `loyal`, one of each for every purchase, by when it was made; `over`, the ends
             for loyalty from early to late; `spans`, when any counts as recent
    """
    order, bought = row.joined(orders_of_customer)
    if only_around:
        bought.append(may_count(row, order, rules.c))
    ends = {"recent": recent_over(row, order, policy, rules.c), "loyal": loyal_over(order, rules.c)}
    columns = [order.c.placed_at.label("at"), undone_at(order, rules.c).label("undone")]
    each = (
        rows(order, [*columns, *[end.label(name) for name, end in ends.items()]], bought).offset(number(0)).subquery()
    )
    at = each.c["at"]
    lists = {"at": at} | {name: until(at, each.c[name], each.c.undone) for name in ends}
    found = [_in_order(of, at).label(name) for name, of in lists.items()]
    found.append(_in_order(lists["loyal"], lists["loyal"]).label("over"))
    found.append(func.range_agg(func.tstzrange(at, lists["recent"])).label("spans"))
    return worked_out_once(select(*found), each)


def _in_order(moment: Expression, order: Expression) -> Expression:
    return func.array_agg(aggregate_order_by(moment, order), type_=ARRAY(_MOMENT))


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
