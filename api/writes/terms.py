"""Versions of things with a term: the newest is locked, closed, and followed by the next, in one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Interval,
    Table,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert

from api.database import Statement, prepare
from api.errors import Rejection, UserErrorCode
from api.reads.json import parts_of_length
from api.writes.change import Change

_CLOCKS = {"recorded_at", "replaced_at", "superseded_at"}


class Versions:
    """What is written of one kind of thing with a term.

    table            its versions
    key              name of the column that says whose versions they are
    named_elsewhere  whether other systems have identifiers for them
    """

    def __init__(self, table: Table, key: str, *, named_elsewhere: bool = True) -> None:
        self._table, self._key = table, key
        self._columns = [column for column in table.c if not column.computed and column.name not in _CLOCKS]
        newest = table.c.superseded_at.is_(None)
        kept = [_kept(column) for column in table.c]
        self._lock = prepare(select(*kept).where(table.c[key] == bindparam("which"), newest).with_for_update())
        self._seen = prepare(select(table.c.version).where(table.c[key] == bindparam("which"), newest))
        first = insert(table).values({column.name: _given(column) for column in self._columns})
        if named_elsewhere:
            first = first.on_conflict_do_nothing(
                index_elements=["source", "external_id"], index_where=table.c.version == literal_column("1")
            )
        self._first = prepare(first.returning(table.c[key]))
        self._following: dict[frozenset[str], Statement] = {}

    async def open(
        self,
        change: Change,
        which: UUID | None,
        field: tuple[str, ...],
        what: str,
        expected_version: int | None = None,
    ) -> Any:
        """Return the newest version of one of them and lock it; raise Rejection where the caller has none such.

        Lengths of time are lists of months, days and minutes, as `Duration` takes them.

        what              how a message calls it, such as "subscription"
        expected_version  the version that the caller has read, None for any
        """
        found = await self.locked(change, which) if which else None
        if found is None or change.principal.customer_id not in (None, found["customer_id"]):
            raise Rejection(UserErrorCode.NOT_FOUND, f"There is no such {what}.", field)
        if expected_version not in (None, found["version"]):
            message = f"The {what} changed since it was read; read it again and decide anew."
            raise Rejection(UserErrorCode.CONFLICT, message, ("input", "expectedVersion"), found["version"])
        return found

    async def locked(self, change: Change, which: UUID) -> Any:
        """Return the newest version of one of them, whosever it is, and lock it; None where there is none."""
        while not (found := await change.rows(self._lock, which=which)):
            # A version that another change closes while we wait for it is no longer the newest, and what follows it
            # did not stand there yet when the statement began: the next statement sees it.
            if not await change.rows(self._seen, which=which):
                return None
        return found[0]

    async def begin(self, change: Change, values: Mapping[str, object]) -> bool:
        """Add the first version; return whether it is new, or has an identifier of another system that is taken.

        values  those of all columns that are not left empty; lengths of time as text in ISO 8601
        """
        given = {column.name: values.get(column.name) for column in self._columns} | {"version": 1}
        return bool(await change.rows(self._first, **given))

    async def follow(self, change: Change, newest: Any, values: Mapping[str, object]) -> None:
        """Close the newest version, which is locked, and add the next: the same but for some values.

        values  those that are new; among them `change`, and `changed_at`, when it happened
        """
        names = frozenset(values)
        if names not in self._following:
            self._following[names] = self._next(names)
        await change.rows(
            self._following[names],
            which=newest[self._key],
            at=values["changed_at"],
            **{f"new_{n}": v for n, v in values.items()},
        )

    def _next(self, names: frozenset[str]) -> Statement:
        table = self._table
        # Both clocks of one row and of the next must agree to the microsecond.
        now = select(func.clock_timestamp().label("now")).cte("moment")
        closed = (
            update(table)
            .values(superseded_at=now.c.now, replaced_at=bindparam("at", type_=table.c.replaced_at.type))
            .where(table.c[self._key] == bindparam("which"), table.c.superseded_at.is_(None))
            .returning(table, now.c.now)
            .cte("closed")
        )
        values = {
            column.name: _given(column, "new_") if column.name in names else closed.c[column.name]
            for column in self._columns
        }
        values |= {"version": closed.c.version + literal_column("1"), "recorded_at": closed.c.now}
        return prepare(insert(table).from_select(list(values), select(*values.values()).select_from(closed)))


def taken(what: str, field: tuple[str, ...]) -> Rejection:
    """Return why nothing begins that has the external identifier of another."""
    message = f"A {what} with this external identifier is recorded already."
    return Rejection(UserErrorCode.TAKEN, message, field)


def _kept(column: Any) -> Any:
    # The driver gives a length of time as one without months.
    if not isinstance(column.type, Interval):
        return column
    months, days, hours, minutes = parts_of_length(column)
    parts = array([months, days, hours * literal_column("60") + minutes])
    return case((column.is_not(None), parts)).label(column.name)


def _given(column: Any, prefix: str = "") -> Any:
    # The driver takes a length of time for one without months.
    name = f"{prefix}{column.name}"
    if isinstance(column.type, Interval):
        return cast(bindparam(name, type_=Text), column.type)
    return bindparam(name, type_=column.type)
