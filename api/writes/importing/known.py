"""What of a file is recorded already, and whether it is recorded as the file has it.

A recorded order or refund is never changed: what is the same is known and skipped, what is not is a conflict.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Update, and_, case, exists, func, or_, select, true, update

from api.database import Connection
from api.domain.file_rows import Reason
from api.tables.customers import customer_external_ids, customers
from api.tables.orders import orders, refunds
from api.writes.importing.staging import documents, run


async def find_known_orders(connection: Connection, chunk: int | None = None) -> None:
    """Mark the orders, of one chunk or all, that are recorded under another id than the staged one."""
    d, o = documents.c, orders.c
    same = and_(o.source == d.source, o.external_id == d.document, o.order_id != d.order_id)
    differs = or_(
        *(o[name] != d[name] for name in ("currency", "gross", "discount", "placed_at")),
        ~belongs_to_named(orders, documents),
    )
    await run(connection, _known(differs).where(same, ~d.is_credit, _in(chunk)))


async def find_known_credits(connection: Connection, chunk: int | None = None) -> None:
    """Mark the credit notes, of one chunk or all, that are recorded; the first of a note's refunds has its number."""
    d, r = documents.c, refunds.c
    same = and_(r.source == d.source, r.external_id == d.document)
    differs = or_(r.currency != d.currency, _refunded() != d.gross, ~belongs_to_named(refunds, documents))
    await run(connection, _known(differs).where(same, d.is_credit, _in(chunk)))


def _known(differs: ColumnElement[bool]) -> Update:
    conflict = case((differs, Reason.CONFLICT.name))
    reason = func.coalesce(documents.c.reason, conflict)
    return update(documents).values(known=True, reason=reason).where(~documents.c.known)


def _in(chunk: int | None) -> ColumnElement[bool]:
    return true() if chunk is None else documents.c.chunk == chunk


def belongs_to_named(facts: FromClause, staged: FromClause) -> ColumnElement[bool]:
    """Say whether a fact belongs to the customer whom a staged row names; those that were merged are one."""
    ids, named, owner = customer_external_ids.c, customers.alias("named"), customers.alias("owner")
    return exists(
        select(ids.customer_id)
        .select_from(customer_external_ids.join(named, named.c.customer_id == ids.customer_id).join(owner, true()))
        .where(ids.source == staged.c.source, ids.value == staged.c.customer)
        .where(owner.c.customer_id == facts.c.customer_id, _survivor(owner) == _survivor(named))
        .correlate(staged, facts)
    )


def _survivor(customer: FromClause) -> ColumnElement[Any]:
    return func.coalesce(customer.c.merged_into, customer.c.customer_id)


def _refunded() -> ColumnElement[Any]:
    """Return the sum of all refunds of a note, which one transaction gave one customer and moment."""
    first, part = refunds.c, refunds.alias("part")
    p = part.c
    same = (p[name] == first[name] for name in ("customer_id", "refunded_at", "source"))
    further = func.starts_with(p.external_id, first.external_id + "/")
    of_note = or_(p.external_id == first.external_id, further)
    return select(func.sum(p.amount)).where(*same, of_note).correlate(refunds).scalar_subquery()
