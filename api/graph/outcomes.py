"""What every mutation's payload says: what is wrong with the input, and whether the answer is a repeat."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
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
from api.writes.together import First

_MEANINGS = {
    Code.BLANK: "A value is needed and is empty.",
    Code.INVALID: "A value does not have the form this field needs, such as that of an email address.",
    Code.TOO_LONG: "A value is too long.",
    Code.NOT_FOUND: "There is no such record.",
    Code.TAKEN: "Another record has this value already, and it can be used only once.",
    Code.CONFLICT: "Somebody else changed the record since you read it: read it again.",
    Code.OUT_OF_RANGE: "A number or a moment lies outside its limits, such as a purchase in the future.",
    Code.INVALID_STATE: "The record is in a state that does not allow this, such as one that has ended.",
    Code.ALREADY_MERGED: "The customer turned out to be another one and was merged into it; use that one.",
    Code.CURRENCY_MISMATCH: "Amounts that belong together are in different currencies.",
    Code.UNKNOWN_CURRENCY: "The currency is not one of ISO 4217.",
    Code.MISSING_EXCHANGE_RATE: "No exchange rate is known for that currency and day.",
    Code.EXCEEDS_REMAINING: "The amount is more than what is left, such as a refund above the rest of its order.",
    Code.INSUFFICIENT_POINTS: "There are not as many points that can be spent; pending ones do not count.",
    Code.LIMIT_EXCEEDED: "There are more items than one request may hold, or as many as there may be at a time.",
    Code.SELF_REFERRAL: "Nobody can be referred by themselves, nor by somebody they brought.",
    Code.ALREADY_CUSTOMER: "Only somebody new can be referred: who has bought nothing, and has no agreement.",
    Code.ALREADY_REFERRED: "The customer was referred before, which happens once for good.",
    Code.CODE_UNKNOWN: "There is no such referral code.",
    Code.CODE_EXPIRED: "The invitation behind the referral code is too old, or was used.",
    Code.EXPIRED: "What was valid for a time is so no longer, such as a link to a survey.",
    Code.CIRCULAR: "The record would rest on itself, directly or through others.",
}
_described: Any = Enum(  # type: ignore[misc]
    "UserErrorCode", {code.name: strawberry.enum_value(code.value, description=_MEANINGS[code]) for code in Code}
)
UserErrorCode: Any = strawberry.enum(_described, description="What can be wrong with an input, as a code for programs.")


class Caller(Protocol):
    """What a mutation is told about its request."""

    database: Database
    principal: Principal
    now: datetime
    closing: list[AsyncExitStack]


@strawberry.interface(description="An error that can be shown to a person.")
class DisplayableError:
    field: list[str] | None = strawberry.field(
        description='Where the mistake is, such as ["input", "purchase", "placedAt"]; null if in no single place.'
    )
    message: str = strawberry.field(description="What is wrong, as a sentence to show.")


@strawberry.type(description="Something in the input that a person can put right.")
class UserError(DisplayableError):
    code: UserErrorCode = strawberry.field(description="What is wrong, as a code for programs.")
    current_version: int | None = strawberry.field(
        description="With CONFLICT, the version the record has now; otherwise null."
    )


@strawberry.type(description="Whether an answer is new or repeats an earlier one.")
class IdempotencyInfo:
    key: strawberry.ID = strawberry.field(description="The key that was sent with the change.")
    replayed: bool = strawberry.field(description="true when the same key was sent before: nothing was recorded again.")
    first_seen_at: datetime = strawberry.field(description="When the key was sent for the first time.")
    expires_at: datetime = strawberry.field(description="When the key is forgotten, 30 days after it was first sent.")


@strawberry.type
class Payload:
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the input; empty when all of it was recorded, or would be on a dry run."
    )
    idempotency: IdempotencyInfo | None = strawberry.field(
        description="Whether this answer repeats an earlier one; null on a dry run."
    )


@strawberry.input
class ChangeInput:
    dry_run: bool | None = strawberry.field(
        description="true only tries: the answer is what it would be, nothing is written, the key stays unused.",
        default=False,
    )
    idempotency_key: strawberry.ID = strawberry.field(
        description=(
            "A text of your choice (16 to 128 letters, digits or any of _ . : -). Send the same one whenever you send "
            "this change again, and it is recorded once. It is kept for 30 days."
        )
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
    caller: Caller,
    mutation: str,
    given: Any,
    work: Callable[[Change], Awaitable[Sequence[Outcome]]],
    first: First | None = None,
) -> Recorded:
    """Do the work of a mutation once for the key of its input, or try it only where the input says so.

    `first` may do it together with others that arrive at the same time.

    What an earlier field of the same request only tried is undone first, so that it stands in nobody's way.
    """
    while caller.closing:
        await caller.closing.pop().aclose()
    request = Request(caller.principal, mutation, given.idempotency_key, plain(given), caller.now)
    if given.dry_run:
        return await tried(caller.database, request, work, caller.closing)
    return await once(caller.database, request, work, first)


def plain(value: Any) -> Any:
    """Return an input as plain values, without what was left out: what a key is bound to.

    A value equal to its default counts as left out, so that a new field does not change what an old key is bound to;
    so does null where the default is a value.
    """
    type_: Any = type(value)
    if type_ in _PLAIN:
        return value
    parts = _parts(type_)
    if parts is not None:
        return _plain_parts(value, parts)
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else _plain_leaf(value)


def _plain_parts(value: Any, parts: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = {}
    for name, usual in parts:
        part = getattr(value, name)
        if not (part is UNSET or part == usual or (part is None and usual is not UNSET)):
            found[name] = part if type(part) in _PLAIN else plain(part)
    return found


def _plain_leaf(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return value.name
    return value.isoformat() if isinstance(value, datetime | date) else value


_PLAIN = {str, int, bool, type(None)}


@cache
def _parts(type_: Any) -> list[tuple[str, Any]] | None:
    """Return the names of a dataclass's fields with their defaults, None for another type."""
    return [(field.name, field.default) for field in fields(type_)] if is_dataclass(type_) else None
