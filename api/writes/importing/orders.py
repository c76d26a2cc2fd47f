"""Recording staged orders with their lines, and the products on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Select, and_, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from api.database import Connection
from api.tables.orders import order_lines
from api.tables.orders import orders as recorded
from api.tables.products import products
from api.writes.business import Business
from api.writes.importing.expressions import ids_within, new_ids, worth
from api.writes.importing.known import find_known_orders
from api.writes.importing.staging import customers, documents, fetch, lines, of_customer, of_document, run
from api.writes.importing.staging import products as staged
from api.writes.loyalty_earning import earn
from api.writes.standing import bring_up_to_date


@dataclass(frozen=True, slots=True)
class RecordedProducts:
    """How many products of the file were added, and how many were known."""

    added: int
    known: int


async def record_products(connection: Connection) -> RecordedProducts:
    """Record the products that were bought and are not known yet, each under its name in the last row that has it."""
    await run(connection, delete(staged))
    total = await run(connection, insert(staged).from_select(["sku", "name", "category"], _products()))
    rows = select(new_ids(), staged).order_by(staged.c.sku)
    into = ["product_id", "sku", "name", "category"]
    added = await run(connection, upsert(products).from_select(into, rows).on_conflict_do_nothing())
    return RecordedProducts(added, total - added)


async def record_orders(connection: Connection, chunk: int, business: Business) -> tuple[int, int]:
    """Record a chunk's orders that are not known yet, with the points they earn; return how many orders and lines."""
    rows = _orders(business.currency).where(documents.c.chunk == chunk, _to_record())
    statement = upsert(recorded).from_select(_ORDER, rows)
    added = await run(connection, statement.on_conflict_do_nothing(index_elements=["source", "external_id"]))
    # An order that somebody else recorded a moment ago has another id than the staged one, and so gets no lines here.
    await find_known_orders(connection, chunk)
    count = await run(connection, insert(order_lines).from_select(_LINE, _lines(chunk)))
    bought = await fetch(connection, _added(chunk)) if added else []
    buyers = {row["customer_id"] for row in bought}
    await bring_up_to_date(connection, list(buyers))
    await earn(connection, ZoneInfo(business.time_zone), buyers, [row["order_id"] for row in bought])
    return added, count


def _added(chunk: int) -> Select[Any]:
    same = recorded.c.order_id == documents.c.order_id
    added = select(recorded.c.customer_id, recorded.c.order_id).join(documents, same)
    return added.where(documents.c.chunk == chunk, _to_record())


_ORDER = ["customer_id", "order_id", "number", "source", "external_id", "placed_at", "currency"]
_ORDER += ["gross", "discount", "business_gross", "business_discount"]
_LINE = ["customer_id", "order_id", "position", "line_id", "product_id", "sku", "name", "quantity", "unit_price"]
_LINE += ["currency"]


def _products() -> Select[Any]:
    last = (
        select(func.max(lines.c.row).label("row"))
        .join(documents, of_document())
        .where(~documents.c.is_credit, documents.c.reason.is_(None))
        .group_by(lines.c.sku)
        .subquery()
    )
    name = func.coalesce(lines.c.product_name, lines.c.name)
    return select(lines.c.sku, name, lines.c.category).join(last, last.c.row == lines.c.row)


def _orders(business_currency: str) -> Select[Any]:
    d = documents.c
    gross, discount = (worth(amount, d.rate, d.currency, business_currency) for amount in (d.gross, d.discount))
    return select(
        *(customers.c.customer_id, d.order_id, d.document, d.source, d.document.label("external_id"), d.placed_at),
        *(d.currency, d.gross, d.discount),
        gross.label("business_gross"),
        discount.label("business_discount"),
    ).join(customers, of_customer())


def _lines(chunk: int) -> Select[Any]:
    position: ColumnElement[int] = func.row_number().over(partition_by=documents.c.order_id, order_by=lines.c.row)
    line_id = ids_within(documents.c.order_id, position)
    same: list[Column[Any]] = [lines.c[name] for name in ("sku", "name", "quantity", "unit_price")]
    return (
        select(*(recorded.c.customer_id, recorded.c.order_id, position, line_id, products.c.product_id), *same)
        .add_columns(recorded.c.currency)
        .select_from(documents)
        .join(recorded, recorded.c.order_id == documents.c.order_id)
        .join(lines, of_document())
        .join(products, products.c.sku == lines.c.sku)
        .where(documents.c.chunk == chunk, _to_record())
    )


def _to_record() -> ColumnElement[bool]:
    return and_(~documents.c.is_credit, documents.c.reason.is_(None), ~documents.c.known)
