"""Asking the schema without HTTP: the answer as a client would read it, the errors, and the statements it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate

from api.access import EVERYBODY, Principal
from api.database import Connection, Database
from api.errors import ApiError
from api.graph.schema import executable
from api.plan.operation import Operation
from api.plan.ready import executed

_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
# On a new connection the driver asks once how arrays are called.
_DRIVER = ("typeinfo_tree", "current_setting('jit')")


class WatchedDatabase(Database):
    """A database that notes the text of every statement, apart from transaction control and the driver's own."""

    statements: list[str]

    @classmethod
    def of(cls, opened: Database) -> Self:
        """Return the same pool, watched, and more patient than a server: on a busy machine all may take long."""
        watched = cls(opened._pool, read_timeout=opened._read_timeout, patience=(20.0, 30.0), lock_timeout=20.0)
        watched.statements = []
        return watched

    @asynccontextmanager
    async def connection(self, *, patience: float | None = None) -> AsyncIterator[Connection]:
        async with super().connection(patience=patience) as borrowed:
            with borrowed.query_logger(self._note):
                yield borrowed

    async def told(self) -> list[str]:
        """Return the statements so far; the driver tells of one in the loop's next turn."""
        await asyncio.sleep(0)
        return self.statements

    def _note(self, record: Any) -> None:
        is_drivers = any(mark in record.query for mark in _DRIVER)
        if not is_drivers and not record.query.lstrip().upper().startswith(_TRANSACTION):
            self.statements.append(record.query)


@dataclass(frozen=True, slots=True)
class Documents:
    """What is known of the documents met so far; it holds for every database, as it does for a server's requests."""

    parsed: dict[str, DocumentNode] = field(default_factory=dict)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    plans: dict[str, dict[Any, Any]] = field(default_factory=dict)
    ready: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop all of it."""
        for kept in (self.parsed, self.refusals, self.plans, self.ready):
            kept.clear()


_MET: dict[GraphQLSchema, Documents] = {}
"""The documents that tests of this process have asked of a schema."""


class Ask:
    """Executes documents; keeps what the last one left behind.

    errors      of the last operation, as graphql-core has them
    statements  SQL texts the last operation ran, in order
    documents   those met so far, with their plans; all that this process has met, unless others are given
    """

    def __init__(
        self, database: WatchedDatabase, schema: GraphQLSchema = executable, documents: Documents | None = None
    ) -> None:
        self.database = database
        self.schema = schema
        self.principal = EVERYBODY
        self.now: datetime | None = None
        self.errors: list[GraphQLError] = []
        self.documents = documents or _MET.setdefault(schema, Documents())

    @property
    def statements(self) -> list[str]:
        return self.database.statements

    async def __call__(self, document: str, *, fails: bool = False, **variables: Any) -> Any:
        """Return the data of the answer; an operation with errors fails the test unless `fails` says it must."""
        data = await self.run(document, variables)
        if not fails:
            assert not self.errors, [_told(error) for error in self.errors]
        assert bool(self.errors) == fails, "an error was expected"
        return data

    async def run(self, document: str, variables: Mapping[str, Any], operation_name: str | None = None) -> Any:
        """Return the data of the answer, with or without errors."""
        refused = self.refusals(document)
        assert not refused, refused
        parsed, plans = self.parsed(document), self.documents.plans.setdefault(document, {})
        self.database.statements = []
        ready = self.documents.ready.setdefault(document, {})
        operation = Operation(self.database, self.principal, self.now or datetime.now(UTC), plans, ready)
        try:
            result = await executed(self.schema, parsed, operation, dict(variables), operation_name)
        finally:
            await operation.close()
        await self.database.told()
        self.errors = list(result.errors or [])
        return orjson.loads(orjson.dumps(result.data, default=lambda hole: hole.value))

    @property
    def codes(self) -> list[str]:
        """The codes of the last operation's errors; anything that is not ours is a bug and raised."""
        return [_code(error) for error in self.errors]

    def as_customer(self, customer_id: Any) -> Ask:
        """Return an asker who sees the rows of one customer only."""
        other = self.of(self.database)
        other.principal = Principal("customer:test", customer_id)
        return other

    def of(self, database: WatchedDatabase) -> Ask:
        """Return an asker of another database, with the same clock and plans."""
        other = Ask(database, self.schema, self.documents)
        other.now = self.now
        return other

    def parsed(self, document: str) -> DocumentNode:
        """Return a document as graphql-core takes it."""
        parsed = self.documents.parsed
        if document not in parsed:
            parsed[document] = parse(document)
        return parsed[document]

    def refusals(self, document: str) -> list[str]:
        """Return what validation has against a document."""
        refusals = self.documents.refusals
        if document not in refusals:
            refusals[document] = [error.message for error in validate(self.schema, self.parsed(document))]
        return refusals[document]


def _code(error: GraphQLError) -> str:
    original = error.original_error
    if isinstance(original, ApiError):
        return original.code
    if original is None or isinstance(original, GraphQLError):
        return "GRAPHQL"
    raise original


def _told(error: GraphQLError) -> str:
    return f"{error.path}: {error.original_error or error!r}"
