"""Products that are bought by the same customers, and how far beyond chance: as kept now, from the facts at any moment.

Whoever has placed an order with a product has bought it, whether it was paid back or not. Everybody's purchases are
counted, whoever asks: what goes with a product is the same for all, and no customer can be told from a count.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    Double,
    Numeric,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    type_coerce,
    union_all,
)

from api.database import Connection, prepare
from api.domain import recommendations as rules
from api.reads.business import business_currency
from api.reads.history import sized
from api.reads.identity import Given
from api.reads.json import constant, number, parameter
from api.reads.orders import order_lines
from api.reads.products import products
from api.reads.relation import Expression, Lens, Link, Row, Table, rows
from api.tables.product_pairs import product_pairs

COUNTS = ("support", "bought_support", "offered_support", "buyers")
QUARTERS: Expression = literal_column("'{0.25,0.75}'::float8[]")

BOUGHT = Link(products, products, (("bought_id", "product_id"),))
OFFERED = Link(products, products, (("offered_id", "product_id"),))


def bought_together(row: Row, given: Given) -> Table:
    """Return what goes with a product, as rows beside it, that which goes with it best first.

    given    `first`, how many at most
    returns  what `pairs_of` does, and place
    """
    pair = pairs_of(row.lens, row.key)
    offered = row.other(products)
    seen = [offered.c.product_id == pair.c.offered_id, *offered.visible()]
    place = func.row_number().over(order_by=best_first(pair))
    found = select(*pair.c, place.label("place")).select_from(pair.join(offered.table, and_(*seen)))
    first = given.parameter("integer", "first", convert=sized)
    listed: Table = found.order_by(*best_first(pair)).limit(first).correlate_except(pair, offered.table).lateral()
    return listed


_DAY: Expression = literal_column("interval '1 day'")
_LAST_COUNTED = select(func.max(product_pairs.c.computed_at)).scalar_subquery()
_ARE_DUE = prepare(
    select(
        and_(
            func.coalesce(parameter("moment", "moment") - _DAY >= _LAST_COUNTED, true()),
            select(order_lines.table.c.line_id).exists(),
        )
    )
)


async def pairs_are_due(connection: Connection, now: datetime) -> bool:
    """Return whether pairs are to be counted: there may be some, and the last time was a day ago or more."""
    return bool(await connection.fetchval(_ARE_DUE.sql, *_ARE_DUE.values({"moment": now})))


def best_first(pair: Any) -> list[Expression]:
    """Return the order of pairs: by lift, then by how many customers have bought both."""
    return [pair.c.lift.desc(), pair.c.support.desc(), pair.c.offered_id, pair.c.bought_id]


def pairs_of(lens: Lens, bought: Expression) -> Table:
    """Return what goes with a product that stands beside: as kept, or from the facts where somebody looks back.

    returns  bought_id, offered_id; `COUNTS`, expected, confidence and lift; price_low, price_high and price_currency,
             the range of what a line of an order of it costs, null where too few are known; computed_at, to when they
             count; and `product`, the name of the relation behind both identifiers
    """
    # What was counted once serves a whole statement: PostgreSQL would count anew for every product.
    kept = product_pairs.alias() if is_now(lens) else counted_pairs(lens).cte().prefix_with("MATERIALIZED")
    both, of, other, buyers = _counts(kept)
    columns = {
        "confidence": rules.confidence(both, of),
        "lift": rules.lift(both, of, other, buyers),
        "product": constant(products.name),
    }
    told = select(*kept.c, *[value.label(name) for name, value in columns.items()]).where(kept.c.bought_id == bought)
    pairs: Table = told.correlate_except(kept).lateral()
    return pairs


def is_now(lens: Lens) -> bool:
    """Return whether a lens shows things as they stand now, with all that is recorded."""
    return lens.as_of is None and lens.known_at is None


def _counts(pair: Any) -> list[Expression]:
    return [cast(pair.c[name], Double) for name in COUNTS]


def counted_pairs(lens: Lens) -> Select[Any]:
    """Return the columns of `product_pairs` from the facts that a lens shows."""
    everybody = replace(lens, owner=None, currency=None)
    held, sold = _held(everybody).cte(), _sold(everybody).cte()
    both, breadth, of, other = _bought_both(held), _breadth(held), sold.alias(), sold.alias()
    counts = [both.c.support, of.c.customers.label("bought_support"), other.c.customers.label("offered_support")]
    prices = [other.c.price_low, other.c.price_high, other.c.price_currency]
    sizes = [cast(size, Double) for size in (of.c.customers, other.c.customers, breadth.c.held, breadth.c.held_twice)]
    expected = rules.expected_both(*sizes).label("expected")
    columns = [both.c.bought_id, both.c.offered_id, *counts, breadth.c.buyers, expected, *prices]
    source = both.join(of, of.c.product_id == both.c.bought_id).join(other, other.c.product_id == both.c.offered_id)
    judged = select(*columns).select_from(source.join(breadth, true())).subquery("judged")
    return _strongest(judged, lens.moment)


def _held(lens: Lens) -> Select[Any]:
    """Return which products each customer has bought."""
    line = Row(order_lines, lens)
    return rows(line, [line.c.customer_id, line.c.product_id], line.visible()).distinct()


def _bought_both(held: CTE) -> Subquery:
    """Return how many customers have bought each two products, either of them as `bought_id` and as `offered_id`."""
    one, other = held.alias(), held.alias()
    pair = [one.c.product_id.label("one_id"), other.c.product_id.label("other_id")]
    same = and_(one.c.customer_id == other.c.customer_id, one.c.product_id < other.c.product_id)
    counted = select(*pair, func.count().label("support")).select_from(one.join(other, same)).group_by(*pair)
    both = counted.having(func.count() >= number(rules.MINIMUM_SUPPORT)).cte()
    there = select(both.c.one_id.label("bought_id"), both.c.other_id.label("offered_id"), both.c.support)
    back = select(both.c.other_id, both.c.one_id, both.c.support)
    return union_all(there, back).subquery("both_bought")


def _breadth(held: CTE) -> Subquery:
    """Return one row: how many `buyers` there are, and `held` and `held_twice` as `domain.expected_both` takes them."""
    each = select(func.count().label("products")).select_from(held).group_by(held.c.customer_id).subquery("each_buyer")
    products_held = func.sum(each.c.products)
    twice = func.sum(each.c.products * (each.c.products - number(1)))
    columns = {"buyers": func.count(), "held": products_held, "held_twice": twice}
    return select(*[value.label(name) for name, value in columns.items()]).select_from(each).subquery("breadth")


def _sold(lens: Lens) -> Select[Any]:
    """Return of each product how many customers have bought it, and the range of what a line of an order costs."""
    line = Row(order_lines, lens)
    home = business_currency(line)
    at_home = line.c.currency == home
    quarters = func.percentile_disc(QUARTERS).within_group(line.c.total)
    range_ = type_coerce(quarters.filter(at_home), ARRAY(Numeric))
    enough = func.count().filter(at_home) >= number(rules.MINIMUM_PRICES)
    columns = [
        line.c.product_id,
        func.count(line.c.customer_id.distinct()).label("customers"),
        case((enough, range_[number(1)])).label("price_low"),
        case((enough, range_[number(2)])).label("price_high"),
        case((enough, home)).label("price_currency"),
    ]
    return rows(line, columns, line.visible()).group_by(line.c.product_id)


def _strongest(judged: Subquery, moment: Expression) -> Select[Any]:
    """Return of each product those that go with it beyond chance, the strongest of them."""
    both, of, other, buyers = _counts(judged)
    order = [rules.lift(both, of, other, buyers).desc(), judged.c.support.desc(), judged.c.offered_id]
    place = func.row_number().over(partition_by=judged.c.bought_id, order_by=order)
    surprise = rules.surprise(both, judged.c.expected)
    beyond = and_(both > judged.c.expected, surprise >= literal_column(str(rules.SIGNIFICANT)))
    placed = select(judged, place.label("place")).where(beyond).subquery("placed")
    columns = [placed.c[name] for name in judged.c.keys()]  # noqa: SIM118  (no mapping)
    return select(*columns, moment.label("computed_at")).where(placed.c.place <= number(rules.STRONGEST))
