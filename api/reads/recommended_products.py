"""Cross-selling: products that go with what a customer bought, and that the customer has not bought."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, Select, Subquery, Text, and_, cast, func, select, true
from sqlalchemy.dialects.postgresql import array, distinct_on

from api.domain.recommendations import LATEST_PRODUCTS
from api.reads.json import constant, number
from api.reads.orders import lines_of_order, orders_of_customer
from api.reads.product_pairs import COUNTS, best_first, pairs_of
from api.reads.products import products
from api.reads.recommended import recommendation
from api.reads.relation import Condition, Expression, Row
from api.reads.words import text


def cross_sells(row: Row, most: Expression) -> Select[Any]:
    """Return a recommendation for each product that goes with one of the last ones a customer bought, best first.

    most  how many are wanted at most
    """
    pair = _best_pairs(row, most)
    bought, offered = row.other(products), row.other(products)
    named = [
        *[bought.c.product_id == pair.c.bought_id, *bought.visible()],
        *[offered.c.product_id == pair.c.offered_id, *offered.visible()],
    ]
    names = ("bought_id", "offered_id", "product", *COUNTS, "expected", "confidence", "lift", "computed_at")
    columns = recommendation(
        "CROSS_SELL",
        place_within=-pair.c.lift,
        title=func.concat(text("Offer "), offered.c.name, type_=Text),
        reason=_reason(pair, bought, offered),
        value_low=pair.c.price_low,
        value_high=pair.c.price_high,
        currency=pair.c.price_currency,
        basis_of=array([constant(products.name)] * 2, type_=Text),
        basis_ids=array([pair.c.bought_id, pair.c.offered_id]),
        **{name: pair.c[name] for name in names},
    )
    source = pair.join(bought.table, true()).join(offered.table, true())
    return select(*columns).select_from(source).where(*named).correlate_except(pair, bought.table, offered.table)


def _reason(pair: Any, bought: Row, offered: Row) -> Expression:
    share = func.concat(pair.c.support, text(" of the "), pair.c.bought_support, text(" customers who bought "))
    by_chance = func.round(cast(pair.c.expected, Numeric))
    more = func.concat(text(" also bought "), offered.c.name, text("; by chance it would be "), by_chance, text("."))
    return func.concat(share, bought.c.name, more, type_=Text)


def _best_pairs(row: Row, most: Expression) -> Subquery:
    """Return the best pairs of a product that was bought lately and one that never was, one of each offered product."""
    lately = _bought_lately(row)
    pair = pairs_of(row.lens, lately.c.product_id)
    wanted = [~_has_bought(row, pair.c.offered_id)]
    each = select(*pair.c).select_from(lately.join(pair, true())).where(*wanted)
    one = each.ext(distinct_on(pair.c.offered_id)).order_by(pair.c.offered_id, *best_first(pair))
    found = one.correlate_except(lately, pair).subquery("each_pair")
    best = select(found).order_by(*best_first(found)).limit(most)
    return best.correlate_except(found).subquery("pair")


def _bought_lately(row: Row) -> Subquery:
    order, bought = row.joined(orders_of_customer)
    line, of = order.joined(lines_of_order)
    last = func.max(order.c.placed_at)
    found = select(line.c.product_id).select_from(order.table.join(line.table, and_(*of))).where(*bought)
    latest = found.group_by(line.c.product_id).order_by(last.desc(), line.c.product_id)
    return latest.limit(number(LATEST_PRODUCTS)).correlate_except(order.table, line.table).subquery("lately")


def _has_bought(row: Row, product_id: Expression) -> Condition:
    order, bought = row.joined(orders_of_customer)
    line, of = order.joined(lines_of_order)
    both = order.table.join(line.table, and_(*of))
    found = select(number(1)).select_from(both).where(*bought, line.c.product_id == product_id)
    return found.correlate_except(order.table, line.table).exists()
