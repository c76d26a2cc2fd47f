"""Accounts for points, in the schema."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from enum import Enum
from typing import Self
from uuid import UUID

import strawberry

from api.domain.calendar import Duration
from benchmarks.idiomatic import tiers
from benchmarks.idiomatic.loyalty_rows import AccountRow, EntryRow, LotRow, TransactionRow
from benchmarks.idiomatic.orders import Info

WITHIN = Duration(6)
"""How far ahead is looked for points that expire."""


@strawberry.enum
class LoyaltyEntryKind(Enum):
    EARN = "EARN"
    REDEEM = "REDEEM"
    EXPIRE = "EXPIRE"
    ADJUST = "ADJUST"
    REVERSE = "REVERSE"
    TRANSFER = "TRANSFER"


@strawberry.type
class LoyaltyTier:
    code: str
    name: str

    @classmethod
    def of(cls, tier: tiers.Tier) -> Self:
        return cls(code=tier.code, name=tier.name)


@strawberry.type
class LoyaltyTierProgress:
    tier: LoyaltyTier
    points_needed: int | None
    before: datetime | None


@strawberry.type
class LoyaltyBalance:
    available: int
    pending: int


@strawberry.type
class ExpiringPoints:
    points: int
    expires_at: datetime


@strawberry.type
class LoyaltyEntry:
    transaction_id: strawberry.Private[UUID]
    id: strawberry.ID
    kind: LoyaltyEntryKind
    points: int
    balance_after: int | None
    occurred_at: datetime

    @classmethod
    def of(cls, row: EntryRow) -> Self:
        return cls(
            transaction_id=row.transaction_id,
            id=strawberry.ID(str(row.entry_id)),
            kind=LoyaltyEntryKind(row.kind),
            points=row.points,
            balance_after=row.balance_after,
            occurred_at=row.occurred_at,
        )

    @strawberry.field
    async def reason(self, info: Info) -> str:
        row: TransactionRow = await info.context.loaders.loyalty.transactions.load(self.transaction_id)
        return row.reason


def _is_there(lot: LotRow, now: datetime) -> bool:
    return lot.expires_at is None or lot.expires_at > now


@strawberry.type
class LoyaltyAccount:
    customer_id: strawberry.Private[UUID]
    opened_at: datetime

    @classmethod
    def of(cls, row: AccountRow) -> Self:
        return cls(customer_id=row.customer_id, opened_at=row.opened_at)

    @strawberry.field
    async def balance(self, info: Info) -> LoyaltyBalance:
        now = info.context.now
        lots = [lot for lot in await info.context.loaders.loyalty.lots.load(self.customer_id) if _is_there(lot, now)]
        available = sum(lot.remaining for lot in lots if lot.available_at <= now)
        return LoyaltyBalance(available=available, pending=sum(lot.remaining for lot in lots) - available)

    @strawberry.field
    async def expiring(self, info: Info) -> list[ExpiringPoints]:
        now = info.context.now
        program = await info.context.loaders.loyalty.program()
        until, found = WITHIN.after(now, program.zone), defaultdict[datetime, int](int)
        for lot in await info.context.loaders.loyalty.lots.load(self.customer_id):
            if lot.expires_at is not None and now < lot.expires_at <= until:
                found[lot.expires_at] += lot.remaining
        return [ExpiringPoints(points=points, expires_at=at) for at, points in sorted(found.items())[:20]]

    @strawberry.field
    async def tier(self, info: Info) -> LoyaltyTier:
        return LoyaltyTier.of((await self._standing(info)).tier)

    @strawberry.field
    async def tier_until(self, info: Info) -> datetime | None:
        return (await self._standing(info)).until

    @strawberry.field
    async def next_tier(self, info: Info) -> LoyaltyTierProgress | None:
        standing = await self._standing(info)
        if standing.following is None:
            return None
        following = LoyaltyTier.of(standing.following)
        return LoyaltyTierProgress(tier=following, points_needed=standing.needed, before=standing.before)

    async def _standing(self, info: Info) -> tiers.Standing:
        return await info.context.loaders.loyalty.standings.load(self.customer_id)

    @strawberry.field
    async def entries(self, info: Info, first: int = 20) -> list[LoyaltyEntry]:
        rows = await info.context.loaders.loyalty.latest_entries(first).load(self.customer_id)
        return [LoyaltyEntry.of(row) for row in rows]
