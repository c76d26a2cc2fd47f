"""Recording staged orders with their lines, and the products on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, distinct, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from api.database import Connection
from api.tables.orders import order_lines
from api.tables.orders import orders as recorded
from api.tables.products import products
from api.writes.importing.expressions import new_ids
from api.writes.importing.staging import customers, documents, fetch, lines, of_customer, of_document, run


@dataclass(frozen=True, slots=True)
class RecordedProducts:
    """How many products of the file were added, and how many were known."""

    added: int
    known: int


async def record_products(connection: Connection) -> RecordedProducts:
    """Record the products that were bought and are not known yet, each under its latest name."""
    latest = (
        select(lines.c.sku, func.coalesce(lines.c.product_name, lines.c.name).label("name"), lines.c.category)
        .join(documents, of_document())
        .where(_to_record())
        .distinct(lines.c.sku)
        .order_by(lines.c.sku, documents.c.placed_at.desc(), lines.c.row.desc())
        .subquery()
    )
    rows = select(new_ids(), latest).order_by(latest.c.sku)
    into = ["product_id", "sku", "name", "category"]
    added = await run(connection, upsert(products).from_select(into, rows).on_conflict_do_nothing())
    bought = select(func.count(distinct(lines.c.sku))).join(documents, of_document())
    total = (await fetch(connection, bought.where(documents.c.reason.is_(None), ~documents.c.is_credit)))[0][0]
    return RecordedProducts(added, total - added)


async def record_orders(connection: Connection, chunk: int) -> tuple[int, int]:
    """Record a chunk's orders that are not known yet; return how many orders and lines were added."""
    rows = _orders().where(documents.c.chunk == chunk, _to_record())
    statement = upsert(recorded).from_select(_ORDER, rows)
    added = await run(connection, statement.on_conflict_do_nothing(index_elements=["source", "external_id"]))
    # An order that somebody else recorded a moment ago has another id than the staged one, and so gets no lines here.
    return added, await run(connection, insert(order_lines).from_select(_LINE, _lines(chunk)))


_ORDER = ["customer_id", "order_id", "number", "source", "external_id", "placed_at", "currency"]
_ORDER += ["gross", "discount", "business_gross", "business_discount"]
_LINE = ["customer_id", "order_id", "position", "line_id", "product_id", "sku", "name", "quantity", "unit_price"]
_LINE += ["currency"]


def _orders() -> Select[Any]:
    d = documents.c
    return select(
        *(customers.c.customer_id, d.order_id, d.document, d.source, d.document.label("external_id"), d.placed_at),
        *(d.currency, d.gross, d.discount),
        (d.gross * d.rate).label("business_gross"),
        (d.discount * d.rate).label("business_discount"),
    ).join(customers, of_customer())


def _lines(chunk: int) -> Select[Any]:
    position: ColumnElement[int] = func.row_number().over(partition_by=documents.c.order_id, order_by=lines.c.row)
    same: list[Column[Any]] = [lines.c[name] for name in ("sku", "name", "quantity", "unit_price")]
    return (
        select(*(recorded.c.customer_id, recorded.c.order_id, position, new_ids(), products.c.product_id), *same)
        .add_columns(recorded.c.currency)
        .select_from(documents)
        .join(recorded, recorded.c.order_id == documents.c.order_id)
        .join(lines, of_document())
        .join(products, products.c.sku == lines.c.sku)
        .where(documents.c.chunk == chunk, _to_record())
    )


def _to_record() -> ColumnElement[bool]:
    return and_(~documents.c.is_credit, documents.c.reason.is_(None), ~documents.c.known)
