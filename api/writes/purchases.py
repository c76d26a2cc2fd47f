"""Recording purchases: one or 250 cost the same handful of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Integer, Numeric, Text, Uuid, case, cast, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.money import in_minor_units
from api.domain.purchase import NewLine, NewPurchase
from api.errors import Rejection, UserErrorCode
from api.tables.customers import customers
from api.tables.orders import order_lines, order_numbers, orders
from api.tables.products import products
from api.writes.change import Change, Outcome, Refused
from api.writes.lookups import KnownCustomer, KnownProduct, arrays, customers_named, products_known, rates_on

MOST_PURCHASES = 250

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
    "customer_id": Uuid,
    "order_id": Uuid,
    "position": Integer,
    "line_id": Uuid,
    "product_id": Uuid,
    "sku": Text,
    "name": Text,
    "quantity": Integer,
    "unit_price": Numeric,
    "currency": Text,
}
_PRODUCT_COLUMNS: dict[str, Any] = {
    "product_id": Uuid,
    "sku": Text,
    "name": Text,
    "category": Text,
    "durable": Boolean,
}


def _insertion(table: Any, columns: Mapping[str, Any], computed: Mapping[str, Any] | None = None) -> Any:
    given = arrays("g", columns)
    extra = {name: make(given) for name, make in (computed or {}).items()}
    selected = select(*[given.c[name] for name in columns], *extra.values())
    return insert(table).from_select([*columns, *extra], selected)


def _number(given: Any) -> Any:
    drawn = literal_column("'R-'").concat(cast(order_numbers.next_value(), Text))
    return case((given.c.external_id.is_(None), drawn), else_=given.c.external_id)


_ADD_ORDERS = prepare(
    _insertion(orders, _ORDER_COLUMNS, {"number": _number})
    .on_conflict_do_nothing(index_elements=["source", "external_id"])
    .returning(orders.c.order_id)
)
_ADD_PRODUCTS = prepare(_insertion(products, _PRODUCT_COLUMNS).on_conflict_do_nothing(index_elements=["sku"]))
_ADD_LINES = prepare(_insertion(order_lines, _LINE_COLUMNS))


def _back_dating() -> Any:
    given = arrays("g", {"customer_id": Uuid, "placed_at": DateTime(timezone=True)})
    earliest = (
        select(given.c.customer_id, func.min(given.c.placed_at).label("placed_at")).group_by(given.c.customer_id)
    ).subquery("e")
    return (
        update(customers)
        .values(created_at=earliest.c.placed_at)
        .where(customers.c.customer_id == earliest.c.customer_id, customers.c.created_at > earliest.c.placed_at)
    )


_DATE_BACK = prepare(_back_dating())


@dataclass(frozen=True, slots=True)
class Priced:
    """A purchase that can be recorded: whose it is, and what its amounts are worth to the business."""

    order_id: UUID
    buyer: KnownCustomer
    purchase: NewPurchase
    business_gross: Decimal
    business_discount: Decimal
    place: int


async def record_purchases(
    change: Change, purchases: Sequence[NewPurchase], fields: Sequence[tuple[str, ...]], *, all_or_none: bool
) -> list[Outcome]:
    """Record purchases and return one outcome each, in order; raise Refused where `all_or_none` and one is wrong.

    fields  where each purchase stands in the input
    """
    outcomes: list[Outcome | None] = [None] * len(purchases)
    good: dict[int, NewPurchase] = {}
    for place, purchase in enumerate(purchases):
        try:
            good[place] = purchase.checked(change.now, fields[place])
        except Rejection as rejection:
            outcomes[place] = Outcome({}, errors=(rejection,))
    known = await products_known(change, (line.sku for purchase in good.values() for line in purchase.lines))
    priced = await _priced(change, good, fields, known, outcomes)
    if not all_or_none or all(outcome is None for outcome in outcomes):
        await _write(change, priced, fields, known, outcomes)
    found = [outcome or Outcome({}) for outcome in outcomes]
    if all_or_none and any(outcome.errors for outcome in found):
        raise Refused([Outcome({}, errors=outcome.errors) for outcome in found])
    return found


async def _priced(
    change: Change,
    purchases: Mapping[int, NewPurchase],
    fields: Sequence[tuple[str, ...]],
    known: Mapping[str, KnownProduct],
    outcomes: list[Outcome | None],
) -> list[Priced]:
    buyers = await customers_named(change, [purchase.customer for purchase in purchases.values()])
    days = {place: _day(change, purchase) for place, purchase in purchases.items()}
    rates = await rates_on(change, [(purchases[place].currency, day) for place, day in days.items()])
    new_names = {line.sku for purchase in purchases.values() for line in purchase.lines if line.name}
    found = []
    for (place, purchase), buyer in zip(purchases.items(), buyers, strict=True):
        try:
            rate = rates[purchase.currency, days[place]]
            found.append(_price(change, purchase, buyer, rate, known.keys() | new_names, fields[place], place))
        except Rejection as rejection:
            outcomes[place] = Outcome({}, errors=(rejection,))
    return found


def _day(change: Change, purchase: NewPurchase) -> date:
    return purchase.placed_at.astimezone(change.business.time_zone).date()


def _price(
    change: Change,
    purchase: NewPurchase,
    buyer: KnownCustomer | None,
    rate: Decimal | None,
    nameable: set[str],
    field: tuple[str, ...],
    place: int,
) -> Priced:
    if buyer is None:
        message = "There is no such customer, or it is not yours; setCustomer creates one."
        raise Rejection(UserErrorCode.NOT_FOUND, message, (*field, "customer"))
    for index, line in enumerate(purchase.lines):
        if line.sku not in nameable:
            message = "The product is not known yet, so its name is needed."
            raise Rejection(UserErrorCode.BLANK, message, (*field, "lines", str(index), "name"))
    if rate is None:
        message = "There is no exchange rate from this currency to that of the business on the day of the purchase."
        raise Rejection(UserErrorCode.MISSING_EXCHANGE_RATE, message, (*field, "lines", "0", "unitPrice"))
    gross, discount = (
        worth(change, amount, purchase.currency, rate) for amount in (purchase.gross, purchase.reduction)
    )
    return Priced(new_id(), buyer, purchase, gross, min(discount, gross), place)


def worth(change: Change, amount: Decimal, currency: str, rate: Decimal) -> Decimal:
    """Return an amount in the currency of the business: exact in its own, in minor units from another."""
    if currency == change.business.currency:
        return amount
    with localcontext() as context:
        context.prec = 60
        return in_minor_units(amount * rate, change.business.currency)


async def _write(
    change: Change,
    priced: Sequence[Priced],
    fields: Sequence[tuple[str, ...]],
    known: dict[str, KnownProduct],
    outcomes: list[Outcome | None],
) -> None:
    added = {row["order_id"] for row in await change.rows(_ADD_ORDERS, **_order_values(priced))} if priced else set()
    written = [each for each in priced if each.order_id in added]
    for each in priced:
        ids = {"order": each.order_id, "customer": each.buyer.customer_id}
        outcomes[each.place] = Outcome(ids) if each.order_id in added else Outcome({}, errors=(_taken(fields, each),))
    if written:
        lines = [(each, index, line) for each in written for index, line in enumerate(each.purchase.lines)]
        known |= await _new_products(change, [line for _, _, line in lines], known)
        await change.rows(_ADD_LINES, **_line_values(lines, known))
    early = [each for each in written if each.purchase.placed_at < each.buyer.created_at]
    if early:
        await change.rows(
            _DATE_BACK,
            customer_id=[each.buyer.customer_id for each in early],
            placed_at=[each.purchase.placed_at for each in early],
        )


def _taken(fields: Sequence[tuple[str, ...]], each: Priced) -> Rejection:
    message = "An order with this external identifier is recorded already."
    return Rejection(UserErrorCode.TAKEN, message, (*fields[each.place], "externalId"))


async def _new_products(
    change: Change, lines: Sequence[NewLine], known: Mapping[str, KnownProduct]
) -> dict[str, KnownProduct]:
    new = {line.sku: line for line in reversed(lines) if line.sku not in known and line.name}
    if not new:
        return {}
    ordered = [new[sku] for sku in sorted(new)]
    await change.rows(
        _ADD_PRODUCTS,
        product_id=[new_id() for _ in ordered],
        sku=[line.sku for line in ordered],
        name=[line.name for line in ordered],
        category=[line.category for line in ordered],
        durable=[bool(line.durable) for line in ordered],
    )
    return await products_known(change, new)


def _order_values(priced: Sequence[Priced]) -> dict[str, list[Any]]:
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
        for each in priced
    ]
    return {name: list(values) for name, values in zip(_ORDER_COLUMNS, zip(*rows, strict=True), strict=True)}


def _line_values(
    lines: Sequence[tuple[Priced, int, NewLine]], known: Mapping[str, KnownProduct]
) -> dict[str, list[Any]]:
    rows = [
        (
            each.buyer.customer_id,
            each.order_id,
            index + 1,
            new_id(),
            known[line.sku].product_id,
            line.sku,
            line.name or known[line.sku].name,
            line.quantity,
            line.unit_price.amount,
            line.unit_price.currency_code,
        )
        for each, index, line in lines
    ]
    return {name: list(values) for name, values in zip(_LINE_COLUMNS, zip(*rows, strict=True), strict=True)}
