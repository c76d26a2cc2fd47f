"""Keys of changes: their form and age, what they are bound to, and the outcomes kept with them.

What is kept is identifiers and codes; messages never quote an input.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import LargeBinary, Select, Text, bindparam, cast, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from api.access import Principal
from api.database import Database, Statement, prepare
from api.errors import BadUserInput, IdempotencyKeyExpired, IdempotencyKeyReused, Rejection, UserErrorCode
from api.tables.business import business
from api.tables.idempotency import idempotency
from api.writes.change import Apart, Business, Change, Outcome, Overtaken
from api.writes.lookups import rows_text, sent

KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5_000

_KEY = re.compile(r"[A-Za-z0-9_.:-]{16,128}")
_MINE = (idempotency.c.principal == bindparam("who"), idempotency.c.key == bindparam("which"))
_KEYS = {"principal": Text, "key": Text, "mutation": Text, "fingerprint": LargeBinary}
_KEY_COLUMNS = tuple(_KEYS)
_GIVEN = sent("given", _KEYS)
_OUTCOMES = {"key": Text, "outcome": JSONB}
_KEPT = sent("result", _OUTCOMES)


def _taking(keys: Select[Any]) -> Statement:
    """Return the insertion of keys that nobody has used.

    Only beside the business that the change was begun for; it may have been read long ago.
    """
    beside = keys.where(business.c.fingerprint_key == bindparam("of_business"))
    taken = insert(idempotency).from_select(_KEY_COLUMNS, beside).on_conflict_do_nothing()
    return prepare(taken.returning(idempotency.c.created_at))


_TAKE = _taking(select(*[bindparam(name, type_=idempotency.c[name].type) for name in _KEY_COLUMNS]))
_TAKE_ALL = _taking(select(*[_GIVEN.c[name] for name in _KEY_COLUMNS]).order_by(_GIVEN.c.ord))
SETTLING_ALL = (
    update(idempotency)
    .values(outcome=_KEPT.c.outcome)
    .where(idempotency.c.principal == bindparam("who"), idempotency.c.key == _KEPT.c.key)
)
"""Keeps an outcome with each of several keys; the parameters are those of `settled_all`."""
_SETTLE_ALL = prepare(SETTLING_ALL)
_FOUND = prepare(
    select(idempotency.c.fingerprint, cast(idempotency.c.outcome, Text), idempotency.c.created_at).where(*_MINE)
)
SETTLING = update(idempotency).values(outcome=cast(bindparam("result", type_=Text), JSONB)).where(*_MINE)
"""Keeps the outcomes with the key; the parameters are those of `settled`."""
_SETTLE = prepare(SETTLING)
_WHOLE = (idempotency.c.principal, idempotency.c.key)
_FORGET = prepare(
    idempotency.delete()
    .where(
        tuple_(*_WHOLE).in_(
            select(*_WHOLE)
            .where(idempotency.c.created_at < bindparam("before"))
            .limit(FORGOTTEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
    )
    .returning(idempotency.c.created_at)
)


@dataclass(frozen=True, slots=True)
class Request:
    """A change as it was asked for.

    given  the input as the caller gave it, in plain values; the same key with another input is refused
    """

    principal: Principal
    mutation: str
    key: str
    given: Mapping[str, Any]
    now: datetime

    def fingerprint(self, business: Business) -> bytes:
        """Return what the input is recognised by; keyed, because inputs can be guessed."""
        # Not orjson: half of a surrogate pair has a fingerprint too, and is refused by the rules for texts.
        canonical = json.dumps([self.mutation, self.given], sort_keys=True, separators=(",", ":"))
        return hmac.new(business.fingerprint_key, canonical.encode("ascii"), hashlib.sha256).digest()

    def asks_the_same(self, other: Request) -> bool:
        """Return whether another request has the same input for the same mutation."""
        return self.mutation == other.mutation and self.given == other.given


@dataclass(frozen=True, slots=True)
class Found:
    """The outcomes that are kept for a key, and since when."""

    outcomes: Sequence[Outcome]
    first_seen_at: datetime


def check_key(key: str, now: datetime) -> None:
    """Raise BadUserInput for a key of another form, IdempotencyKeyExpired for one that says it is too old."""
    if not _KEY.fullmatch(key):
        raise BadUserInput("`idempotencyKey` takes 16 to 128 letters, digits or any of _ . : - ; a UUID is a good key.")
    made = _made_at(key)
    if made is not None and made < now - KEPT_FOR:
        raise IdempotencyKeyExpired(IdempotencyKeyExpired.meaning)


def _made_at(key: str) -> datetime | None:
    try:
        found = UUID(key)
    except ValueError:
        return None
    if found.version != 7:
        return None
    return datetime.fromtimestamp((found.int >> 80) / 1000, tz=UTC) if found.int >> 80 < 2**42 else None


async def take(change: Change, request: Request) -> datetime | None:
    """Take the key for this transaction and return the moment; None where another one has committed it.

    None, too, where the change's business is not the one in the database; then nothing is kept for the key.

    Waits for a transaction that has taken the key and not ended yet, no longer than the lock time-out.
    """
    rows = await change.rows(
        _TAKE,
        principal=request.principal.name,
        key=request.key,
        mutation=request.mutation,
        fingerprint=request.fingerprint(change.business),
        of_business=change.business.fingerprint_key,
    )
    return rows[0]["created_at"] if rows else None


async def take_all(change: Change, requests: Sequence[Request]) -> datetime:
    """Take the keys of several changes for this transaction and return the moment; raise Apart where one is taken.

    In the order of the keys, because two transactions that take the same ones must meet at them in one order.
    """
    rows = [
        (change.principal.name, each.key, each.mutation, f"\\x{each.fingerprint(change.business).hex()}")
        for each in sorted(requests, key=lambda request: request.key)
    ]
    taken = await change.rows(_TAKE_ALL, given=rows_text(_KEYS, rows), of_business=change.business.fingerprint_key)
    if len(taken) < len(requests):
        raise Apart
    moment: datetime = taken[0]["created_at"]
    return moment


async def kept(change: Change, request: Request) -> Found:
    """Return what is kept for the key; raise IdempotencyKeyReused for another input, Overtaken if it is gone."""
    rows = await change.rows(_FOUND, who=request.principal.name, which=request.key)
    if not rows:
        raise Overtaken
    if not hmac.compare_digest(rows[0]["fingerprint"], request.fingerprint(change.business)):
        raise IdempotencyKeyReused(IdempotencyKeyReused.meaning)
    return Found(_from_text(rows[0]["outcome"]), rows[0]["created_at"])


async def settle(change: Change, outcomes: Sequence[Outcome]) -> None:
    """Keep the outcomes with the key, in the transaction that took it."""
    await change.rows(_SETTLE, **settled(change, outcomes))


async def settle_all(change: Change, outcomes: Sequence[Outcome]) -> None:
    """Keep an outcome with each key of the change, in the transaction that took them."""
    await change.rows(_SETTLE_ALL, **settled_all(change, outcomes))


def settled(change: Change, outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return the parameters of SETTLING, which may be put into a statement that writes rows; a later one prevails."""
    return {"who": change.principal.name, "which": change.key, "result": _as_text(outcomes)}


def settled_all(change: Change, outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return the parameters of SETTLING_ALL."""
    rows = [(key, [_plain(outcome)]) for key, outcome in zip(change.keys, outcomes, strict=True)]
    return {"who": change.principal.name, "result": rows_text(_OUTCOMES, rows)}


async def forget_expired(database: Database, now: datetime) -> int:
    """Delete the keys that are no longer kept and return how many; what was recorded stays, as do its identifiers."""
    forgotten, last = 0, FORGOTTEN_AT_ONCE
    while last == FORGOTTEN_AT_ONCE:
        async with database.connection() as connection:
            last = len(await connection.fetch(_FORGET.sql, *_FORGET.values({"before": now - KEPT_FOR})))
        forgotten += last
    return forgotten


def _as_text(outcomes: Sequence[Outcome]) -> str:
    return orjson.dumps([_plain(outcome) for outcome in outcomes]).decode()


def _plain(outcome: Outcome) -> dict[str, Any]:
    errors = [
        {"code": error.code.value, "message": error.message, "field": error.field, "version": error.current_version}
        for error in outcome.errors
    ]
    return {"ids": {name: str(key) for name, key in outcome.ids.items()}, "new": outcome.created, "errors": errors}


def _from_text(text: str) -> Sequence[Outcome]:
    return [
        Outcome(
            {name: UUID(key) for name, key in found["ids"].items()},
            found["new"],
            tuple(
                Rejection(UserErrorCode(error["code"]), error["message"], _field(error["field"]), error["version"])
                for error in found["errors"]
            ),
        )
        for found in orjson.loads(text)
    ]


def _field(found: list[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(found)
