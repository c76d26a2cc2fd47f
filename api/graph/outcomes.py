"""What every mutation's payload says: what is wrong with the input, and whether the answer is a repeat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

import strawberry
from strawberry import UNSET

from api.access import Principal
from api.database import Database
from api.errors import Rejection
from api.errors import UserErrorCode as Code
from api.graph.declare import Reference
from api.writes.change import Change, Outcome
from api.writes.idempotency import KEPT_FOR, Request
from api.writes.once import Recorded, once, tried

_MEANINGS = {
    Code.BLANK: "A needed value is empty.",
    Code.INVALID: "A value has the wrong form.",
    Code.TOO_LONG: "A value is too long.",
    Code.NOT_FOUND: "There is no such record, or it is not yours.",
    Code.TAKEN: "The value is already in use.",
    Code.CONFLICT: "The record changed since it was read.",
    Code.OUT_OF_RANGE: "A number or a moment lies outside its limits.",
    Code.ALREADY_MERGED: "The customer has already been merged away.",
    Code.CURRENCY_MISMATCH: "Amounts are in different currencies.",
    Code.UNKNOWN_CURRENCY: "There is no such currency.",
    Code.MISSING_EXCHANGE_RATE: "No exchange rate is known for that currency and day.",
    Code.EXCEEDS_REMAINING: "The amount is more than what is left.",
    Code.LIMIT_EXCEEDED: "A limit on number or size is reached.",
}
_described: Any = Enum(  # type: ignore[misc]
    "UserErrorCode", {code.name: strawberry.enum_value(code.value, description=_MEANINGS[code]) for code in Code}
)
UserErrorCode: Any = strawberry.enum(_described, description="What can be wrong with an input.")


class Caller(Protocol):
    """What a mutation is told about its request."""

    database: Database
    principal: Principal
    now: datetime
    closing: list[AsyncExitStack]


@strawberry.interface(description="An error that can be shown to a person.")
class DisplayableError:
    field: list[str] | None = strawberry.field(description="Path of the input field at fault, null if none is.")
    message: str = strawberry.field(description="The error as a sentence.")


@strawberry.type(description="Something in the input that the sender can put right.")
class UserError(DisplayableError):
    code: UserErrorCode = strawberry.field(description="The error as a code.")
    current_version: int | None = strawberry.field(description="For CONFLICT, the version to read again.")


@strawberry.type(description="Whether an answer is new or a repeat.")
class IdempotencyInfo:
    key: strawberry.ID = strawberry.field(description="Key that was sent.")
    replayed: bool = strawberry.field(description="Whether this is the outcome of an earlier call with the same key.")
    first_seen_at: datetime = strawberry.field(description="When the key was first seen.")
    expires_at: datetime = strawberry.field(description="When the key is forgotten.")


@strawberry.type
class Payload:
    user_errors: list[UserError] = strawberry.field(description="What is wrong with the input; empty when it was done.")
    idempotency: IdempotencyInfo | None = strawberry.field(description="Whether this is a repeat, null on a dry run.")


@strawberry.input
class ChangeInput:
    dry_run: bool = strawberry.field(
        description="Only try: answer as if it were done, write nothing, leave the key unused.", default=False
    )
    idempotency_key: strawberry.ID = strawberry.field(
        description="Key of your choice, the same when you try again; kept for 30 days."
    )


def user_errors(errors: Sequence[Rejection]) -> list[UserError]:
    """Return rejections as the payload shows them."""
    return [
        UserError(
            field=list(error.field) if error.field else None,
            message=error.message,
            code=UserErrorCode(error.code.value),
            current_version=error.current_version,
        )
        for error in errors
    ]


def idempotency(key: str, recorded: Recorded) -> IdempotencyInfo | None:
    """Return what became of a key, or None on a dry run."""
    first = recorded.first_seen_at
    if first is None:
        return None
    return IdempotencyInfo(
        key=strawberry.ID(key), replayed=recorded.replayed, first_seen_at=first, expires_at=first + KEPT_FOR
    )


def reference(view: type, outcome: Outcome, name: str, recorded: Recorded) -> Any:
    """Return a reference to what an outcome wrote, or None where it wrote nothing."""
    key = outcome.ids.get(name)
    return None if key is None else Reference(view, key, pinned=recorded.pinned)


async def perform(
    caller: Caller, mutation: str, given: Any, work: Callable[[Change], Awaitable[Sequence[Outcome]]]
) -> Recorded:
    """Do the work of a mutation once for the key of its input, or try it only where the input says so.

    What an earlier field of the same request only tried is undone first, so that it stands in nobody's way.
    """
    while caller.closing:
        await caller.closing.pop().aclose()
    request = Request(caller.principal, mutation, given.idempotency_key, plain(given), caller.now)
    if given.dry_run:
        return await tried(caller.database, request, work, caller.closing)
    return await once(caller.database, request, work)


def plain(value: Any) -> Any:
    """Return an input as plain values, without what was left out: what a key is bound to.

    A value equal to its default counts as left out, so that a new field does not change what an old key is bound to.
    """
    if is_dataclass(value):
        named = {field.name: (getattr(value, field.name), field.default) for field in fields(value)}
        return {name: plain(part) for name, (part, usual) in named.items() if part is not UNSET and part != usual}
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return value.name
    return value.isoformat() if isinstance(value, datetime | date) else value
