"""Databases of every PostgreSQL at hand: the embedded one, and the oldest that is supported where it is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import asyncpg
import pytest

from tests import postgresql
from tests.given import Given

_NUMBERS = count(1)
OLDEST = "15"


@pytest.fixture(scope="module", params=[postgresql.EMBEDDED, OLDEST])
def any_server(request: pytest.FixtureRequest, servers: Any) -> str:
    """Address of a server of each version."""
    folder = postgresql.binaries(request.param)
    if folder and not (folder / "postgres").exists():
        pytest.skip(f"no PostgreSQL {request.param} in {folder}; install the package postgresql-{request.param}")
    address: str = servers(request.param)
    return address


@pytest.fixture
def empty_url(any_server: str, worker: str) -> Iterator[str]:
    """Address of a database without tables."""
    with postgresql.fresh_database(any_server, f"empty_{worker}_{next(_NUMBERS)}", "template0") as address:
        yield address


@pytest.fixture
async def connection(any_server: str, worker: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection to a migrated, empty database."""
    with postgresql.fresh_database(any_server, f"tables_{worker}_{next(_NUMBERS)}") as address:
        opened = await asyncpg.connect(address)
        yield opened
        await opened.close()


@pytest.fixture
def given(connection: Any) -> Given:
    """Makes rows on the connection."""
    return Given(connection)
