"""Rows of orders, their lines and their products: one statement each, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Integer, Numeric, Text, Uuid, case, cast, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.purchase import NewLine, NewPurchase
from api.tables.orders import order_lines, order_numbers, orders
from api.tables.products import products
from api.writes.change import Change, Outcome
from api.writes.idempotency import SETTLING, SETTLING_ALL, settled, settled_all
from api.writes.lookups import KnownCustomer, KnownProduct, rows_text, sent
from api.writes.standing import TURNS

_ORDER_COLUMNS: dict[str, Any] = {
    "customer_id": Uuid,
    "order_id": Uuid,
    "source": Text,
    "external_id": Text,
    "placed_at": DateTime(timezone=True),
    "currency": Text,
    "gross": Numeric,
    "discount": Numeric,
    "business_gross": Numeric,
    "business_discount": Numeric,
}
_LINE_COLUMNS: dict[str, Any] = {
    "order_id": Uuid,
    "position": Integer,
    "line_id": Uuid,
    "product_id": Uuid,
    "sku": Text,
    "name": Text,
    "quantity": Integer,
    "unit_price": Numeric,
}
_PRODUCT_COLUMNS: dict[str, Any] = {
    "product_id": Uuid,
    "sku": Text,
    "name": Text,
    "category": Text,
    "durable": Boolean,
}


def _insertion(
    table: Any, columns: Mapping[str, Any], computed: Mapping[str, Any] | None = None, turns: Any = None
) -> Any:
    given = sent(f"new_{table.name}", columns)
    extra = {name: make(given) for name, make in (computed or {}).items()}
    selected = select(*[given.c[name] for name in columns], *extra.values())
    if turns is not None:
        same = turns.c.customer_id == given.c.customer_id
        selected = selected.join_from(given, turns, same, isouter=True).order_by(given.c.ord)
    return insert(table).from_select([*columns, *extra], selected)


def _number(given: Any) -> Any:
    drawn = literal_column("'R-'").concat(cast(order_numbers.next_value(), Text))
    return case((given.c.external_id.is_(None), drawn), else_=given.c.external_id)


def _lines_of(added: Any) -> Any:
    """Return an insertion of the given lines of orders in `added`; customer and currency are those of the order."""
    given = sent("new_lines", _LINE_COLUMNS)
    of_order = (added.c.customer_id, added.c.currency)
    rows = select(*of_order, *[given.c[name] for name in _LINE_COLUMNS]).join_from(
        given, added, given.c.order_id == added.c.order_id
    )
    return insert(order_lines).from_select(["customer_id", "currency", *_LINE_COLUMNS], rows)


def _orders_with_lines(settling: Any) -> Any:
    # The turn first, and then what may be taken by another change: on all ways in this order, or they might meet.
    added = _new_orders(TURNS.cte("turns")).cte("added")
    return select(added.c.order_id).add_cte(_lines_of(added).cte("lines"), settling.cte("settled"))


def _new_orders(turns: Any = None) -> Any:
    """Return an insertion of the given orders, each of them behind its customer's turn where turns are given."""
    return (
        _insertion(orders, _ORDER_COLUMNS, {"number": _number}, turns)
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(orders.c.order_id, orders.c.customer_id, orders.c.currency)
    )


_ADD_ORDERS = prepare(_new_orders())
_ADD_ORDERS_WITH_LINES = prepare(_orders_with_lines(SETTLING))
_ADD_ORDERS_OF_SEVERAL = prepare(_orders_with_lines(SETTLING_ALL))
_ADD_LINES = prepare(_lines_of(orders))
_ADD_PRODUCTS = prepare(_insertion(products, _PRODUCT_COLUMNS).on_conflict_do_nothing(index_elements=["sku"]))


@dataclass(frozen=True, slots=True)
class Priced:
    """A purchase that can be recorded: whose it is, and what its amounts are worth to the business.

    place  where it stands among those to record, from 0
    """

    order_id: UUID
    buyer: KnownCustomer
    purchase: NewPurchase
    business_gross: Decimal
    business_discount: Decimal
    place: int


async def add_orders(change: Change, priced: Sequence[Priced]) -> list[Priced]:
    """Add the orders and return those that are new; an external identifier that is taken keeps an order out.

    They are added in the order of these identifiers, because two changes that add the same ones must meet at them in
    one order; those without come first, and are numbered in the order sent.
    """
    return _new(priced, await change.rows(_ADD_ORDERS, new_orders=_orders_text(priced)))


async def add_orders_with_lines(
    change: Change,
    priced: Sequence[Priced],
    known: Mapping[str, KnownProduct],
    outcomes: Sequence[Outcome],
    in_turn: Sequence[UUID],
) -> list[Priced]:
    """Add orders as `add_orders` does, and in the same statement the lines of those that are new.

    Changes of the same customers take turns from here on, as `TURNS` says.

    outcomes  are kept by this statement, too, as they are if all orders are new
    in_turn   the customers, in order
    """
    several = bool(change.keys)
    rows = await change.rows(
        _ADD_ORDERS_OF_SEVERAL if several else _ADD_ORDERS_WITH_LINES,
        new_orders=_orders_text(priced),
        new_lines=_lines_text(priced, known),
        in_turn=in_turn,
        **(settled_all if several else settled)(change, outcomes),
    )
    return _new(priced, rows)


def _new(priced: Sequence[Priced], rows: Sequence[Any]) -> list[Priced]:
    added = {row["order_id"] for row in rows}
    return [each for each in priced if each.order_id in added]


def _turn(each: Priced) -> tuple[str, str]:
    known = each.purchase.external_id
    return (known.source, known.value) if known else ("", "")


async def add_products(change: Change, lines: Sequence[NewLine]) -> None:
    """Add products that are not known yet, as the lines that name them say; a known article number stays as it is."""
    ordered = sorted(lines, key=lambda line: line.sku)
    rows = ((new_id(), line.sku, line.name, line.category, bool(line.durable)) for line in ordered)
    await change.rows(_ADD_PRODUCTS, new_products=rows_text(_PRODUCT_COLUMNS, rows))


async def add_lines(change: Change, written: Sequence[Priced], known: Mapping[str, KnownProduct]) -> None:
    """Add the lines of orders; a line without a name takes that of its product."""
    await change.rows(_ADD_LINES, new_lines=_lines_text(written, known))


def _lines_text(written: Sequence[Priced], known: Mapping[str, KnownProduct]) -> str:
    rows = [
        (
            each.order_id,
            position,
            new_id(),
            known[line.sku].product_id,
            line.sku,
            line.name or known[line.sku].name,
            line.quantity,
            line.unit_price.amount,
        )
        for each in written
        for position, line in enumerate(each.purchase.lines, 1)
    ]
    return rows_text(_LINE_COLUMNS, rows)


def _orders_text(priced: Sequence[Priced]) -> str:
    rows = [
        (
            each.buyer.customer_id,
            each.order_id,
            each.purchase.external_id and each.purchase.external_id.source,
            each.purchase.external_id and each.purchase.external_id.value,
            each.purchase.placed_at,
            each.purchase.currency,
            each.purchase.gross,
            each.purchase.reduction,
            each.business_gross,
            each.business_discount,
        )
        for each in sorted(priced, key=_turn)
    ]
    return rows_text(_ORDER_COLUMNS, rows)
