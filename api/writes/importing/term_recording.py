"""Recording staged things, chunk by chunk: each is one transaction of whole things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Interval,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    insert,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from api.database import Connection
from api.tables import customers as people
from api.writes.business import Business, set_business
from api.writes.importing import things as gathered
from api.writes.importing.customers import record_customers
from api.writes.importing.results import Counts, ImportResult, Progress, Step
from api.writes.importing.staging import analyze, customers, fetch, run
from api.writes.importing.terms import NEXT, Kind, of_customer, recorded_things, things
from api.writes.importing.transactions import in_chunk
from api.writes.standing import bring_up_to_date

_FIRST: ColumnElement[int] = literal_column("1")
_FILLED = (people.customers, people.customer_external_ids)


async def record(
    connection: Connection, business: Business, kind: Kind, read: ImportResult, report: Callable[[Progress], None]
) -> ImportResult:
    """Record the staged things that are not known yet; return the result of reading, completed."""
    if read.rows_taken == 0:
        return read
    await set_business(connection, business)
    holders = await record_customers(connection)
    added = done = judged = 0
    for chunk, rows, is_known in await gathered.chunks(connection):
        if not is_known:
            added += await in_chunk(connection, partial(_record, connection, kind, chunk))
        if added > 2 * judged:
            # How customers stand would be worked out as if the tables were as small as they were.
            await analyze(connection, *_FILLED, kind.recorded)
            judged = added
        report(Progress(Step.RECORDING, done := done + rows, read.rows_taken))
    # Somebody else may have recorded one in the meantime, and a file may have one twice.
    await gathered.find_known(connection, kind)
    return replace(
        read,
        added=Counts(customers=holders.added, **{kind.counted: added}),
        known=Counts(customers=holders.known, **{kind.counted: await gathered.known(connection)}),
        left_out=+(Counter(read.left_out) + holders.left_out),
    )


async def _record(connection: Connection, kind: Kind, chunk: int) -> int:
    added = await run(connection, _first_versions(kind), chunk=chunk)
    # One that somebody else recorded a moment ago has another id than the staged one, and so gets nothing more here.
    if kind.is_versioned:
        await run(connection, _second_versions(kind), chunk=chunk)
    if kind.more:
        await run(connection, kind.more(), chunk=chunk)
    holders = await fetch(connection, _holders(), chunk=chunk) if added else []
    await bring_up_to_date(connection, [row["customer_id"] for row in holders])
    return added


def _first_versions(kind: Kind) -> Insert:
    rows, now = kind.staged.c, select(func.clock_timestamp().label("now")).cte("moment")
    values: dict[str, Any] = {
        "customer_id": customers.c.customer_id,
        kind.key: things.c.thing_id,
        "source": things.c.source,
        "external_id": things.c.external_id,
        **{name: _kept(kind, rows[name], name) for name in kind.first},
        "recorded_at": now.c.now,
    }
    if kind.is_versioned:
        is_followed = rows[f"{NEXT}change"].is_not(None)
        closed = {"replaced_at": rows[f"{NEXT}changed_at"], "superseded_at": case((is_followed, now.c.now))}
        values |= {"version": _FIRST, **closed}
    joined = things.join(kind.staged, rows.row == things.c.row).join(customers, of_customer()).join(now, true())
    new = and_(things.c.chunk == bindparam("chunk"), things.c.reason.is_(None), ~things.c.known, things.c.nth == 1)
    statement = upsert(kind.recorded).from_select(list(values), _selected(values).select_from(joined).where(new))
    is_first = kind.recorded.c.version == _FIRST if kind.is_versioned else None
    return statement.on_conflict_do_nothing(index_elements=["source", "external_id"], index_where=is_first)


def _second_versions(kind: Kind) -> Insert:
    first, rows = kind.recorded.alias("first"), kind.staged.c
    same = {column.name: first.c[column.name] for column in kind.recorded.c if not column.computed}
    values: dict[str, Any] = {
        **same,
        "version": first.c.version + _FIRST,
        **{name: _kept(kind, rows[NEXT + name], name) for name in kind.ended},
        "recorded_at": first.c.superseded_at,
    }
    del values["replaced_at"], values["superseded_at"]
    joined = recorded_things(first, first.c[kind.key]).join(kind.staged, rows.row == things.c.row)
    ended = things.c.chunk == bindparam("chunk"), rows[f"{NEXT}change"].is_not(None)
    return insert(kind.recorded).from_select(list(values), _selected(values).select_from(joined).where(*ended))


def _holders() -> Select[Any]:
    held = select(customers.c.customer_id).select_from(things.join(customers, of_customer()))
    return held.where(things.c.chunk == bindparam("chunk"), things.c.reason.is_(None)).distinct()


def _selected(values: dict[str, Any]) -> Select[Any]:
    return select(*(value.label(f"new_{name}") for name, value in values.items()))


def _kept(kind: Kind, waiting: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    return cast(waiting, Interval) if isinstance(kind.recorded.c[name].type, Interval) else waiting
