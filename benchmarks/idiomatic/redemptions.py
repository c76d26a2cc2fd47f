"""Spending points once: account and lots are locked, and the rows of the ledger are written with the ORM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from benchmarks.idiomatic.keys import Refused, once
from benchmarks.idiomatic.loading import Sessions
from benchmarks.idiomatic.loyalty_rows import (
    AccountRow,
    CostRow,
    EntryRow,
    LotRow,
    ProgramRow,
    TransactionRow,
    UseRow,
)

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Redemption:
    """Points to spend under a key."""

    key: str
    customer_id: UUID
    points: int
    reason: str


async def redeem_points(sessions: Sessions, given: Redemption) -> EntryRow | str:
    """Return the entry by which points are spent under the key, now or earlier; or what is wrong."""
    if given.points < 1:
        return "Points are positive."

    async def work(session: AsyncSession) -> tuple[UUID, EntryRow]:
        entry = await _spend(session, given)
        return entry.entry_id, entry

    return await once(sessions, "redeemPoints", given, EntryRow, work)


async def _spend(session: AsyncSession, given: Redemption) -> EntryRow:
    mine = select(AccountRow).where(AccountRow.customer_id == given.customer_id, AccountRow.closed_at.is_(None))
    account = (await session.scalars(mine.with_for_update())).one_or_none()
    if account is None:
        raise Refused("The customer has no account that is open.")
    now = datetime.now(UTC)
    at = max(now, account.latest_at or now)
    transaction = TransactionRow(
        transaction_id=uuid7(), kind="REDEEM", source="REQUEST", reason=given.reason, occurred_at=at
    )
    transaction.source_id = transaction.transaction_id
    session.add(transaction)
    account.balance -= given.points
    account.entries += 1
    account.latest_at = at
    entry = await _post(session, account, transaction, given.points)
    await _use_up(session, await _lots(session, given, now), entry, given.points)
    await _add_cost(session, entry, given.points)
    return entry


async def _lots(session: AsyncSession, given: Redemption, now: datetime) -> Sequence[LotRow]:
    """Return the points that can be spent, first expiring first."""
    some = select(LotRow).where(LotRow.customer_id == given.customer_id, LotRow.remaining > 0)
    alive = LotRow.expires_at.is_(None) | (LotRow.expires_at > now)
    order = (LotRow.expires_at, LotRow.available_at, LotRow.lot_id)
    return (await session.scalars(some.where(LotRow.available_at <= now, alive).order_by(*order))).all()


async def _post(session: AsyncSession, account: AccountRow, transaction: TransactionRow, points: int) -> EntryRow:
    shared = {
        "customer_id": account.customer_id,
        "transaction_id": transaction.transaction_id,
        "kind": transaction.kind,
        "occurred_at": transaction.occurred_at,
    }
    after = {"number": account.entries, "balance_after": account.balance, "owed_after": account.owed}
    entry = EntryRow(entry_id=uuid7(), account="CUSTOMER", points=-points, owed=0, counted=0, **after, **shared)
    await session.flush()  # the entries refer to the transaction
    session.add_all([entry, EntryRow(entry_id=uuid7(), account="REDEEMED", points=points, owed=0, counted=0, **shared)])
    await session.flush()  # and what is used up to the entry
    return entry


async def _use_up(session: AsyncSession, lots: Sequence[LotRow], entry: EntryRow, points: int) -> None:
    for lot in lots:
        taken = min(lot.remaining, points)
        if taken:
            lot.remaining -= taken
            points -= taken
            session.add(
                UseRow(
                    customer_id=lot.customer_id,
                    lot_id=lot.lot_id,
                    transaction_id=entry.transaction_id,
                    points=taken,
                    occurred_at=entry.occurred_at,
                )
            )
    if points:
        raise Refused("There are not as many points to spend.")


async def _add_cost(session: AsyncSession, entry: EntryRow, points: int) -> None:
    latest = select(ProgramRow.point_value).where(ProgramRow.effective_from <= entry.occurred_at)
    value = (await session.scalars(latest.order_by(ProgramRow.effective_from.desc()).limit(1))).one()
    amount = ((value or Decimal(0)) * points).quantize(CENT, ROUND_HALF_UP)
    if amount:
        session.add(
            CostRow(
                cost_id=uuid7(),
                customer_id=entry.customer_id,
                stream="LOYALTY",
                cause_id=entry.entry_id,
                taken_back=False,
                amount=amount,
                currency="EUR",
                incurred_at=entry.occurred_at,
            )
        )
