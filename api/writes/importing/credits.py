"""Credit notes as refunds: of the orders they undo where these can be found, of the customer where not.

A credited line undoes a line of the same customer, product, unit price and currency, in an order placed before the
credit, the latest first, as far as its quantity has not been undone by an earlier credit note of the file. Never more
is attached to an order than is left of its total. One refund per note and order, and one per note for the rest; the
first carries the note's number as its external id, the others the number with `/2`, `/3` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    true,
    union_all,
    update,
)

from api.database import Connection
from api.tables.orders import order_lines, orders, refunds
from api.writes.importing.expressions import new_ids, rate_at
from api.writes.importing.results import NewBusiness
from api.writes.importing.staging import (
    credit_lines,
    customers,
    documents,
    fetch,
    index,
    lines,
    matches,
    of_customer,
    of_document,
    open_lines,
    run,
)

_SAME_THING = ("customer_id", "sku", "unit_price", "currency")


@dataclass(frozen=True, slots=True)
class RecordedRefunds:
    """How many refunds were added, and how many of these belong to an order."""

    added: int
    attached: int

    def __add__(self, more: RecordedRefunds) -> RecordedRefunds:
        return RecordedRefunds(self.added + more.added, self.attached + more.attached)


async def record_credits(connection: Connection, chunk: int, business: NewBusiness) -> RecordedRefunds:
    """Record the refunds of a chunk's credit notes that are not known yet; a note over nothing makes no refund."""
    for table in (credit_lines, open_lines, matches):
        await run(connection, delete(table))
    await run(connection, insert(credit_lines).from_select(_names(credit_lines), _credit_lines(chunk)))
    await run(connection, insert(open_lines).from_select(_names(open_lines), _open_lines()))
    await index(connection, credit_lines, open_lines)
    while await run(connection, _match_next()):
        pass
    await fetch(connection, _lock_orders())
    rows = await fetch(connection, _refunds(chunk, business))
    return RecordedRefunds(len(rows), sum(row["order_id"] is not None for row in rows))


def _names(table: Any) -> list[str]:
    return [column.name for column in table.c]


def _credit_lines(chunk: int) -> Select[Any]:
    """Select what a chunk's notes credit. Known notes take their quantities again, so that later ones do not."""
    return (
        select(documents.c.source, documents.c.document, lines.c.sku, lines.c.currency, lines.c.row)
        .add_columns(customers.c.customer_id, documents.c.placed_at, lines.c.unit_price, lines.c.quantity)
        .select_from(documents)
        .join(customers, of_customer())
        .join(lines, of_document())
        .where(_in_chunk(chunk), lines.c.unit_price > 0)
    )


def _in_chunk(chunk: int) -> ColumnElement[bool]:
    return and_(documents.c.is_credit, documents.c.chunk == chunk, documents.c.reason.is_(None))


def _open_lines() -> Select[Any]:
    wanted = select(*(credit_lines.c[name] for name in _SAME_THING)).distinct().subquery()
    same = [order_lines.c[name] == wanted.c[name] for name in _SAME_THING]
    return (
        select(order_lines.c.customer_id, order_lines.c.order_id, orders.c.number, order_lines.c.sku)
        .add_columns(order_lines.c.currency, order_lines.c.position, orders.c.placed_at)
        .add_columns(order_lines.c.unit_price, order_lines.c.quantity)
        .join(wanted, and_(*same))
        .join(
            orders, (orders.c.customer_id == order_lines.c.customer_id) & (orders.c.order_id == order_lines.c.order_id)
        )
    )


def _match_next() -> Any:
    """Let the next credited line of every thing a customer bought take from the latest line that has something left.

    One statement settles one step for all things at once; repeat until it touches no row. A line that finds
    nothing is settled as well: what it credits stays with the customer.
    """
    c, o = credit_lines.c, open_lines.c
    by_thing = [c[name] for name in _SAME_THING]
    following = (
        select(credit_lines)
        .where(c.unmatched > 0)
        .distinct(*by_thing)
        .order_by(*by_thing, c.credited_at, c.note, c.row)
        .subquery()
    )
    latest = (
        select(o.order_id, o.position, o.undoable)
        .where(*(o[name] == following.c[name] for name in _SAME_THING))
        .where(o.placed_at < following.c.credited_at, o.undoable > 0)
        .order_by(o.placed_at.desc(), o.number.desc(), o.position.desc())
        .limit(1)
        .lateral()
    )
    taken = func.least(following.c.unmatched, latest.c.undoable).label("taken")
    step = (
        select(following, latest.c.order_id, latest.c.position, taken)
        .select_from(following.outerjoin(latest, true()))
        .cte("step")
    )
    found = step.c.order_id.is_not(None)
    shrunk = (
        update(open_lines)
        .where(o.order_id == step.c.order_id, o.position == step.c.position)
        .values(undoable=o.undoable - step.c.taken)
    )
    matched = insert(matches).from_select(
        _names(matches),
        select(step.c.source, step.c.note, step.c.customer_id, step.c.order_id, step.c.taken * step.c.unit_price).where(
            found
        ),
    )
    settled = update(credit_lines).where(c.row == step.c.row)
    return settled.values(unmatched=case((found, c.unmatched - step.c.taken), else_=0)).add_cte(
        shrunk.cte("shrunk"), matched.cte("matched")
    )


def _lock_orders() -> Select[Any]:
    """Hold the orders, so that nobody else refunds them while what is left of them is computed and taken."""
    wanted = select(matches.c.order_id)
    rows = select(orders.c.order_id).where(orders.c.order_id.in_(wanted))
    return rows.order_by(orders.c.customer_id, orders.c.order_id).with_for_update(key_share=True)


def _refunds(chunk: int, business: NewBusiness) -> Any:
    parts = _parts(chunk)
    p = parts.c
    nth = func.row_number().over(
        partition_by=(p.source, p.document), order_by=(p.order_id.is_(None), p.order_placed_at.desc(), p.number.desc())
    )
    numbered = select(parts, nth.label("nth")).where(p.amount > 0).subquery()
    n = numbered.c
    external_id = case((n.nth == 1, n.document), else_=n.document + "/" + cast(n.nth, Text))
    # A refund of an order is worth what the order was, whatever the rate did since: undone is undone.
    rate = rate_at(n.currency, func.coalesce(n.order_placed_at, n.placed_at), business.currency, business.time_zone)
    rows = select(
        *(
            n.customer_id,
            new_ids(),
            n.order_id,
            n.source,
            external_id,
            n.amount,
            n.currency,
            n.amount * rate,
            n.placed_at,
        )
    ).order_by(n.customer_id, n.document, n.nth)
    into = ["customer_id", "refund_id", "order_id", "source", "external_id", "amount", "currency", "business_amount"]
    return insert(refunds).from_select([*into, "refunded_at"], rows).returning(refunds.c.order_id)


def _parts(chunk: int) -> Subquery:
    """Return each new note's amounts: one per order found, and what remains of the note."""
    notes = _new_notes(chunk)
    attached = _attached(notes)
    a = attached.c
    given = select(func.coalesce(func.sum(a.amount), 0)).where(
        a.source == notes.c.source, a.document == notes.c.document
    )
    rest = select(
        notes,
        cast(null(), Uuid).label("order_id"),
        cast(null(), Text).label("number"),
        cast(null(), a.order_placed_at.type).label("order_placed_at"),
        (notes.c.gross - given.scalar_subquery()).label("amount"),
    )
    return union_all(select(attached), rest).subquery("parts")


def _new_notes(chunk: int) -> Any:
    d = documents.c
    known = exists().where(refunds.c.source == d.source, refunds.c.external_id == d.document)
    columns = (d.source, d.document, d.placed_at, d.currency, d.gross, customers.c.customer_id)
    return select(*columns).join(customers, of_customer()).where(_in_chunk(chunk), ~known).cte("notes")


def _attached(notes: Any) -> Any:
    """Return what of each note goes to which order: never more, in all, than is left of the order's total."""
    m = matches.c
    summed = (
        select(m.source, m.note, m.order_id, func.sum(m.amount).label("amount"))
        .group_by(m.source, m.note, m.order_id)
        .subquery()
    )
    s = summed.c
    refunded = select(func.coalesce(func.sum(refunds.c.amount), 0)).where(
        refunds.c.customer_id == orders.c.customer_id, refunds.c.order_id == orders.c.order_id
    )
    earlier = func.sum(s.amount).over(
        partition_by=s.order_id, order_by=(notes.c.placed_at, notes.c.document), rows=(None, 0)
    )
    left = orders.c.gross - orders.c.discount - refunded.scalar_subquery() - (earlier - s.amount)
    amount = func.greatest(literal(0), func.least(s.amount, left)).label("amount")
    return (
        select(notes, s.order_id, orders.c.number, orders.c.placed_at.label("order_placed_at"), amount)
        .join(summed, (s.source == notes.c.source) & (s.note == notes.c.document))
        .join(orders, (orders.c.order_id == s.order_id) & (orders.c.customer_id == notes.c.customer_id))
        .cte("attached")
    )
