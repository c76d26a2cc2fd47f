"""How customers stand once orders were added: what is kept of them, with what these orders bring.

Of earlier orders few are read: the latest ones that loyalty takes, and what was bought from a week before those on. So
a purchase costs no more where its customer has bought for years.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Integer, Select, any_, cast, func, literal_column, not_, select, true

from api.reads.active_policies import reigns
from api.reads.activity import judged_in_turn, united
from api.reads.business import business_currency
from api.reads.counted_purchases import may_add
from api.reads.customers import customers
from api.reads.json import minor_digits
from api.reads.judging import OF_ORDERS
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.purchase_days import value_of_day, valued_orders
from api.reads.relation import Condition, Expression, Lens, Row, Table
from api.reads.rowset import worked_out_once
from api.tables.standing import REASONS, customer_activity, customer_standing

_ZERO: Expression = literal_column("0")
_A_DAY: Expression = literal_column("interval 'P2D'")
"""No shorter than a day on any calendar: where one was repeated, when a zone crossed the date line, it had 48 hours."""


def projected_by_orders(
    which: Callable[[Expression], Condition], added: Expression, *, earliest: Expression, latest: Expression
) -> tuple[Select[Any], Select[Any]]:
    """Return what `standing.projected` does, where nothing has changed but that orders were added.

    added     keys of these orders, of which nothing was paid back
    earliest  when the first of them was made; `latest`, when the last was
    """
    return _judgements(which, earliest), _totals(which, added, earliest, latest)


def _judgements(which: Callable[[Expression], Condition], earliest: Expression) -> Select[Any]:
    # What a purchase counts for begins with it, and takes nothing away. So what is kept still holds; what is added is
    # worked out from the new purchases, and from those that count together with them.
    judge, kept = Row(customers, Lens(moment=earliest)), customer_activity.alias()
    spans = judged_in_turn(judge, reigns(judge.lens), which=may_add, reasons=OF_ORDERS)
    now = {name: united(kept.c[name], spans.c[name]) for name in OF_ORDERS}
    found = [now.get(name, kept.c[name]).label(name) for name in REASONS]
    source = judge.table.join(kept, kept.c.customer_id == judge.key).join(spans, true())
    return select(judge.key, *found).select_from(source).where(which(judge.key))


def _totals(
    which: Callable[[Expression], Condition], added: Expression, earliest: Expression, latest: Expression
) -> Select[Any]:
    buyer, kept = Row(customers, Lens(moment=earliest)), customer_standing.alias()
    brought = _brought(buyer, added, earliest, latest)
    more = brought.c
    net = kept.c.purchase_net + more.net
    digits = minor_digits(more.currency)
    found = {
        **{name: kept.c[name] for name in ("has_terms", "agreed_terms", "agreed_during")},
        "order_count": kept.c.order_count + more.order_count,
        "historic_net": kept.c.historic_net + func.round(net, digits) - func.round(kept.c.purchase_net, digits),
        "purchase_net": net,
        "last_purchase_at": func.greatest(kept.c.last_purchase_at, more.last_at),
        "purchase_days": kept.c.purchase_days + more.days,
        "first_purchase_day": func.least(kept.c.first_purchase_day, more.first_day),
        "last_purchase_day": func.greatest(kept.c.last_purchase_day, more.last_day),
        "value_days": kept.c.value_days + more.value_days,
        "purchase_value": kept.c.purchase_value + more.value,
    }
    source = buyer.table.join(kept, kept.c.customer_id == buyer.key).join(brought, true())
    labelled = [value.label(name) for name, value in found.items()]
    return select(buyer.key, *labelled).select_from(source).where(which(buyer.key))


def _brought(buyer: Row, added: Expression, earliest: Expression, latest: Expression) -> Table:
    """Return one row beside a customer: how many orders were added and what they brought, and which days they change.

    returns  order_count, net, last_at; first_day and last_day of the added ones; days, on how many nothing lasting had
             been bought before; value_days and value, how many more days bring something now, and how much more;
             currency, that of the business
    """
    day = _days(buyer, added, earliest, latest)
    brings, brought = (cast(value > _ZERO, Integer) for value in (day.c.value, day.c.before))
    sums = {
        "order_count": func.sum(day.c.added),
        "net": func.sum(day.c.brought),
        "last_at": func.max(day.c.last_at),
        "first_day": func.min(day.c.day),
        "last_day": func.max(day.c.day),
        "days": func.count().filter(day.c.added == day.c.orders),
        "value_days": func.sum(brings - brought),
        "value": func.sum(day.c.value - day.c.before),
        "currency": business_currency(buyer),
    }
    return worked_out_once(select(*[value.label(name) for name, value in sums.items()]), day)


def _days(buyer: Row, added: Expression, earliest: Expression, latest: Expression) -> Table:
    """Return the days on which the added orders were made, each with all its orders."""
    order, bought = buyer.joined(orders_of_customer)
    bought += [order.c.placed_at > earliest - _A_DAY, order.c.placed_at < latest + _A_DAY]
    is_added = (order.key == any_(added)).label("is_added")
    refund, returned = buyer.joined(refunds_of_customer)
    each = valued_orders(order, bought, refund, returned, order.c.placed_at, is_added)
    sums = {
        "orders": func.count(),
        "added": func.count().filter(each.c.is_added),
        "brought": func.sum(each.c.value).filter(each.c.is_added),
        "last_at": func.max(each.c.placed_at).filter(each.c.is_added),
        "value": value_of_day(each.c.value),
        "before": value_of_day(each.c.value, not_(each.c.is_added)),
    }
    columns = [each.c.day, *[value.label(name) for name, value in sums.items()]]
    return select(*columns).group_by(each.c.day).having(func.bool_or(each.c.is_added)).subquery()
