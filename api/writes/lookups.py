"""Finding what a change names: customers, products, exchange rates; many at once, in one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from api.database import prepare
from api.domain.customer_name import CustomerName
from api.errors import Rejection, UserErrorCode
from api.tables.business import exchange_rates
from api.tables.customers import customer_external_ids, customers
from api.tables.loyalty import loyalty_accounts
from api.tables.products import products
from api.tables.referrals import referrals
from api.writes.change import Change


def sent(name: str, columns: Mapping[str, Any]) -> Any:
    """Return rows that are sent as one text, which `rows_text` makes, with their place as `ord`.

    asyncpg looks at every value of an array several times; PostgreSQL reads the text as fast as arrays.
    """
    shaped = [column(label, type_) for label, type_ in columns.items()]
    given = cast(bindparam(name, type_=Text), JSONB)
    return func.jsonb_to_recordset(given).table_valued(*shaped, column("ord", Integer)).render_derived(name, True)


def rows_text(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as the text that `sent` takes."""
    names = ("ord", *columns)
    made = [dict(zip(names, (place, *row), strict=True)) for place, row in enumerate(rows, 1)]
    # Amounts and lengths of time are texts, of which nothing is lost.
    return orjson.dumps(made, default=str, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def has_account(customer_id: Any) -> ColumnElement[bool]:
    """Return the condition that an account for points is a customer's, and open."""
    return and_(loyalty_accounts.c.customer_id == customer_id, loyalty_accounts.c.closed_at.is_(None))


def came_by(customer_id: Any) -> ColumnElement[bool]:
    """Return the condition that a referral is the one a customer has joined by, and that purchases can move it."""
    is_open = referrals.c.status.in_([literal_column("'JOINED'"), literal_column("'QUALIFIED'")])
    return and_(referrals.c.referred_id == customer_id, referrals.c.superseded_at.is_(None), is_open)


_NAMES = {"key": Uuid, "source": Text, "value": Text, "email": Text, "phone": Text}


def _customers() -> Select[Any]:
    named = sent("named", _NAMES)
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
    survivor = func.coalesce(found.c.merged_into, found.c.customer_id).label("key")
    source = named.join(found, true()).outerjoin(loyalty_accounts, has_account(survivor.element))
    source = source.outerjoin(referrals, came_by(survivor.element))
    # Once it counts, only what was bought before the friend joined can move it.
    moves_until = func.coalesce(referrals.c.expires_at, referrals.c.joined_at).label("moves_until")
    of_referral = (referrals.c.referral_id, moves_until, referrals.c.customer_id.label("referrer_id"))
    beside = (loyalty_accounts.c.account_id, *of_referral)
    return select(named.c.ord, survivor, found.c.merged_into, *beside).select_from(source)


def _products() -> Select[Any]:
    asked = products.c.sku == func.any(bindparam("skus", type_=ARRAY(Text)))
    return select(products.c.sku, products.c.product_id, products.c.name).where(asked)


def _customers_and_products() -> CompoundSelect[Any]:
    """Return both in one statement: its rows have either a place or an article number."""
    buyer, sold = _customers().subquery("c"), _products().subquery("p")
    return union_all(
        select(
            *(buyer.c.ord, buyer.c.key, buyer.c.merged_into, buyer.c.account_id),
            *(buyer.c.referral_id, buyer.c.moves_until, buyer.c.referrer_id),
            *(null().label("sku"), null().label("name")),
        ),
        select(null(), sold.c.product_id, *[null()] * 5, sold.c.sku, sold.c.name),
    )


_CUSTOMERS = prepare(_customers())
_PRODUCTS = prepare(_products())
_CUSTOMERS_AND_PRODUCTS = prepare(_customers_and_products())


_RATE = {"currency": Text, "day": Date}


def _rates() -> Select[Any]:
    asked = sent("asked", _RATE)
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
    """A customer that a name means; one that was merged away stands for the one it was merged into.

    account_id   of the customer's account for points, None where none is open
    referral     by which the customer has joined, None for most, and where nothing moves it any more
    moves_until  until when a purchase has to have been made to move it
    referrer     who recommended to the customer, where that is so
    """

    customer_id: UUID
    merged: bool
    account_id: UUID | None = None
    referral: UUID | None = None
    moves_until: datetime | None = None
    referrer: UUID | None = None


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product that is kept, under its article number."""

    product_id: UUID
    name: str


async def customers_named(change: Change, names: Sequence[CustomerName]) -> list[KnownCustomer | None]:
    """Return the customer each cleaned name means, or None where there is none or it is not the caller's."""
    return _buyers(change, len(names), await change.rows(_CUSTOMERS, named=_spread(names)))


async def customer_of(change: Change, name: CustomerName, field: tuple[str, ...]) -> UUID:
    """Return the customer a cleaned name means; raise Rejection where there is none, or it is not the caller's."""
    (known,) = await customers_named(change, [name])
    if known is None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such customer; setCustomer creates one.", field)
    return known.customer_id


async def products_known(change: Change, skus: Iterable[str]) -> dict[str, KnownProduct]:
    """Return the products that are kept, by article number."""
    rows = await change.rows(_PRODUCTS, skus=sorted(set(skus)))
    return {row["sku"]: KnownProduct(row["product_id"], row["name"]) for row in rows}


async def customers_and_products(
    change: Change, names: Sequence[CustomerName], skus: Iterable[str]
) -> tuple[list[KnownCustomer | None], dict[str, KnownProduct]]:
    """Return what `customers_named` and `products_known` do, in one statement."""
    rows = await change.rows(_CUSTOMERS_AND_PRODUCTS, named=_spread(names), skus=sorted(set(skus)))
    known = {row["sku"]: KnownProduct(row["key"], row["name"]) for row in rows if row["ord"] is None}
    return _buyers(change, len(names), [row for row in rows if row["ord"] is not None]), known


def _spread(names: Sequence[CustomerName]) -> str:
    rows = []
    for name in names:
        known = name.external_id
        rows.append((name.key, known and known.source, known and known.value, name.email, name.phone))
    return rows_text(_NAMES, rows)


def _buyers(change: Change, count: int, rows: Iterable[Any]) -> list[KnownCustomer | None]:
    found: list[KnownCustomer | None] = [None] * count
    for row in rows:
        if change.principal.customer_id in (None, row["key"]):
            merged = row["merged_into"] is not None
            open_ones = (row["account_id"], row["referral_id"], row["moves_until"], row["referrer_id"])
            found[row["ord"] - 1] = KnownCustomer(row["key"], merged, *open_ones)
    return found


async def rates_on(change: Change, asked: Iterable[tuple[str, date]]) -> dict[tuple[str, date], Decimal | None]:
    """Return how much one unit of a currency was worth in the currency of the business on a day, None if unknown."""
    foreign = sorted({(currency, day) for currency, day in asked if currency != change.business.currency})
    known: dict[tuple[str, date], Decimal | None] = {pair: Decimal(1) for pair in asked}
    if foreign:
        rows = await change.rows(_RATES, asked=rows_text(_RATE, foreign))
        known |= {(row["currency"], row["day"]): row["rate"] for row in rows}
    return known
