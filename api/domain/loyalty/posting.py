"""What is posted when points move: why they do, the entry on an account, and the lots in which they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from api.domain.identity import new_id

MOST_POINTS = 2_000_000_000
"""As many as an account can hold, or owe, and as a client's whole number can."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why points move: the reason as a code and in words, and what made them move.

    kind         EARN, REDEEM, EXPIRE, ADJUST, REVERSE or TRANSFER
    source       what kind of thing made them move; the same one moves points of a kind once
    at           when it happened, maybe before the account's latest entry
    reverses     the transaction that is undone, wholly or in part
    counts_from  from when what was earned counts towards a tier; None where it does not
    """

    kind: str
    source: str
    source_id: UUID
    at: datetime
    reason: str
    reverses: UUID | None = None
    counts_from: datetime | None = None
    transaction_id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Lot:
    """Points that came together: how many, how many are left, from when to when they can be spent.

    exact       points of a purchase before they were rounded
    program_id  the version of the program by whose rules they were earned
    """

    points: int
    remaining: int
    available_at: datetime
    expires_at: datetime | None
    lot_id: UUID = field(default_factory=new_id)
    exact: Decimal | None = None
    program_id: UUID | None = None

    @property
    def turn(self) -> tuple[datetime, datetime, UUID]:
        """When it is used up: what expires first goes first."""
        return self.expires_at or _NEVER, self.available_at, self.lot_id


@dataclass(frozen=True, slots=True)
class Use:
    """Points taken from a lot; below zero where they were given back to it."""

    lot_id: UUID
    points: int


@dataclass(frozen=True, slots=True)
class Posting:
    """One entry on a customer's account, with the lots it makes and uses.

    points   how many more there are; negative where they leave
    owed     how many more are owed; negative where that was settled
    counted  how many more count towards a tier; negative where a purchase was paid back
    number   of the entry on its account, from 1
    """

    customer_id: UUID
    cause: Cause
    occurred_at: datetime
    points: int
    owed: int
    counted: int
    number: int
    balance_after: int
    owed_after: int
    made: tuple[Lot, ...]
    used: tuple[Use, ...]
