"""Rows of relations, read one value at a time: what the naive evaluation rests on.

The data of a law test never changes, so a value that was read once is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, true

from api.database import Statement, prepare
from api.domain.calendar import Duration
from api.graph.sources import Derived, Gathered
from api.reads.json import kind_of, parameter
from api.reads.relation import Condition, Expression, Lens, Link, Relation, Row
from tests.plan.made import Made

Among = Callable[[Row, Row], Sequence[Condition]]


@dataclass(frozen=True, slots=True)
class Sight:
    """From when, and by whom, rows are seen."""

    now: datetime
    as_of: datetime | None = None
    known_at: datetime | None = None
    owner: UUID | None = None
    currency: str | None = None

    def lens(self) -> Lens:
        """Return the lens whose parameters have the values of `given`."""
        return Lens(
            moment=parameter("moment", "moment"),
            as_of=parameter("as_of", "moment") if self.as_of else None,
            known_at=parameter("known_at", "moment") if self.known_at else None,
            owner=parameter("owner", "uuid") if self.owner else None,
            currency=parameter("currency", "text") if self.currency else None,
        )

    def given(self) -> dict[str, object]:
        """Return the values of the lens's parameters."""
        moment = self.as_of or self.now
        clocks = {"moment": moment, "as_of": self.as_of, "known_at": self.known_at}
        return {**clocks, "owner": self.owner, "currency": self.currency}

    def shape(self) -> tuple[bool, ...]:
        """Return which limits there are."""
        return (bool(self.as_of), bool(self.known_at), bool(self.owner), bool(self.currency))


@dataclass(frozen=True, slots=True)
class Found:
    """A row that may be seen: its relation and the values of its primary key."""

    relation: Relation
    identity: tuple[Any, ...]
    sight: Sight
    search: str | None = None

    def told_in(self, currency: str | None) -> Found:
        """Return the row with its values told in a currency, None for that of the business."""
        return replace(self, sight=replace(self.sight, currency=currency))


class Values:
    """The value of an argument, as a declared condition or derived field takes it.

    given     values of parameters, by name
    built_in  what the expression itself was made of
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.given: dict[str, object] = {}
        self.built_in: list[str] = []

    def parameter(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression:
        found = self.value
        for step in path:
            found = found[step]
        name = f"v{len(self.given)}"
        self.given[name] = convert(found) if convert else found
        return parameter(name, kind)

    def known(self) -> Any:
        found = self.value if isinstance(self.value, list) else [self.value]
        plain = [part.value if isinstance(part, Enum) else part for part in found]
        self.built_in.append(repr(plain))
        return plain if isinstance(self.value, list) else plain[0]

    def past(self, name: str) -> Expression:
        return self.parameter("moment", name)

    def maybe(self, kind: str, *path: str, convert: Callable[[Any], object] | None = None) -> Expression | None:
        found = self.value
        for step in path:
            found = found.get(step) if found is not None else None
        return None if found is None else self.parameter(kind, *path, convert=convert)


class Rows:
    """Reads relations, links, expressions and what derived fields need, one statement each."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._known: dict[Hashable, Any] = {}
        self._prepared: dict[Hashable, Statement] = {}
        self._given: dict[Hashable, tuple[Statement, Mapping[str, object]]] = {}

    async def everything(self, relation: Relation, sight: Sight, search: str | None = None) -> list[Found]:
        """Return all rows of a relation that may be seen."""
        return await self._found(relation, {}, sight, search)

    async def behind(self, link: Link, source: Found) -> list[Found]:
        """Return the rows behind a link that may be seen."""
        values = {there: await self.column(source, here) for here, there in link.on}
        return [] if None in values.values() else await self._found(link.target, values, source.sight, None)

    async def with_key(self, relation: Relation, key: UUID, sight: Sight) -> list[Found]:
        """Return the row of a key, if it may be seen."""
        return await self._found(relation, {relation.key: key}, sight, None)

    async def column(self, found: Found, name: str) -> Any:
        """Return the value of a column or expression of a row."""
        return await self.value(found, ("named", name), lambda row: row[name])

    async def value(self, found: Found, tag: Hashable, compute: Callable[[Row], Expression]) -> Any:
        """Return the value of an expression over a row; `tag` tells it from others."""
        known = (found, tag)
        if known not in self._known:
            self._known[known] = await self._value(found, tag, compute)
        return self._known[known]

    async def holds(self, found: Found, test: Callable[[Row, Any], Expression], value: Any) -> bool:
        """Return whether a declared condition holds for a row."""
        known = (found, test, repr(value))
        if known not in self._known:
            asked = (found.relation, test, found.sight.shape(), repr(value))
            if asked not in self._given:
                self._given[asked] = self._condition(found, test, value)
            statement, given = self._given[asked]
            self._known[known] = bool(await self._fetch_value(statement, found, given))
        return bool(self._known[known])

    def _condition(
        self, found: Found, test: Callable[[Row, Any], Expression], value: Any
    ) -> tuple[Statement, Mapping[str, object]]:
        values, row = Values(value), self._row(found)
        condition = test(row, values)
        shape = (found.relation, test, found.sight.shape(), tuple(values.given), *values.built_in)
        if shape not in self._prepared:
            self._prepared[shape] = prepare(select(condition).select_from(row.source).where(*_is(row, found)))
        return self._prepared[shape], values.given

    async def belongs(self, source: Found, target: Found, among: Among, made: Made) -> bool:
        """Return whether a row behind a link is among those that are meant."""
        known = (source, target, among)
        if known not in self._known:
            shape = (source.relation, target.relation, among, made.tag, source.sight.shape(), target.sight.shape())
            if shape not in self._prepared:
                row, behind = self._row(source), self._row(target)
                conditions = among(made.of(row), behind)
                both = row.source.join(behind.source, true())
                wanted = select(and_(true(), *conditions)).select_from(both)
                self._prepared[shape] = prepare(wanted.where(*_is(row, source), *_is(behind, target, "t")))
            statement = self._prepared[shape]
            values = statement.values({**_identity(source), **_identity(target, "t")})
            self._known[known] = bool(await self.connection.fetchval(statement.sql, *values))
        return bool(self._known[known])

    async def needed(
        self, found: Found, source: Derived | Gathered, arguments: Mapping[str, Any]
    ) -> list[Mapping[str, Any]]:
        """Return what a derived or gathered field needs of a row: one set of values, save where there are many."""
        known = (found, source, repr(arguments))
        if known not in self._known:
            asked = (found.relation, source, found.sight.shape(), repr(arguments))
            if asked not in self._given:
                values, row = Values(arguments), self._row(found)
                need = source.needs(row, values)
                wanted = select(*need.c).select_from(row.source.join(need, true()))
                self._given[asked] = prepare(wanted.where(*_is(row, found))), values.given
            statement, given = self._given[asked]
            parameters = statement.values({**_identity(found), **given})
            self._known[known] = await self.connection.fetch(statement.sql, *parameters)
        return [dict(record) for record in self._known[known]]

    async def _found(
        self, relation: Relation, equal: Mapping[str, Any], sight: Sight, search: str | None
    ) -> list[Found]:
        known = (relation, tuple(equal.items()), sight, search)
        if known not in self._known:
            self._known[known] = await self._identities(relation, equal, sight)
        return [Found(relation, identity, sight, search) for identity in self._known[known]]

    async def _identities(self, relation: Relation, equal: Mapping[str, Any], sight: Sight) -> list[tuple[Any, ...]]:
        shape = (relation, tuple(equal), sight.shape())
        if shape not in self._prepared:
            row = Row(relation, sight.lens())
            same = [row.c[name] == parameter(f"e_{name}", kind_of(row.c[name])) for name in equal]
            keys = [row.c[column.name] for column in relation.table.primary_key]
            visible = row.visible()
            self._prepared[shape] = prepare(select(*keys).select_from(row.source).where(*same, *visible))
        statement = self._prepared[shape]
        given = statement.values({**sight.given(), **{f"e_{name}": value for name, value in equal.items()}})
        return [tuple(record) for record in await self.connection.fetch(statement.sql, *given)]

    async def _value(self, found: Found, tag: Hashable, compute: Callable[[Row], Expression]) -> Any:
        shape = (found.relation, tag, found.sight.shape(), found.search is None)
        if shape not in self._prepared:
            row = self._row(found)
            wanted = compute(row)
            self._prepared[shape] = prepare(select(wanted).select_from(row.source).where(*_is(row, found)))
        return await self._fetch_value(self._prepared[shape], found, {})

    async def _fetch_value(self, statement: Statement, found: Found, given: Mapping[str, object]) -> Any:
        values = statement.values({**_identity(found), "search": found.search, **given})
        return await self.connection.fetchval(statement.sql, *values)

    def _row(self, found: Found) -> Row:
        search = None if found.search is None else parameter("search", "text")
        return Row(found.relation, found.sight.lens(), search)


async def lengths_with_months(connection: Any) -> None:
    """Let a connection return lengths of time as they are; by itself, the driver takes a month for 30 days."""

    def length(parts: tuple[int, int, int]) -> Duration:
        months, days, microseconds = parts
        return Duration(months, days, microseconds // 60_000_000)

    await connection.set_type_codec("interval", schema="pg_catalog", encoder=str, decoder=length, format="tuple")


def _is(row: Row, found: Found, mark: str = "i") -> list[Any]:
    names = [column.name for column in found.relation.table.primary_key]
    return [row.c[name] == parameter(f"{mark}_{name}", kind_of(row.c[name])) for name in names]


def _identity(found: Found, mark: str = "i") -> dict[str, object]:
    names = [column.name for column in found.relation.table.primary_key]
    return {**found.sight.given(), **{f"{mark}_{n}": v for n, v in zip(names, found.identity, strict=True)}}
