"""From staged lines to whole orders, credit notes and customers; and what cannot be taken as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)

from api.database import Connection
from api.domain.file_rows import Reason
from api.domain.money import LARGEST_AMOUNT
from api.writes.business import Business
from api.writes.importing.customers import gather_customers
from api.writes.importing.expressions import new_ids, rate_at
from api.writes.importing.known import find_known_credits, find_known_orders
from api.writes.importing.staging import (
    DETAILS,
    documents,
    fetch,
    index,
    lines,
    of_document,
    reasons,
    rejections,
    run,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents that are recorded in one transaction; known: all of them were recorded before."""

    number: int
    rows: int
    known: bool


async def gather(connection: Connection, business: Business, *, lines_a_chunk: int) -> None:
    """Make documents and customers of the staged lines, and say of each document whether it can be taken."""
    await index(connection, lines, rejections)
    await run(connection, insert(documents).from_select(_document_columns(), _documents(lines_a_chunk)))
    await index(connection, documents)
    await run(connection, update(documents).values(rate=_rate(business)))
    await run(connection, update(documents).values(reason=_reason()))
    await find_known_orders(connection)
    await find_known_credits(connection)
    d = documents.c
    # What orders say of a customer counts before what credit notes say.
    latest = (d.is_credit, d.placed_at.desc(), d.document.desc())
    await gather_customers(connection, documents, d.reason.is_(None), since=d.placed_at, latest=latest)


def rejected_late(connection: Connection) -> AsyncIterator[tuple[int, Reason]]:
    """Yield rows, by number, that were good in themselves but whose order cannot be taken; each order's once."""
    rejected = and_(documents.c.reason.is_not(None), ~documents.c.told)
    rows = select(lines.c.row, documents.c.reason).join(documents, of_document()).where(rejected)
    return reasons(connection, rows.order_by(lines.c.row), update(documents).where(rejected).values(told=True))


async def known(connection: Connection) -> tuple[int, int]:
    """Return how many orders and how many credit notes of the file were recorded before."""
    of_kind = (func.count().filter(documents.c.is_credit == are_credits) for are_credits in (False, True))
    counted = select(*of_kind).where(documents.c.known, documents.c.reason.is_(None))
    orders_known, credits_known = (await fetch(connection, counted))[0]
    return orders_known, credits_known


async def chunks(connection: Connection, *, credit: bool) -> list[Chunk]:
    """Return the chunks of orders, or of credit notes, in their order."""
    grouped = (
        select(documents.c.chunk, func.sum(documents.c.lines), func.bool_and(documents.c.known))
        .where(documents.c.is_credit == credit, documents.c.reason.is_(None))
        .group_by(documents.c.chunk)
        .order_by(documents.c.chunk)
    )
    return [Chunk(int(number), int(rows), is_known) for number, rows, is_known in await fetch(connection, grouped)]


def _document_columns() -> list[str]:
    return [column.name for column in documents.c if column.name not in ("rate", "known", "told")]


def _documents(lines_a_chunk: int) -> Select[Any]:
    """Number the documents of a customer together, orders by time; a customer's credit notes share one chunk."""
    c = _grouped().subquery()
    before = func.sum(c.c.lines).over(
        partition_by=c.c.is_credit, order_by=(c.c.source, c.c.customer, c.c.placed_at, c.c.document), rows=(None, 0)
    )
    numbered = select(c, (before - c.c.lines).label("before")).subquery()
    n = numbered.c
    first = func.min(n.before).over(partition_by=(n.is_credit, n.source, n.customer))
    chunk = case((n.is_credit, first), else_=n.before)
    made = {"order_id": new_ids(), "chunk": func.div(chunk, lines_a_chunk)}
    return select(*(made[name] if name in made else n[name] for name in _document_columns()))


def _grouped() -> Select[Any]:
    contradicts = or_(
        func.min(lines.c.customer) != func.max(lines.c.customer),
        func.min(lines.c.currency) != func.max(lines.c.currency),
    )
    return select(
        lines.c.source,
        lines.c.document,
        lines.c.is_credit,
        func.min(lines.c.customer).label("customer"),
        func.min(lines.c.placed_at).label("placed_at"),
        func.min(lines.c.currency).label("currency"),
        func.sum(lines.c.quantity * lines.c.unit_price).label("gross"),
        func.sum(lines.c.discount).label("discount"),
        func.count().label("lines"),
        case((contradicts, Reason.CONFLICT.name), else_=cast(null(), Text)).label("reason"),
        *(func.max(lines.c[name]).label(name) for name in DETAILS),
    ).group_by(lines.c.source, lines.c.document, lines.c.is_credit)


def _rate(business: Business) -> ColumnElement[object]:
    return rate_at(documents.c.currency, documents.c.placed_at, business.currency, business.time_zone)


def _reason() -> ColumnElement[str | None]:
    incomplete = tuple_(documents.c.source, documents.c.document).in_(
        select(rejections.c.source, rejections.c.document)
    )
    largest = func.greatest(documents.c.gross, documents.c.gross * documents.c.rate)
    return case(
        (documents.c.reason.is_not(None), documents.c.reason),
        (incomplete, Reason.INCOMPLETE_ORDER.name),
        (documents.c.rate.is_(None), Reason.MISSING_EXCHANGE_RATE.name),
        (largest > literal(LARGEST_AMOUNT), Reason.OUT_OF_RANGE.name),
        else_=cast(null(), Text),
    )
