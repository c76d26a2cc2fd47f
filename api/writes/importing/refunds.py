"""Credit notes as refunds: of the orders they undo where these can be found, of the customer where not.

One refund per note and order, and one per note for the rest. The first carries the note's number as its external id,
the others the number with `/2`, `/3` and so on. Never more is attached to an order than is left of its total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    Select,
    Subquery,
    Text,
    Uuid,
    case,
    cast,
    func,
    insert,
    null,
    select,
    true,
    union_all,
)

from api.database import Connection
from api.domain.money import MINOR_DIGITS
from api.tables.orders import orders, refunds
from api.writes.business import Business
from api.writes.importing.credits import match_credits
from api.writes.importing.expressions import new_ids, worth
from api.writes.importing.known import find_known_credits
from api.writes.importing.staging import customers, documents, fetch, matches, notes_of, of_customer
from api.writes.loyalty_reversals import take_back
from api.writes.standing import bring_up_to_date


@dataclass(frozen=True, slots=True)
class RecordedRefunds:
    """How many refunds were added, and how many of these belong to an order."""

    added: int
    attached: int

    def __add__(self, more: RecordedRefunds) -> RecordedRefunds:
        return RecordedRefunds(self.added + more.added, self.attached + more.attached)


async def record_refunds(connection: Connection, chunk: int, business: Business) -> RecordedRefunds:
    """Record the refunds of a chunk's credit notes that are not known yet; a note over nothing makes no refund."""
    await find_known_credits(connection, chunk)
    await match_credits(connection, chunk)
    rows = await fetch(connection, _refunds(chunk, business))
    buyers = [row["customer_id"] for row in rows]
    await bring_up_to_date(connection, buyers)
    await take_back(connection, buyers, [row["refund_id"] for row in rows if row["order_id"] is not None])
    return RecordedRefunds(len(rows), sum(row["order_id"] is not None for row in rows))


def _refunds(chunk: int, business: Business) -> Any:
    parts = _parts(chunk, business)
    p = parts.c
    nth = func.row_number().over(
        partition_by=(p.source, p.document), order_by=(p.order_id.is_(None), p.order_placed_at.desc(), p.number.desc())
    )
    numbered = select(parts, nth.label("nth")).where(p.amount > 0).subquery()
    n = numbered.c
    external_id = case((n.nth == 1, n.document), else_=n.document + "/" + cast(n.nth, Text))
    same = (n.order_id, n.source, external_id, n.amount, n.currency, n.business_amount, n.placed_at)
    rows = select(n.customer_id, new_ids(), *same).order_by(n.customer_id, n.document, n.nth)
    into = ["customer_id", "refund_id", "order_id", "source", "external_id", "amount", "currency", "business_amount"]
    returned = (refunds.c.refund_id, refunds.c.order_id, refunds.c.customer_id)
    return insert(refunds).from_select([*into, "refunded_at"], rows).returning(*returned)


def _parts(chunk: int, business: Business) -> Subquery:
    """Return each new note's amounts: one per order found, and what remains of the note."""
    notes = _new_notes(chunk)
    attached = _attached(notes, business)
    a = attached.c
    given = select(a.source, a.document, func.sum(a.amount).label("amount")).group_by(a.source, a.document).subquery()
    rest = notes.c.gross - func.coalesce(given.c.amount, 0)
    unattached = select(
        notes,
        cast(null(), Uuid).label("order_id"),
        cast(null(), Text).label("number"),
        cast(null(), a.order_placed_at.type).label("order_placed_at"),
        rest.label("amount"),
        worth(rest, notes.c.rate, notes.c.currency, business.currency).label("business_amount"),
    ).outerjoin(given, (given.c.source == notes.c.source) & (given.c.document == notes.c.document))
    return union_all(select(attached), unattached).subquery("parts")


def _new_notes(chunk: int) -> CTE:
    d = documents.c
    columns = (d.source, d.document, d.placed_at, d.currency, d.gross, d.rate, customers.c.customer_id)
    return select(*columns).join(customers, of_customer()).where(notes_of(chunk), ~d.known).cte("notes")


def _attached(notes: CTE, business: Business) -> CTE:
    """Return what of each note goes to which order: never more, in all, than is left of the order's total.

    `before` and `after` are how much of what was left of an order is gone before and after a note. The amounts in the
    currency of the business are differences of shares rounded alike, so that an order undone leaves exactly nothing.
    """
    o, found = orders.c, _found(notes).subquery()
    f = found.c
    paid = select(func.sum(refunds.c.amount).label("amount"), func.sum(refunds.c.business_amount).label("worth"))
    back = paid.where(refunds.c.customer_id == o.customer_id, refunds.c.order_id == o.order_id).lateral()
    left = o.gross - o.discount - func.coalesce(back.c.amount, 0)
    worth_left = o.business_gross - o.business_discount - func.coalesce(back.c.worth, 0)
    before, after = func.least(f.sofar - f.amount, left), func.least(f.sofar, left)
    shares = [worth_left * gone / func.nullif(left, 0) for gone in (before, after)]
    rounded = [func.round(share, MINOR_DIGITS[business.currency]) for share in shares]
    own = o.currency == business.currency
    return (
        select(notes, f.order_id, o.number, o.placed_at.label("order_placed_at"), (after - before).label("amount"))
        .add_columns(case((own, after - before), else_=rounded[1] - rounded[0]).label("business_amount"))
        .join(found, (f.source == notes.c.source) & (f.note == notes.c.document))
        .join(orders, (o.order_id == f.order_id) & (o.customer_id == notes.c.customer_id))
        .join(back, true())
        .cte("attached")
    )


def _found(notes: CTE) -> Select[Any]:
    """Return the new notes' matches by note and order, with the sum over an order's notes so far."""
    m = matches.c
    summed = (
        select(m.source, m.note, m.order_id, func.sum(m.amount).label("amount"))
        .group_by(m.source, m.note, m.order_id)
        .subquery()
    )
    s = summed.c
    in_time = (notes.c.placed_at, notes.c.source, notes.c.document)
    sofar = func.sum(s.amount).over(partition_by=s.order_id, order_by=in_time, rows=(None, 0))
    of_note = (s.source == notes.c.source) & (s.note == notes.c.document)
    return select(summed, sofar.label("sofar")).join(notes, of_note)
