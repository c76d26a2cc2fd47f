"""What credit notes undo.

A credited line undoes a line of the same customer, product, unit price and currency, in an order placed before the
credit, the latest first, as far as its quantity has not been undone by an earlier credit note of the file.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CTE,
    FromClause,
    Insert,
    Select,
    Subquery,
    Update,
    and_,
    case,
    delete,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from api.database import Connection
from api.tables.orders import order_lines, orders
from api.writes.importing.staging import (
    analyze,
    credit_lines,
    customers,
    documents,
    lines,
    matches,
    notes_of,
    of_customer,
    of_document,
    open_lines,
    run,
)

_SAME_THING = ("customer_id", "sku", "unit_price", "currency")


async def match_credits(connection: Connection, chunk: int) -> None:
    """Fill `matches` with what the credit notes of a chunk undo, known ones included."""
    for table in (credit_lines, open_lines, matches):
        await run(connection, delete(table))
    await run(connection, insert(credit_lines).from_select(_names(credit_lines), _credit_lines(chunk)))
    await analyze(connection, credit_lines)
    await run(connection, insert(open_lines).from_select(_names(open_lines), _open_lines()))
    await analyze(connection, open_lines)
    while await run(connection, _match_next()):
        pass


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
        .where(notes_of(chunk), lines.c.unit_price > 0)
    )


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
    c, step = credit_lines.c, _step()
    found = step.c.order_id.is_not(None)
    unmatched = case((found, c.unmatched - step.c.taken), else_=0)
    settled = update(credit_lines).where(c.row == step.c.row).values(unmatched=unmatched)
    return settled.add_cte(_shrunk(step).cte("shrunk"), _matched(step).cte("matched"))


def _step() -> CTE:
    """Return the lines to settle next, each with the line it undoes, where there is one, and how much it takes."""
    following = _following()
    latest = _latest(following)
    taken = func.least(following.c.unmatched, latest.c.undoable).label("taken")
    pairs = following.outerjoin(latest, true())
    return select(following, latest.c.order_id, latest.c.position, taken).select_from(pairs).cte("step")


def _following() -> Subquery:
    """Return the earliest credited line of every thing that has something left to credit."""
    c = credit_lines.c
    by_thing = [c[name] for name in _SAME_THING]
    open_ones = select(credit_lines).where(c.unmatched > 0).ext(distinct_on(*by_thing))
    return open_ones.order_by(*by_thing, c.credited_at, c.note, c.row).subquery()


def _latest(following: Subquery) -> FromClause:
    """Return the latest line bought before a credited one that has something left to undo."""
    o = open_lines.c
    return (
        select(o.order_id, o.position, o.undoable)
        .where(*(o[name] == following.c[name] for name in _SAME_THING))
        .where(o.placed_at < following.c.credited_at, o.undoable > 0)
        .order_by(o.placed_at.desc(), o.number.desc(), o.position.desc())
        .limit(1)
        .lateral()
    )


def _shrunk(step: CTE) -> Update:
    o = open_lines.c
    undone = and_(o.order_id == step.c.order_id, o.position == step.c.position)
    return update(open_lines).where(undone).values(undoable=o.undoable - step.c.taken)


def _matched(step: CTE) -> Insert:
    s = step.c
    amount = s.taken * s.unit_price
    rows = select(s.source, s.note, s.customer_id, s.order_id, amount).where(s.order_id.is_not(None))
    return insert(matches).from_select(_names(matches), rows)
