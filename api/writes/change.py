"""One change: the transaction it runs in, who makes it, when, and for which business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import select

from api.access import Principal
from api.database import Connection, Database, Statement, prepare
from api.errors import BusinessNotSet, Rejection
from api.tables.business import business

_BUSINESS = prepare(select(business.c.currency, business.c.time_zone, business.c.fingerprint_key))


@dataclass(frozen=True, slots=True)
class Business:
    """The business that records: its currency, its days, and the key of its fingerprints."""

    currency: str
    time_zone: ZoneInfo
    fingerprint_key: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A change in progress; everything it does is one transaction on `connection`.

    key   that it has taken, None where it is only tried or has several
    keys  that it has taken where several changes are made together, one for each outcome in order
    """

    connection: Connection
    principal: Principal
    now: datetime
    business: Business
    key: str | None = None
    keys: tuple[str, ...] = ()

    async def rows(self, statement: Statement, **given: object) -> Sequence[Any]:
        """Run a statement in the transaction and return its rows."""
        return await self.connection.fetch(statement.sql, *statement.values(given))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing to record: identifiers of what was written, or what is wrong with it."""

    ids: Mapping[str, UUID]
    created: bool = False
    errors: tuple[Rejection, ...] = ()


class Kept(list[Outcome]):
    """Outcomes that the statement which wrote the last rows has kept with the key, so that no other one has to."""

    __slots__ = ()


class Overtaken(Exception):
    """Another call was faster with the same thing; done again, the change finds it there."""


class Apart(Exception):
    """What arrived at the same time cannot be recorded together; alone, each can."""


class Refused(Exception):
    """Nothing may be written; carries the outcomes that say why."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__("refused")
        self.outcomes = outcomes


async def the_business(connection: Connection) -> Business:
    """Return the business; raise BusinessNotSet before it has been set."""
    found = await connection.fetchrow(_BUSINESS.sql)
    if found is None:
        raise BusinessNotSet(BusinessNotSet.meaning)
    return Business(found["currency"], ZoneInfo(found["time_zone"]), found["fingerprint_key"])


class KnownBusinesses:
    """The business of each open database, read once: it is set once and never changed.

    Whoever relies on it makes sure that it still stands in the database, as `idempotency.take` does, and forgets it
    where it does not: behind the same address there may be another database by now.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Database, Business] = WeakKeyDictionary()

    async def of(self, database: Database, connection: Connection) -> Business:
        """Return the business of a database; raise BusinessNotSet before it has been set."""
        known = self._known.get(database)
        if known is None:
            known = self._known[database] = await the_business(connection)
        return known

    def forget(self, database: Database) -> None:
        """Read it again the next time."""
        self._known.pop(database, None)


@contextmanager
def refusing() -> Iterator[None]:
    """Raise Refused in place of a Rejection."""
    try:
        yield
    except Rejection as rejection:
        raise Refused([Outcome({}, errors=(rejection,))]) from None
