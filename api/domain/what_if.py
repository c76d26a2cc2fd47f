"""What can be supposed to happen to a customer: plain facts, each carried out as if it were so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.money import Amount
from api.domain.purchase import NewLine
from api.errors import Rejection, UserErrorCode

MOST_EVENTS = 20
_LATEST = datetime(2201, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase; placed_at is None for the moment at which it is supposed."""

    named: ClassVar[str] = "purchase"
    lines: tuple[NewLine, ...]
    discount: Amount | None = None
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """All that is left of an order is paid back."""

    named: ClassVar[str] = "refundOrderId"
    order_id: UUID | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A subscription ends with its period."""

    named: ClassVar[str] = "cancelSubscriptionId"
    subscription_id: UUID | None


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment carries a subscription on by one period."""

    named: ClassVar[str] = "renewSubscriptionId"
    subscription_id: UUID | None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A contract goes on for one more term."""

    named: ClassVar[str] = "renewContractId"
    contract_id: UUID | None


@dataclass(frozen=True, slots=True)
class Waited:
    """Time passes: what is supposed after it happens so much later."""

    named: ClassVar[str] = "passTime"
    length: Duration

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment that is reached; raise Rejection behind the year 2200."""
        try:
            found = self.length.after(moment, zone)
        except (OverflowError, ValueError):
            found = _LATEST
        if found >= _LATEST:
            raise Rejection(UserErrorCode.OUT_OF_RANGE, "This leads behind the year 2200.")
        return found


Event: TypeAlias = Bought | Refunded | Cancelled | Paid | Renewed | Waited
"""`named` is what the entry is called in an input: there, exactly one of them is given."""
