"""The database server itself: whether it can be reached, how it is set, and how far its schema is."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from sqlalchemy import column, select, table

from api.database import Connection, Database, driver_errors_translated, prepare
from api.errors import Unavailable

OLDEST_VERSION = 15

_REVISION = prepare(select(column("version_num")).select_from(table("alembic_version")))


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a database server says of itself; `durable` names each setting that keeps what was committed."""

    version: str
    major: int
    durable: dict[str, str]


async def require_server(dsn: str) -> ServerFacts:
    """Return what the server says of itself; raise Unavailable, with what to do, where it cannot be used.

    The texts of the driver are not repeated: they may hold the address, and the address holds the password.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (ValueError, asyncpg.InterfaceError):
        raise Unavailable("The database's address cannot be read; it looks like postgresql://user@host/name.") from None
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise Unavailable("The database server refuses this user or this password.") from None
    except asyncpg.InvalidCatalogNameError:
        raise Unavailable("The database server is there, but has no database of this name; create it first.") from None
    except (OSError, TimeoutError, asyncpg.PostgresError):
        raise Unavailable("The database server cannot be reached; is it running, and is its address right?") from None
    try:
        facts = await server_facts(connection)
    finally:
        await connection.close()
    if facts.major < OLDEST_VERSION:
        raise Unavailable(f"This is PostgreSQL {facts.version}; Regulars needs {OLDEST_VERSION} or newer.")
    return facts


async def server_facts(connection: Connection) -> ServerFacts:
    """Return what the server at the other end of a connection says of itself."""
    names = ("synchronous_commit", "fsync", "full_page_writes")
    with driver_errors_translated():
        version = await connection.fetchval("SELECT current_setting('server_version')")
        durable = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in names}
    return ServerFacts(str(version).split()[0], connection.get_server_version().major, durable)


async def schema_revision(database: Database) -> str | None:
    """Return the revision the database's schema is at, or None before the first migration."""
    try:
        rows = await database.read(_REVISION, {})
    except asyncpg.UndefinedTableError:
        return None
    return str(rows[0]["version_num"]) if rows else None
