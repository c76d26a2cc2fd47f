"""The statement that Regulars sends for an operation, as the driver sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any

import asyncpg
from graphql import DocumentNode, execute, parse

from api.access import EVERYBODY
from api.database import Database
from api.database.pool import Pool
from api.graph.schema import executable
from api.plan.executor import Executor
from api.plan.operation import Operation


@dataclass(frozen=True, slots=True)
class Call:
    """A statement with its parameters."""

    sql: str
    parameters: Sequence[Any]


async def calls(dsn: str, document: str, variants: Sequence[Mapping[str, Any]]) -> list[Call]:
    """Return the one call that Regulars makes for each variant of a document's variables."""
    overheard: list[Call] = []

    def note(record: Any) -> None:
        if " AS c0" in record.query:  # the driver and its pool send statements of their own
            overheard.append(Call(record.query, record.args))

    async def listen(connection: asyncpg.Connection[asyncpg.Record]) -> None:
        connection.add_query_logger(note)

    parsed, plans = parse(document), dict[Any, Any]()
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1, init=listen) as pool:
        database = Database(Pool(pool), read_timeout=60)
        for variables in variants:
            await _execute(database, parsed, plans, variables)
        await database.close()
    assert len(overheard) == len(variants), "an operation takes more than one statement"
    return overheard


async def _execute(
    database: Database, parsed: DocumentNode, plans: dict[Any, Any], variables: Mapping[str, Any]
) -> None:
    operation = Operation(database, EVERYBODY, datetime.now(UTC), plans)
    result: Any = execute(
        executable, parsed, variable_values=dict(variables), context_value=operation, executor_class=Executor
    )
    result = await result if isawaitable(result) else result
    await operation.close()
    assert not result.errors, result.errors
