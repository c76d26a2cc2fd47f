"""Finding what a change names: customers, products, exchange rates; many at once, in one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Date, Select, Text, Uuid, bindparam, column, func, select, true, union_all

from api.database import prepare
from api.domain.customer_name import CustomerName
from api.tables.business import exchange_rates
from api.tables.customers import customer_external_ids, customers
from api.tables.products import products
from api.writes.change import Change


def arrays(name: str, columns: Mapping[str, Any]) -> Any:
    """Return rows given as one array parameter per column, with their place as `ord`."""
    given = [bindparam(label, type_=ARRAY(type_)) for label, type_ in columns.items()]
    shaped = [column(label, type_) for label, type_ in columns.items()]
    return func.unnest(*given).table_valued(*shaped, with_ordinality="ord").render_derived(name)


def _customers() -> Select[Any]:
    named = arrays("n", {"key": Uuid, "source": Text, "value": Text, "email": Text, "phone": Text})
    columns = (customers.c.customer_id, customers.c.merged_into)
    by_source = (
        (customer_external_ids.c.source == named.c.source)
        & (customer_external_ids.c.value == named.c.value)
        & customer_external_ids.c.superseded_at.is_(None)
    )
    ways = [
        select(*columns).where(customers.c.customer_id == named.c.key),
        select(*columns).join(customer_external_ids).where(by_source),
        select(*columns).where(
            func.lower(customers.c.email) == func.lower(named.c.email), customers.c.merged_into.is_(None)
        ),
        select(*columns).where(customers.c.phone == named.c.phone, customers.c.merged_into.is_(None)),
    ]
    found = union_all(*[way.correlate(named) for way in ways]).lateral("f")
    place = column("ord", BigInteger)
    survivor = func.coalesce(found.c.merged_into, found.c.customer_id).label("customer_id")
    return select(place, survivor, found.c.merged_into).select_from(named.join(found, true()))


_CUSTOMERS = prepare(_customers())
_PRODUCTS = prepare(
    select(products.c.sku, products.c.product_id, products.c.name).where(
        products.c.sku == func.any(bindparam("skus", type_=ARRAY(Text)))
    )
)


def _rates() -> Select[Any]:
    asked = arrays("a", {"currency": Text, "day": Date})
    rate = (
        select(exchange_rates.c.rate)
        .where(exchange_rates.c.currency == asked.c.currency, exchange_rates.c.effective_on <= asked.c.day)
        .order_by(exchange_rates.c.effective_on.desc())
        .limit(1)
        .correlate(asked)
        .scalar_subquery()
    )
    return select(asked.c.currency, asked.c.day, rate.label("rate"))


_RATES = prepare(_rates())


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer that a name means; one that was merged away stands for the one it was merged into."""

    customer_id: UUID
    merged: bool


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product that is kept, under its article number."""

    product_id: UUID
    name: str


async def customers_named(change: Change, names: Sequence[CustomerName]) -> list[KnownCustomer | None]:
    """Return the customer each cleaned name means, or None where there is none or it is not the caller's."""
    found: list[KnownCustomer | None] = [None] * len(names)
    rows = await change.rows(
        _CUSTOMERS,
        key=[name.key for name in names],
        source=[name.external_id and name.external_id.source for name in names],
        value=[name.external_id and name.external_id.value for name in names],
        email=[name.email for name in names],
        phone=[name.phone for name in names],
    )
    for row in rows:
        if change.principal.customer_id in (None, row["customer_id"]):
            merged = row["merged_into"] is not None
            found[row["ord"] - 1] = KnownCustomer(row["customer_id"], merged)
    return found


async def products_known(change: Change, skus: Iterable[str]) -> dict[str, KnownProduct]:
    """Return the products that are kept, by article number."""
    rows = await change.rows(_PRODUCTS, skus=sorted(set(skus)))
    return {row["sku"]: KnownProduct(row["product_id"], row["name"]) for row in rows}


async def rates_on(change: Change, asked: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Decimal | None]:
    """Return how much one unit of a currency was worth in the currency of the business on a day, None if unknown."""
    foreign = sorted({(currency, day) for currency, day in asked if currency != change.business.currency})
    known: dict[tuple[str, date], Decimal | None] = {pair: Decimal(1) for pair in asked}
    if foreign:
        rows = await change.rows(_RATES, currency=[c for c, _ in foreign], day=[day for _, day in foreign])
        known |= {(row["currency"], row["day"]): row["rate"] for row in rows}
    return known
