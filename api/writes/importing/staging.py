"""Staging: temporary tables of one connection, where a file's rows wait until they are whole orders.

They are temporary, so that no two imports see each other's and nothing is left after a crash.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    Select,
    Table,
    Text,
    Update,
    Uuid,
    and_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import ClauseElement

from api.database import Connection, prepare
from api.domain.file_rows import Reason
from api.writes.importing.lines import Line

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
_metadata = MetaData()

DETAILS = ("country", "email", "first_name", "last_name", "phone", "company")
"""What a line may say about its customer."""


def temporary(name: str, *columns: Column[Any]) -> Table:
    """Return a staging table, which `create` makes."""
    return Table(name, _metadata, *columns, prefixes=["TEMPORARY"])


def _document() -> list[Column[Any]]:
    return [Column("source", Text), Column("document", Text), Column("is_credit", Boolean)]


lines = temporary(
    "staged_lines",
    Column("row", BigInteger),
    *_document(),
    Column("customer", Text),
    Column("placed_at", DateTime(timezone=True)),
    Column("sku", Text),
    Column("name", Text),
    Column("quantity", Integer),
    Column("unit_price", Numeric),
    Column("currency", Text),
    Column("discount", Numeric),
    *(Column(name, Text) for name in Line._fields[Line._fields.index("product_name") :]),
)
rejections = temporary("staged_rejections", Column("source", Text), Column("document", Text))

# One row per order and per credit note. reason: why it cannot be taken as a whole, told: to the caller. known: it is
# recorded already.
documents = temporary(
    "staged_documents",
    *_document(),
    Column("order_id", Uuid),
    Column("customer", Text),
    Column("placed_at", DateTime(timezone=True)),
    Column("currency", Text),
    Column("gross", Numeric),
    Column("discount", Numeric),
    Column("lines", BigInteger),
    Column("rate", Numeric),
    Column("reason", Text),
    Column("known", Boolean, server_default="false"),
    Column("told", Boolean, server_default="false"),
    Column("chunk", BigInteger),
    *(Column(name, Text) for name in DETAILS),
)
products = temporary("staged_products", *(Column(name, Text) for name in ("sku", "name", "category")))
customers = temporary(
    "staged_customers",
    Column("ordinal", BigInteger),
    Column("source", Text),
    Column("value", Text),
    Column("customer_id", Uuid),
    Column("fresh", Boolean, server_default="false"),
    Column("created_at", DateTime(timezone=True)),
    *(Column(name, Text) for name in DETAILS),
)

# Credit notes at work: what is still to be undone, what can be undone, and what undoes what.
credit_lines = temporary(
    "staged_credit_lines",
    *(Column(name, Text) for name in ("source", "note", "sku", "currency")),
    Column("row", BigInteger),
    Column("customer_id", Uuid),
    Column("credited_at", DateTime(timezone=True)),
    Column("unit_price", Numeric),
    Column("unmatched", Integer),
)
open_lines = temporary(
    "staged_open_lines",
    Column("customer_id", Uuid),
    Column("order_id", Uuid),
    *(Column(name, Text) for name in ("number", "sku", "currency")),
    Column("position", Integer),
    Column("placed_at", DateTime(timezone=True)),
    Column("unit_price", Numeric),
    Column("undoable", Integer),
)
matches = temporary(
    "staged_matches",
    *(Column(name, Text) for name in ("source", "note")),
    Column("customer_id", Uuid),
    Column("order_id", Uuid),
    Column("amount", Numeric),
)
rates = temporary(
    "staged_rates",
    Column("row", BigInteger),
    Column("currency", Text),
    Column("effective_on", Date),
    Column("rate", Numeric),
)

Index("staged_lines_document", lines.c.document)
Index("staged_documents_document", documents.c.document)
Index("staged_documents_chunk", documents.c.chunk)
Index("staged_customers_value", customers.c.value)
Index("staged_customers_ordinal", customers.c.ordinal)
Index("staged_open_lines_customer", open_lines.c.customer_id, open_lines.c.sku)


def of_document() -> ColumnElement[bool]:
    """Join lines with their documents."""
    return and_(
        documents.c.source == lines.c.source,
        documents.c.document == lines.c.document,
        documents.c.is_credit == lines.c.is_credit,
    )


def of_customer() -> ColumnElement[bool]:
    """Join documents with their customers."""
    return and_(customers.c.source == documents.c.source, customers.c.value == documents.c.customer)


def notes_of(chunk: int) -> ColumnElement[bool]:
    """Say which documents are the credit notes of a chunk."""
    return and_(documents.c.is_credit, documents.c.chunk == chunk, documents.c.reason.is_(None))


async def create(connection: Connection) -> None:
    """Make the staging tables of this connection."""
    for table in _metadata.tables.values():
        await connection.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
    await index(connection, open_lines)


async def index(connection: Connection, *tables: Table) -> None:
    """Index staging tables, once they are filled, and let the planner see what is in them."""
    for found in (found for table in tables for found in table.indexes):
        await connection.execute(str(CreateIndex(found).compile(dialect=_DIALECT)))
    await analyze(connection, *tables)


async def analyze(connection: Connection, *tables: Table) -> None:
    """Let the planner see what was put into tables; those of another owner are passed over."""
    for table in tables:
        await connection.execute(f"ANALYZE {table.name}")


async def copy(connection: Connection, table: Table, records: Iterable[Sequence[object]]) -> None:
    """Stream records, in the order of the table's columns, into a staging table."""
    await connection.copy_records_to_table(table.name, records=records)


async def run(connection: Connection, clause: ClauseElement, **given: object) -> int:
    """Run a changing statement; return the number of rows it touched."""
    statement = prepare(clause)
    tag = await connection.execute(statement.sql, *statement.values(given))
    return int(tag.rsplit(" ", 1)[-1])


async def reasons(
    connection: Connection, rows: Select[Any], then: Update | None = None
) -> AsyncIterator[tuple[int, Reason]]:
    """Yield number and reason of each row that a statement finds, as they come; run another in the same transaction."""
    statement = prepare(rows)
    async with connection.transaction():
        async for row, reason in connection.cursor(statement.sql, *statement.values({}), prefetch=5_000):
            yield row, Reason[reason]
        if then is not None:
            await run(connection, then)


async def fetch(connection: Connection, clause: ClauseElement, **given: object) -> list[asyncpg.Record]:
    """Run a reading statement; return its rows."""
    statement = prepare(clause)
    return await connection.fetch(statement.sql, *statement.values(given))
