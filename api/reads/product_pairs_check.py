"""Whether products that go together are kept as the purchases say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select

from api.reads.product_pairs import counted_pairs
from api.reads.relation import Condition, Expression, Lens
from api.tables.orders import order_lines, orders
from api.tables.product_pairs import product_pairs

_BEFORE: Expression = literal_column("interval 'PT1H'")
_AFTER: Expression = literal_column("interval 'PT1M'")
_KEY = ("bought_id", "offered_id")
_SUPPORTS = ("support", "bought_support", "offered_support")


def miscounted() -> Select[Any]:
    """Return how many pairs are kept otherwise than the purchases said when they were last counted, as known then.

    What was recorded in the hour before, or the minute after, may have been on its way meanwhile. Where there is such,
    it is only looked at how many customers have bought products of which nothing was.
    """
    last = select(func.max(product_pairs.c.computed_at)).scalar_subquery()
    kept, made = product_pairs, counted_pairs(Lens(moment=last, known_at=last)).subquery("made")
    same = and_(*[kept.c[name] == made.c[name] for name in _KEY])
    counted = [column.name for column in kept.c if column.name not in ("computed_at", *_KEY)]
    is_missing = or_(kept.c.bought_id.is_(None), made.c.bought_id.is_(None))
    settled = and_(*[~_recorded_lately(last, kept.c[name]) for name in _KEY])
    supports = and_(~is_missing, settled, or_(*_differences(made, _SUPPORTS)))
    wrong = case((_recorded_lately(last), supports), else_=or_(is_missing, *_differences(made, counted)))
    return select(func.count()).select_from(kept.join(made, same, full=True)).where(wrong)


def _differences(made: Any, names: Any) -> list[Condition]:
    return [product_pairs.c[name].is_distinct_from(made.c[name]) for name in names]


def _recorded_lately(last: Expression, product_id: Expression | None = None) -> Condition:
    """Return whether something may have been on its way when pairs were counted; of one product, or at all."""
    lately = orders.c.recorded_at.between(last - _BEFORE, last + _AFTER)
    found: Select[Any] = select(literal_column("1")).select_from(orders)
    if product_id is not None:
        lines = and_(order_lines.c.customer_id == orders.c.customer_id, order_lines.c.order_id == orders.c.order_id)
        found = found.join(order_lines, lines).where(order_lines.c.product_id == product_id)
    return found.where(lately).exists()
