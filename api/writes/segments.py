"""Saving and deleting segments: each change closes the version before, and all changes of segments take turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import JSON, Text, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert

from api.database import Statement, prepare
from api.domain.identity import new_id
from api.domain.segments import Segment, check, cleaned_name, resting_on
from api.errors import Rejection, UserErrorCode
from api.tables.segments import segments
from api.writes.change import Change, Outcome, refusing

_LOCK = 7_341_905_613
# Whether a filter may name another segment depends on what that one names, so no two may change side by side.
_TAKE_TURNS = prepare(select(func.pg_advisory_xact_lock(_LOCK)))
_IS_OPEN = segments.c.superseded_at.is_(None)
_OPEN = prepare(
    select(
        segments.c.segment_id, segments.c.version, segments.c.name, cast(segments.c.filter, Text).label("filter")
    ).where(_IS_OPEN)
)


def _closed(now: Any) -> Any:
    """Return what closes the open version of a segment."""
    return (
        update(segments)
        .values(superseded_at=now, replaced_at=now)
        .where(segments.c.segment_id == bindparam("which"), _IS_OPEN)
    )


def _saved() -> Statement:
    """Return what closes the open version of a segment, if there is one, and adds the next."""
    # All moments of one row and of the next must agree to the microsecond.
    now = select(func.clock_timestamp().label("now")).cte("moment")
    closed = _closed(now.c.now).returning(segments.c.created_at).cte("closed")
    first = select(closed.c.created_at).scalar_subquery()
    values = {
        "segment_id": bindparam("which", type_=segments.c.segment_id.type),
        "version": bindparam("version", type_=segments.c.version.type),
        "name": bindparam("name", type_=Text),
        "filter": cast(bindparam("filter", type_=Text), JSON),
        "created_at": func.coalesce(first, now.c.now),
        "changed_at": now.c.now,
        "recorded_at": now.c.now,
    }
    return prepare(insert(segments).from_select(list(values), select(*values.values()).select_from(now)))


_SAVE = _saved()
_DELETE = prepare(_closed(select(func.clock_timestamp()).scalar_subquery()))


async def set_segment(
    change: Change,
    named: tuple[UUID | None] | None,
    name: str,
    conditions: Mapping[str, Any],
    expected_version: int | None,
) -> list[Outcome]:
    """Create a segment, or change the one that is named; raise Refused where it cannot be.

    named       key of the segment, None in it where the identifier is none of a segment; None for a new one
    conditions  its filter, in the form in which it was sent
    """
    with refusing():
        name = cleaned_name(name)
        there = await _all(change)
        known = None if named is None else _found(there, named[0], ("input", "id"), expected_version)
        key = new_id() if known is None else known.key
        segment = Segment(key, known.version + 1 if known else 1, name, conditions)
        check(segment, {key: other for key, other in there.items() if key != segment.key})
        text = orjson.dumps(conditions).decode()
        await change.rows(_SAVE, which=key, version=segment.version, name=name, filter=text)
    return [Outcome({"segment": key}, created=known is None)]


async def delete_segment(change: Change, key: UUID | None, expected_version: int | None) -> list[Outcome]:
    """Delete a segment; raise Refused where there is none, or another one rests on it."""
    with refusing():
        there = await _all(change)
        known = _found(there, key, ("input", "segmentId"), expected_version)
        if resting := resting_on(known.key, there):
            message = f"The segment “{resting[0]}” names this one in its filter; change that first."
            raise Rejection(UserErrorCode.INVALID_STATE, message, ("input", "segmentId"))
        await change.rows(_DELETE, which=known.key)
    return [Outcome({"segment": known.key})]


async def _all(change: Change) -> dict[UUID, Segment]:
    """Return the segments that there are, which nobody else changes until this change has ended."""
    if change.principal.customer_id is not None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no segment that a customer may change.", ("input",))
    # Read by a statement of its own: one that waited for its turn does not see what was saved meanwhile.
    await change.rows(_TAKE_TURNS)
    found = [Segment(row[0], row[1], row[2], orjson.loads(row[3])) for row in await change.rows(_OPEN)]
    return {segment.key: segment for segment in found}


def _found(
    there: Mapping[UUID, Segment], key: UUID | None, field: tuple[str, ...], expected_version: int | None
) -> Segment:
    known = there.get(key) if key else None
    if known is None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such segment.", field)
    if expected_version not in (None, known.version):
        message = "The segment changed since it was read; read it again and decide anew."
        raise Rejection(UserErrorCode.CONFLICT, message, ("input", "expectedVersion"), known.version)
    return known
