"""From staged rows to things with a term and their customers; and what of them is recorded already.

A row is known where some recorded version says the same: what was changed here since is no contradiction. A row that no
recorded version agrees with is one, because nothing that is recorded is ever changed by a file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Interval,
    and_,
    any_,
    case,
    cast,
    exists,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from api.database import Connection
from api.domain.file_rows import Reason
from api.writes.importing.customers import gather_customers
from api.writes.importing.expressions import new_ids
from api.writes.importing.known import belongs_to_named
from api.writes.importing.staging import DETAILS, fetch, index, reasons, run
from api.writes.importing.terms import NEXT, Kind, things

_SAME = ("row", "source", "external_id", "customer", *DETAILS)


async def gather(connection: Connection, kind: Kind, *, things_a_chunk: int) -> None:
    """Make things and customers of the staged rows, and say of each thing whether it can be taken."""
    rows = kind.staged.c
    await index(connection, kind.staged)
    before = func.row_number().over(order_by=(rows.source, rows.customer, rows.row)) - literal_column("1")
    nth = func.row_number().over(partition_by=(rows.source, rows.external_id), order_by=rows.row)
    made = select(*(rows[name] for name in _SAME), rows[kind.began], new_ids(), nth, func.div(before, things_a_chunk))
    await run(connection, insert(things).from_select([*_SAME, "began_at", "thing_id", "nth", "chunk"], made))
    await index(connection, things)
    await find_known(connection, kind)
    t = things.c
    latest = (t.began_at.desc(), t.row.desc())
    await gather_customers(connection, things, and_(t.reason.is_(None), t.nth == 1), since=t.began_at, latest=latest)


async def find_known(connection: Connection, kind: Kind) -> None:
    """Mark the things that are recorded under another id than the staged one."""
    first, t = kind.recorded.alias("first"), things.c
    same = and_(first.c.source == t.source, first.c.external_id == t.external_id, *_is_first(kind, first))
    lacks = kind.lacks(first) if kind.lacks else false()
    agreed = _agreed(kind, first) if kind.is_versioned else _says_the_same(kind, first)
    differs = or_(~agreed, ~belongs_to_named(first, things), lacks)
    reason = func.coalesce(t.reason, case((differs, Reason.CONFLICT.name)))
    other = and_(same, first.c[kind.key] != t.thing_id, kind.staged.c.row == t.row)
    await run(connection, update(things).values(known=True, reason=reason).where(other, ~t.known))


def rejected_late(connection: Connection) -> AsyncIterator[tuple[int, Reason]]:
    """Yield rows, by number, that were good in themselves but cannot be taken; each once."""
    rejected = and_(things.c.reason.is_not(None), ~things.c.told)
    rows = select(things.c.row, things.c.reason).where(rejected).order_by(things.c.row)
    return reasons(connection, rows, update(things).where(rejected).values(told=True))


async def known(connection: Connection) -> int:
    """Return how many things of the file were recorded before."""
    counted = select(func.count()).where(things.c.known, things.c.reason.is_(None), things.c.nth == 1)
    return int((await fetch(connection, counted))[0][0])


async def chunks(connection: Connection) -> list[tuple[int, int, bool]]:
    """Return the chunks in their order: number, rows, and whether all of them were recorded before."""
    grouped = (
        select(things.c.chunk, func.count(), func.bool_and(things.c.known))
        .where(things.c.reason.is_(None))
        .group_by(things.c.chunk)
        .order_by(things.c.chunk)
    )
    return [(int(number), int(rows), is_known) for number, rows, is_known in await fetch(connection, grouped)]


def _agreed(kind: Kind, first: FromClause) -> ColumnElement[bool]:
    """Say whether any version says what the staged row does."""
    version = kind.recorded.alias("version")
    # A row that says of the thing that it was ended makes two versions at once. The first was never all that was known.
    was_known = or_(version.c.superseded_at.is_(None), version.c.superseded_at > version.c.recorded_at)
    of_thing = version.c.customer_id == first.c.customer_id, version.c[kind.key] == first.c[kind.key]
    return exists(
        select(literal_column("1"))
        .select_from(version)
        .where(*of_thing, was_known, _says_the_same(kind, version))
        .correlate(first, kind.staged)
    )


def _says_the_same(kind: Kind, recorded: FromClause) -> ColumnElement[bool]:
    return and_(*(_is_same(kind, recorded.c[name]) for name in kind.compared))


def _is_first(kind: Kind, recorded: FromClause) -> list[ColumnElement[bool]]:
    return [recorded.c.version == literal_column("1")] if kind.is_versioned else []


def _is_same(kind: Kind, column: Any) -> ColumnElement[bool]:
    name, rows = column.name, kind.staged.c
    said: ColumnElement[Any] = rows[NEXT + name] if name in kind.ended else rows[name]
    if isinstance(column.type, Interval):
        said = cast(said, Interval)
    return or_(column.is_not_distinct_from(said), literal_column(f"'{name}'") == any_(rows.derived))
