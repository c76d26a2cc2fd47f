"""Rewards in points: on the accounts of who recommended and who came, once these have one.

Who has no account is given them when one is opened. They count towards no tier, for they were not bought.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, exists, literal_column, select

from api.database import prepare
from api.domain.loyalty.account import Account, earned
from api.domain.loyalty.earning import Program
from api.domain.loyalty.posting import Cause, Lot, Posting
from api.domain.loyalty.reversal import Brought, Reversal
from api.reads.loyalty_lots import expired_of
from api.tables.loyalty import loyalty_lots, loyalty_programs, loyalty_transactions
from api.tables.referrals import referral_rewards, referrals
from api.writes.change import Change
from api.writes.loyalty_ledger import locked, post
from api.writes.loyalty_programs import in_force_at, program_in_force, programs_with

_GIVEN = and_(
    loyalty_transactions.c.kind == literal_column("'EARN'"),
    loyalty_transactions.c.source == referral_rewards.c.side,
    loyalty_transactions.c.source_id == referral_rewards.c.referral_id,
)
_REWARD = (
    *(referral_rewards.c.recipient_id, referral_rewards.c.side, referral_rewards.c.referral_id),
    *(referral_rewards.c.points, referral_rewards.c.earned_at, referral_rewards.c.release_at),
)
_COUNTS = and_(
    referrals.c.customer_id == referral_rewards.c.customer_id,
    referrals.c.referral_id == referral_rewards.c.referral_id,
    referrals.c.superseded_at.is_(None),
    referrals.c.status == literal_column("'QUALIFIED'"),
)
_WAITING = (
    select(*_REWARD)
    .join(referrals, _COUNTS)
    .where(
        referral_rewards.c.points.is_not(None),
        ~exists(select(literal_column("1")).select_from(loyalty_transactions).where(_GIVEN)),
    )
    .order_by(referral_rewards.c.earned_at, referral_rewards.c.reward_id)
)
_OF_REFERRAL = prepare(_WAITING.where(referral_rewards.c.referral_id == bindparam("which")))
_OF_CUSTOMERS = prepare(_WAITING.where(referral_rewards.c.recipient_id == any_(bindparam("which", type_=ARRAY(Uuid)))))
_AT = bindparam("at", type_=loyalty_programs.c.effective_from.type)
_FLOOR = in_force_at(_AT, loyalty_programs.c.floor).scalar_subquery()
# As many as the account could hold.
_LOTS = prepare(
    select(
        *(referral_rewards.c.recipient_id, referral_rewards.c.side),
        *(loyalty_lots.c.lot_id, loyalty_lots.c.points, loyalty_lots.c.transaction_id),
        *(expired_of(loyalty_lots).label("expired"), _FLOOR.label("floor")),
    )
    .select_from(referral_rewards)
    .join(loyalty_transactions, _GIVEN)
    .join(
        loyalty_lots,
        and_(
            loyalty_lots.c.customer_id == referral_rewards.c.recipient_id,
            loyalty_lots.c.transaction_id == loyalty_transactions.c.transaction_id,
        ),
    )
    .where(referral_rewards.c.referral_id == bindparam("which"))
    .order_by(referral_rewards.c.side)
)


async def give_points(change: Change, referral_id: UUID) -> None:
    """Post the points of a referral that counts to those of both sides who have an account that is open."""
    await _give(change, await change.rows(_OF_REFERRAL, which=referral_id))


async def give_waiting_points(change: Change, customer_ids: Sequence[UUID]) -> None:
    """Post the points that have waited until customers opened an account."""
    await _give(change, await change.rows(_OF_CUSTOMERS, which=customer_ids))


async def _give(change: Change, rewards: Sequence[Any]) -> None:
    accounts = await locked(change.connection, [each["recipient_id"] for each in rewards]) if rewards else {}
    state = {key: found.account for key, found in accounts.items() if found.closed_at is None}
    postings: list[Posting] = []
    for each in rewards:
        if account := state.get(each["recipient_id"]):
            at = max(each["earned_at"], accounts[account.customer_id].opened_at)
            cause = Cause("EARN", each["side"], each["referral_id"], at, "Referral")
            lot = await _lot(change, each["points"], at=at, available_at=max(each["release_at"], at))
            state[account.customer_id], made = earned(account, cause, lot)
            postings += made
    await _post(change, state, postings)


async def _lot(change: Change, points: int, *, at: datetime, available_at: datetime) -> Lot:
    """Return points as a lot: they live as long as the points of a purchase, from when they can be spent."""
    program = await _program(change, at)
    expires_at = program.expiry(available_at, change.business.time_zone) if program else None
    return Lot(points, points, available_at, expires_at)


async def _program(change: Change, at: datetime) -> Program | None:
    found = await program_in_force(change.connection, at)
    return (await programs_with(change.connection, [found[0]]))[found[0]] if found else None


async def take_back_points(change: Change, referral_id: UUID, at: datetime) -> None:
    """Take back the points of a referral that counts no longer, also where they were spent already.

    What expired of them unspent is taken back by nobody. The change has locked the accounts of both sides before.
    """
    lots = await change.rows(_LOTS, which=referral_id, at=at)
    accounts = await locked(change.connection, [each["recipient_id"] for each in lots]) if lots else {}
    state = {key: found.account for key, found in accounts.items() if found.closed_at is None}
    postings: list[Posting] = []
    reversal = Reversal()
    for each in lots:
        if account := state.get(each["recipient_id"]):
            cause = Cause("REVERSE", each["side"], referral_id, at, "Referral reversed", each["transaction_id"])
            brought = Brought(each["lot_id"], each["points"], int(each["expired"]))
            state[account.customer_id], made = reversal.after(account, cause, brought, floor=each["floor"])
            postings += made
    await _post(change, state, postings)


async def _post(change: Change, state: dict[UUID, Account], postings: Sequence[Posting]) -> None:
    moved = {posting.customer_id for posting in postings}
    await post(change.connection, [state[key] for key in sorted(moved)], postings)
