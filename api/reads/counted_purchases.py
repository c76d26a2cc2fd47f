"""Until when the purchases of a customer count, as a policy says, and what they tell of the moment.

A purchase counts from its moment until its window is over or all of it is paid back. Windows run forwards from the
purchase, as the calendar counts them in the zone of the policy: only so does every purchase have one end, whatever the
lengths of months.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import ARRAY, DateTime, and_, any_, case, false, func, literal_column, not_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by, array

from api.reads.active_rules import Policy, kept_policy, window_of
from api.reads.json import number
from api.reads.orders import lines_of_order, order_itself, orders_of_customer, product_of_line
from api.reads.relation import Condition, Expression, Row, Table, rows
from api.reads.rowset import worked_out_once

_MOMENT = DateTime(timezone=True)
_MOMENTS = ARRAY(_MOMENT)

Which: TypeAlias = Callable[[Row, Row, Any], Condition]
"""Says of a customer and an order, and of what `active_rules.rules_for` returns, whether the order has to be read."""

TOLD = ("latest", "recent_observed", "recent_last", "loyal_observed", "loyal_first", "loyal_end")
"""What purchases tell of the moment, as `purchases_of` says."""


def purchases_of(row: Row, policy: Policy, rules: Table, which: Which | None) -> Table:
    """Return one row beside a customer: what is known of all purchases, or of those that are wanted.

    which    those that are wanted: `may_count` passes over what counts no more at the moment, `may_add` over what makes
             no difference to what purchases from the moment on bring
    returns  `at`, when they were made, from early to late; `over`, when they count no longer for loyalty, from early to
             late; `spans`, when any counts as a recent one. Of the moment: `latest`, when the customer last bought;
             `recent_observed` and `loyal_observed`, how many count; of those for loyalty, `loyal_end`, when the first
             of them counts no longer, and `loyal_first`, when the earliest was made and when that one counts no longer;
             `recent_last`, when the one that counts longest counts no longer, and when it was made
    """
    each = _each_purchase(row, policy, rules, which)
    at, recent, loyal, moment = each.c["at"], each.c.recent, each.c.loyal, row.lens.moment
    is_made, is_recent, is_loyal = at <= moment, recent > moment, loyal > moment
    found = {
        "at": _in_order(at),
        "over": _in_order(loyal),
        "spans": func.range_agg(func.tstzrange(at, recent)),
        "latest": func.max(at).filter(is_made),
        "recent_observed": func.count().filter(is_made, is_recent),
        "recent_last": func.max(_pair(recent, at), type_=_MOMENTS).filter(is_made, is_recent),
        "loyal_observed": func.count().filter(is_made, is_loyal),
        "loyal_first": func.min(_pair(at, loyal), type_=_MOMENTS).filter(is_made, is_loyal),
        "loyal_end": func.min(loyal).filter(is_made, is_loyal),
    }
    return worked_out_once(select(*[value.label(name) for name, value in found.items()]), each)


def _in_order(moment: Expression) -> Expression:
    return func.array_agg(aggregate_order_by(moment, moment), type_=_MOMENTS)


def _pair(compared: Expression, beside: Expression) -> Expression:
    """Return a moment with another one that decides only among equals: the least or greatest is found with both."""
    return array([compared, beside])


def _each_purchase(row: Row, policy: Policy, rules: Table, which: Which | None) -> Table:
    """Return when each purchase was made (`at`), and until when it counts for either reason (`recent`, `loyal`)."""
    order, bought = row.joined(orders_of_customer)
    if which is not None:
        bought.append(which(row, order, rules.c))
    columns = {
        "at": order.c.placed_at,
        "local": _local(order, rules.c),
        "by_lines": _over_by_lines(row, order, policy, rules.c),
        "undone": _undone_at(order, rules.c),
    }
    known = rows(order, [column.label(name) for name, column in columns.items()], bought).offset(number(0)).subquery()
    at, local, undone = known.c["at"], known.c.local, known.c.undone
    recent = _until(at, _recent_over(local, known.c.by_lines, rules.c), undone).label("recent")
    loyal = _until(at, _after(local, rules.c.loyal_window, rules.c), undone).label("loyal")
    return select(at, recent, loyal).select_from(known).correlate_except(known).offset(number(0)).subquery()


def recent_until(row: Row, order: Row, rules: Any) -> Expression:
    """Return until when a customer's order counts as a recent purchase; from the start where no rule is about it.

    rules  columns of `active_rules.rules_for`, of a policy that is kept
    """
    by_lines = _over_by_lines(row, order, kept_policy(rules.policy_id), rules)
    return _until(order.c.placed_at, _recent_over(_local(order, rules), by_lines, rules), _undone_at(order, rules))


def loyal_until(row: Row, order: Row, rules: Any) -> Expression:
    """Return until when a customer's order counts towards loyalty; from the start where no rule is about it."""
    over = _after(_local(order, rules), rules.loyal_window, rules)
    return _until(order.c.placed_at, over, _undone_at(order, rules))


def may_count(row: Row, order: Row, rules: Any) -> Condition:
    """Return whether an order is recent enough to count at the moment."""
    return is_within(row, order, rules.longest)


def may_add(row: Row, order: Row, rules: Any) -> Condition:
    """Return whether an order has to be read where all is known but what purchases from the moment on bring.

    Each of them is a recent one by itself. For loyalty, so many count together: where one of long before does, those
    made since count longer, and as many of them as are needed are enough.
    """
    earlier, bought = row.joined(orders_of_customer)
    lasts = not_(func.coalesce(_was_refunded(earlier, rules), false()))
    nth = (
        rows(earlier, [earlier.c.placed_at], [*bought, earlier.c.placed_at < row.lens.moment, lasts])
        .order_by(earlier.c.placed_at.desc())
        .offset(func.greatest(rules.loyal_count - number(2), number(0)))
        .limit(number(1))
        .scalar_subquery()
    )
    # Months end up to three days early, and clocks were set by a day at most; of two purchases a week apart, the later
    # one counts longer.
    near = order.c.placed_at > func.coalesce(nth, literal_column("'-infinity'")) - literal_column("interval 'P7D'")
    return and_(may_count(row, order, rules), near)


def is_within(row: Row, order: Row, window: Expression) -> Condition:
    """Return whether an order is recent enough to count at the moment for a window, or for a shorter one."""
    # No month is longer than 31 days, so what was bought before counts no more.
    begins: Expression = row.lens.moment - window - literal_column("interval 'P32D'")
    return order.c.placed_at > begins


def _local(order: Row, rules: Any) -> Expression:
    """Return what clocks in the zone of the policy showed when an order was placed."""
    return func.timezone(rules.zone, order.c.placed_at, type_=DateTime())


def _after(local: Expression, length: Expression, rules: Any) -> Expression:
    """Return the moment that lies a length of time after what clocks showed, as the calendar counts."""
    return func.timezone(rules.zone, local + length, type_=_MOMENT)


def _until(placed_at: Expression, over: Expression, undone_at: Expression) -> Expression:
    """Return the end of a window, or when all was paid back where that is earlier; never before the purchase."""
    # An order that no rule is about has a window without length. PostgreSQL's least passes over what is missing.
    return func.greatest(placed_at, func.least(func.coalesce(over, placed_at), undone_at), type_=_MOMENT)


def _undone_at(order: Row, rules: Any) -> Expression:
    """Return when an order was paid back in full, null where it was not."""
    # What it takes of an order is read for those alone that something was paid back on: of all others, an index knows
    # what is needed, and their rows are not fetched.
    same, joined = order.joined(order_itself)
    undone = rows(same, [same["undone_at"]], joined).scalar_subquery()
    return case((_was_refunded(order, rules), undone))


def _was_refunded(order: Row, rules: Any) -> Condition:
    """Return whether money was paid back on an order; null where none was on any."""
    return order.key == any_(rules.refunded)


def _recent_over(local: Expression, by_lines: Expression, rules: Any) -> Expression:
    """Return when the window of an order as a recent purchase is over, null where no rule is about it."""
    return case((rules.by_category, by_lines), else_=_after(local, rules.recent_window, rules))


def _over_by_lines(row: Row, order: Row, policy: Policy, rules: Any) -> Expression:
    """Return the latest end among those of the lines, null where the policy has no rules for categories."""
    line, joined = order.joined(lines_of_order)
    product, sold = line.joined(product_of_line)
    latest = (
        select(func.max(_after(_local(order, rules), window_of(row, product, policy), rules)))
        .select_from(line.table.join(product.table, and_(true(), *sold)))
        .where(*joined)
        .correlate_except(line.table, product.table)
        .scalar_subquery()
    )
    return case((rules.by_category, latest))
