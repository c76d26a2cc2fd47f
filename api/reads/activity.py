"""Who counts as active: per reason the stretches of time during which it holds, for fields, filters and counts.

A purchase counts from its moment until its window is over or all of it is paid back; a term holds as long as it runs.
Windows run forwards from the purchase, as the calendar counts them in the zone of the policy: only so does every
purchase have one end, whatever the lengths of months. The policy in force at the moment judges all of the time.
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
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE

from api.reads.active_policies import policy_in_force
from api.reads.active_rules import (
    CONTRACT,
    LOYAL,
    PAID_SUPPORT_PLAN,
    PRODUCT_SUBSCRIPTION,
    RECENT_PURCHASE,
    SERVICE_SUBSCRIPTION,
    Policy,
    kept_policy,
    rules_for,
    window_of,
)
from api.reads.contracts import contracts_of_customer
from api.reads.json import number
from api.reads.orders import lines_of_order, orders_of_customer, product_of_line
from api.reads.relation import Expression, Link, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.tables.standing import REASONS

_MOMENT = DateTime(timezone=True)
_NOTHING: Expression = literal_column("'{}'::tstzmultirange", TSTZMULTIRANGE)

Judged = Callable[[Row], Sequence[ColumnElement[bool]]]

TERMS: dict[str, tuple[Link, Judged]] = {
    PAID_SUPPORT_PLAN: (support_plans_of_customer, lambda term: [term.c.paid]),
    PRODUCT_SUBSCRIPTION: (subscriptions_of_customer, lambda term: [term.c.kind == literal_column("'PRODUCT'")]),
    SERVICE_SUBSCRIPTION: (subscriptions_of_customer, lambda term: [term.c.kind == literal_column("'SERVICE'")]),
    CONTRACT: (contracts_of_customer, lambda term: []),
}
"""The reasons that rest on something with a term: where it is found, and which of them count."""


def activity(row: Row) -> Table:
    """Return one row beside a customer: what `judged` says by the policy in force."""
    row.require("activity")
    return row.beside("activity", lambda: (judged(row, kept_policy(policy_in_force(row.lens))), true()))


def activity_around(row: Row) -> Table:
    """Return what `activity` does, sure only of the moment and what comes after it, for counting many customers."""
    row.require("around")
    policy = kept_policy(policy_in_force(row.lens))
    return row.beside("around", lambda: (judged(row, policy, only_around=True), true()))


def judged(row: Row, policy: Policy, *, only_around: bool = False) -> Table:
    """Return one row for a customer: the spans of every reason as a policy judges, and the rules it judges by.

    only_around  passes over purchases that count no more at the moment, without which earlier spans are not right
    returns  a multirange under each name in `REASONS`; `spans`, all of them merged; `span`, the one around the moment;
             `at_list`, `recent_list` and `loyal_list`, when purchases were made and until when each counts for either
             reason; `policy_id`, `zone`, `recent_window`, `by_category`, `loyal_window`, `loyal_count`, and under the
             name of each reason with `_on` behind it whether the policy uses its rule
    """
    each = _each(row, policy, only_around=only_around)
    merged: Expression = each.c[REASONS[0]]
    for reason in REASONS[1:]:
        merged = merged.op("+", return_type=TSTZMULTIRANGE())(each.c[reason])
    spans = worked_out_once(select(each, merged.label("spans")), each)
    return worked_out_once(select(spans, around(spans.c.spans, row.lens.moment).label("span")), spans)


def around(spans: Expression, moment: Expression) -> Expression:
    """Return the span that contains a moment, null where none does."""
    each = func.unnest(spans, type_=TSTZRANGE()).column_valued("each")
    return select(each).where(contains(each, moment)).scalar_subquery()


def contains(spans: Expression, moment: Expression) -> ColumnElement[bool]:
    """Return whether a span, or one of several, contains a moment."""
    return spans.op("@>", is_comparison=True)(moment)


def _each(row: Row, policy: Policy, *, only_around: bool) -> Table:
    rules = rules_for(row, policy)
    purchases = _purchases(row, policy, rules, only_around=only_around)
    found = {RECENT_PURCHASE: _recent_purchase(purchases), LOYAL: _loyal(purchases, rules)}
    for reason, (link, which) in TERMS.items():
        found[reason] = case((rules.c[f"{reason}_on"], _term_spans(row, link, which).scalar_subquery()))
    spans = [func.coalesce(each, _NOTHING, type_=TSTZMULTIRANGE()).label(reason) for reason, each in found.items()]
    joined = rules.join(purchases, true())
    lists = [purchases.c[name].label(f"{name}_list") for name in ("at", "recent", "loyal")]
    columns = [*spans, *rules.c, *lists]
    return worked_out_once(select(*columns).select_from(joined), rules, purchases)


def forward(moment: Expression, length: Expression, zone: Expression) -> Expression:
    """Return the moment that lies a length of time after another, as the calendar of a zone counts."""
    local = func.timezone(zone, moment, type_=DateTime())
    return func.timezone(zone, local + length, type_=_MOMENT)


def recent_until(row: Row, order: Row) -> Expression:
    """Return until when a customer's order counts as a recent purchase; from the start where no rule is about it."""
    rules = activity(row).c
    over = _recent_over(row, order, kept_policy(rules.policy_id), rules)
    return _until(order.c.placed_at, over, _undone_at(order, rules))


def loyal_until(row: Row, order: Row) -> Expression:
    """Return until when a customer's order counts towards loyalty; from the start where no rule is about it."""
    rules = activity(row).c
    return _until(order.c.placed_at, _loyal_over(order, rules), _undone_at(order, rules))


def _undone_at(order: Row, rules: Any) -> Expression:
    return case((rules.refunded, order["undone_at"]))


def _until(placed_at: Expression, over: Expression, undone_at: Expression) -> Expression:
    """Return the end of a window, or when all was paid back where that is earlier; never before the purchase."""
    # An order that no rule is about has a window without length. PostgreSQL's least passes over what is missing.
    return func.greatest(placed_at, func.least(func.coalesce(over, placed_at), undone_at), type_=_MOMENT)


def _recent_over(row: Row, order: Row, policy: Policy, rules: Any) -> Expression:
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


def _loyal_over(order: Row, rules: Any) -> Expression:
    return forward(order.c.placed_at, rules.loyal_window, rules.zone)


def _purchases(row: Row, policy: Policy, rules: Table, *, only_around: bool) -> Table:
    """Return one row beside a customer: when purchases were made, and until when each counts for either reason."""
    order, bought = row.joined(orders_of_customer)
    if only_around:
        # No month is longer than 31 days, so what was bought before counts no more.
        bought.append(order.c.placed_at > row.lens.moment - rules.c.longest - literal_column("interval 'P32D'"))
    ends = {"recent": _recent_over(row, order, policy, rules.c), "loyal": _loyal_over(order, rules.c)}
    columns = [order.c.placed_at.label("at"), _undone_at(order, rules.c).label("undone")]
    each = (
        rows(order, [*columns, *[end.label(name) for name, end in ends.items()]], bought).offset(number(0)).subquery()
    )
    lists = {"at": each.c["at"]} | {name: _until(each.c["at"], each.c[name], each.c.undone) for name in ends}
    return worked_out_once(
        select(*[func.array_agg(of, type_=ARRAY(_MOMENT)).label(name) for name, of in lists.items()]), each
    )


def _recent_purchase(purchases: Table) -> Expression:
    columns = (column("at", _MOMENT), column("until", _MOMENT))
    each = func.unnest(purchases.c["at"], purchases.c.recent).table_valued(*columns).render_derived("each")
    span = func.tstzrange(each.c["at"], each.c.until, type_=TSTZRANGE)
    return select(func.range_agg(span)).select_from(each).correlate_except(each).scalar_subquery()


def _loyal(purchases: Table, rules: Table) -> Expression:
    """Return when at least so many purchases count at once: each adds one at its moment, and takes it away at its end.

    An end may come before that of an earlier purchase (30 January, 23:00 and 31 January, 01:00, a month each), so that
    no purchase tells by its rank how long it is one of so many.
    """
    begun = func.unnest(purchases.c["at"]).column_valued("begun")
    over = func.unnest(purchases.c.loyal).column_valued("over")
    steps = union_all(select(begun.label("at"), number(1).label("step")), select(over, number(-1))).subquery("steps")
    turns = select(steps.c.at, func.sum(steps.c.step).label("step")).group_by(steps.c.at).subquery("turns")
    counts = select(
        turns.c.at,
        func.lead(turns.c.at).over(order_by=turns.c.at).label("next"),
        func.sum(turns.c.step, type_=Integer).over(order_by=turns.c.at).label("counting"),
    ).subquery("counts")
    span = func.tstzrange(counts.c.at, counts.c.next, type_=TSTZRANGE)
    spans = select(func.range_agg(span)).where(counts.c.counting >= rules.c.loyal_count)
    return case(
        (func.cardinality(purchases.c["at"]) >= rules.c.loyal_count, spans.correlate_except(counts).scalar_subquery())
    )


def _term_spans(row: Row, link: Link, which: Judged) -> Select[Any]:
    term, joined = row.joined(link)
    return rows(term, [func.range_agg(term.c.held)], [*joined, *which(term)])
