"""The transaction of a change: READ COMMITTED, by plans that are kept; and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from api.database import Connection, Database
from api.writes.change import KnownBusinesses, Outcome

__all__ = ["BEGIN", "BUSINESSES", "Attempt", "Recorded", "read_committed"]

# A repeated key waits at this level; at stricter ones it fails (SQLSTATE 40001). Lists of one row look cheap to plan
# for, so the server would plan every such statement anew, at more than it costs to run. A plan that is kept may have
# been made while a table was empty: it must not read that table from end to end once it is full.
BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED;"
    " SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;"
)
BUSINESSES = KnownBusinesses()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcomes of a change, and whether they are those of an earlier call with the same key.

    first_seen_at  when the key was first used; None on a dry run, which leaves the key unused
    begun_at       when the transaction began that recorded it, or tried to: nothing of it had been recorded by then
    pinned         the connection on which a dry run's rows can still be read
    """

    outcomes: Sequence[Outcome]
    replayed: bool = False
    first_seen_at: datetime | None = None
    begun_at: datetime | None = None
    pinned: Connection | None = None


@dataclass(slots=True)
class Attempt:
    """How far an attempt came: once COMMIT is on its way, a broken connection leaves its fate open."""

    committing: bool = False


@asynccontextmanager
async def read_committed(database: Database, connection: Connection, *more: str) -> AsyncIterator[None]:
    """Hold a transaction open: commit it at the end, undo it where an error ends it.

    more  settings of this one
    """
    await connection.execute("".join((BEGIN, database.settings, *more)))
    try:
        yield
    except BaseException:
        await connection.execute("ROLLBACK;")
        raise
    await connection.execute("COMMIT;")
