"""What a shop that moves here brings along of customers who are known already, such as the points they had.

A row stands for itself. Of each customer there is one for good, so a row is known where that one is recorded just so,
and a contradiction where it is recorded otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import Table as SqlTable

from api.access import EVERYBODY
from api.database import Connection
from api.domain.file_rows import Reason
from api.tables.customers import customer_external_ids, customers
from api.writes.change import Change, the_business
from api.writes.importing.fields import Fields, NamedCells
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books
from api.writes.importing.results import Counts, ImportResult, Progress, Step
from api.writes.importing.staging import fetch, index, reasons, run, temporary
from api.writes.importing.transactions import in_chunk


@dataclass(frozen=True, slots=True)
class Brought:
    """One kind of what is brought along, as an import knows it.

    counted   its name among the counts of a result
    people    fields that name customers by their identifiers in the source; of the last one there is one row for good
    required  fields that a file must have, beside these; optional those that it may have
    read      returns columns of the staging table; raises RowRejected
    staged    the table its rows wait in, made by `staged_rows`
    is_known  says of a staged row whether it is recorded just so
    refused   says why others cannot be taken: the first condition that holds tells the reason
    ready     keeps others, until the transaction ends, from changing what the rows of a chunk are judged by
    write     records of staged rows those that can be together, the first at least or refuses it; returns their numbers
    """

    counted: str
    people: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    read: Callable[[NamedCells, Books], Mapping[str, object]]
    staged: SqlTable
    is_known: ColumnElement[bool]
    refused: tuple[tuple[ColumnElement[bool], Reason], ...]
    ready: Callable[[Connection, int], Awaitable[None]]
    write: Callable[[Connection, Sequence[Any]], Awaitable[Collection[int]]]

    @property
    def whose(self) -> Column[Any]:
        """The customer of whom there is one row for good."""
        return self.staged.c[f"{self.people[-1]}_id"]


def staged_rows(name: str, people: tuple[str, ...], *columns: Column[Any]) -> SqlTable:
    """Return a staging table.

    reason: why a row cannot be taken, told: to the caller. known: it is recorded already, fresh: by this import.
    """
    found = [column for field in people for column in (Column(field, Text), Column(f"{field}_id", Uuid))]
    own = (Column("row", BigInteger), Column("source", Text), Column("chunk", BigInteger), Column("reason", Text))
    marks = [Column(mark, Boolean) for mark in _MARKS]
    table = temporary(name, *own, *marks, *found, *columns)
    Index(f"{name}_row", table.c.row)
    Index(f"{name}_chunk", table.c.chunk)
    return table


_MARKS = ("told", "known", "fresh")


class BroughtTable:
    """Reads rows of one kind of what is brought along."""

    def __init__(self, columns: tuple[str, ...], books: Books, mapping: Mapping[str, str], kind: Brought) -> None:
        self._kind = kind
        self._books = books
        self._fields = Fields(columns, mapping, required=kind.people + kind.required, optional=kind.optional)
        self._columns = [column.name for column in kind.staged.c]

    def line(self, row: int, cells: Cells) -> list[object]:
        """Return the row's columns of the staging table; raise RowRejected where it cannot be taken."""
        named = self._fields.row(cells)
        values: dict[str, object] = {"row": row, "source": named.source(), **dict.fromkeys(_MARKS, False)}
        values |= {field: named.required(field, Reason.NO_CUSTOMER) for field in self._kind.people}
        values |= self._kind.read(named, self._books)
        return [values.get(name) for name in self._columns]

    def document(self, cells: Cells) -> None:
        """Return None: a row stands for itself."""

    def left_out(self) -> Mapping[str, int]:
        """Return nothing: rows tell no details of customers."""
        return {}


async def gather(connection: Connection, kind: Brought, *, rows_a_chunk: int) -> None:
    """Find whom the staged rows are about, and say of each whether it can be taken."""
    rows = kind.staged.c
    await index(connection, kind.staged)
    for field in kind.people:
        await _find(connection, kind, field)
    unknown = or_(*(rows[f"{field}_id"].is_(None) for field in kind.people))
    await run(connection, update(kind.staged).where(unknown).values(reason=Reason.UNKNOWN_CUSTOMER.name))
    await _judge(connection, kind, true())
    before = func.row_number().over(order_by=rows.row) - literal_column("1")
    placed = select(rows.row, func.div(before, rows_a_chunk).label("chunk")).where(rows.reason.is_(None)).subquery()
    await run(connection, update(kind.staged).where(rows.row == placed.c.row).values(chunk=placed.c.chunk))


def rejected_late(connection: Connection, kind: Brought) -> AsyncIterator[tuple[int, Reason]]:
    """Yield rows, by number, that were good in themselves but cannot be taken; each once."""
    rows = kind.staged.c
    rejected = and_(rows.reason.is_not(None), ~rows.told)
    found = select(rows.row, rows.reason).where(rejected).order_by(rows.row)
    return reasons(connection, found, update(kind.staged).where(rejected).values(told=True))


async def record(
    connection: Connection, kind: Brought, read: ImportResult, report: Callable[[Progress], None]
) -> ImportResult:
    """Record the staged rows that are not known yet; return the result of reading, completed."""
    added = done = 0
    for chunk, rows, is_known in await _chunks(connection, kind):
        if not is_known:
            added += await in_chunk(connection, partial(_record, connection, kind, chunk))
        report(Progress(Step.RECORDING, done := done + rows, read.rows_taken))
    known = Counts(**{kind.counted: await _known(connection, kind)})
    return replace(read, added=Counts(**{kind.counted: added}), known=known)


async def _find(connection: Connection, kind: Brought, field: str) -> None:
    rows, ids = kind.staged.c, customer_external_ids.c
    same = (ids.source == rows.source, ids.value == rows[field], customers.c.customer_id == ids.customer_id)
    survivor = func.coalesce(customers.c.merged_into, customers.c.customer_id)
    await run(connection, update(kind.staged).where(*same).values({f"{field}_id": survivor}))


async def _record(connection: Connection, kind: Brought, chunk: int) -> int:
    these = kind.staged.c.chunk == chunk
    await kind.ready(connection, chunk)
    await _judge(connection, kind, these)
    added = 0
    # A file may have several rows of a customer. Once the first is recorded, the next is judged by that.
    while rows := await fetch(connection, waiting(kind.staged), chunk=chunk):
        written = await kind.write(connection, rows)
        await run(connection, _marked_fresh(kind.staged), written=written)
        added += len(written)
        await _judge(connection, kind, these)
    return added


def _marked_fresh(staged: SqlTable) -> Update:
    written = any_(bindparam("written", type_=ARRAY(BigInteger)))
    return update(staged).values(fresh=true()).where(staged.c.row == written)


async def _judge(connection: Connection, kind: Brought, which: ColumnElement[bool]) -> None:
    is_known = kind.is_known
    reason = case((is_known, None), *((holds, why.name) for holds, why in kind.refused))
    judged = update(kind.staged).values(known=is_known, reason=reason)
    await run(connection, judged.where(which, undecided(kind.staged)))


def undecided(staged: SqlTable) -> ColumnElement[bool]:
    """Say of which staged rows it is open what becomes of them."""
    return and_(staged.c.reason.is_(None), not_(staged.c.known), not_(staged.c.fresh))


async def change_on(connection: Connection) -> Change:
    """Return the transaction of a chunk as a change of the business."""
    return Change(connection, EVERYBODY, datetime.now(UTC), await the_business(connection))


def waiting(staged: SqlTable) -> Select[Any]:
    """Select the rows of the parameter `chunk` of which it is open what becomes of them, in the order of the file."""
    return select(staged).where(staged.c.chunk == bindparam("chunk"), undecided(staged)).order_by(staged.c.row)


async def _known(connection: Connection, kind: Brought) -> int:
    rows = kind.staged.c
    groups = select(kind.whose).where(rows.reason.is_(None)).group_by(kind.whose)
    before = groups.having(func.bool_and(rows.known)).subquery()
    return int((await fetch(connection, select(func.count()).select_from(before)))[0][0])


async def _chunks(connection: Connection, kind: Brought) -> list[tuple[int, int, bool]]:
    rows = kind.staged.c
    numbers = select(rows.chunk, func.count(), func.bool_and(rows.known)).where(rows.chunk.is_not(None))
    found = await fetch(connection, numbers.group_by(rows.chunk).order_by(rows.chunk))
    return [(int(number), int(count), is_known) for number, count, is_known in found]
