"""What is given for a referral: a row for each side, once, as the program says under which the friend joined."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Text, Uuid, bindparam, case, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.tables.referrals import SIDES, referral_programs, referral_rewards, referrals
from api.writes.change import Change
from api.writes.costs import book_rewards, take_back_reward_costs
from api.writes.lookups import rows_text, sent
from api.writes.referral_points import give_points, take_back_points

_MOMENT = DateTime(timezone=True)
_SIDE = {"reward_id": Uuid, "side": Text}
_OF_VERSION = ("customer_id", "referral_id", "version", "referred_id")


def _add() -> Any:
    sides = sent("sides", _SIDE)
    program, referral = referral_programs, referrals
    is_referrers = sides.c.side == literal_column("'REFERRER'")
    points = case((is_referrers, program.c.referrer_points), else_=program.c.referred_points)
    money = case((is_referrers, program.c.referrer_money), else_=program.c.referred_money)
    columns = {
        **{name: referral.c[name] for name in _OF_VERSION},
        "reward_id": sides.c.reward_id,
        "side": sides.c.side,
        "recipient_id": case((is_referrers, referral.c.customer_id), else_=referral.c.referred_id),
        "points": points,
        "money": money,
        "currency": case((money.is_not(None), program.c.currency)),
        "earned_at": bindparam("at", type_=_MOMENT),
        "release_at": bindparam("release_at", type_=_MOMENT),
    }
    newest = select(*columns.values()).select_from(
        referral.join(program, program.c.program_id == referral.c.program_id).join(sides, literal_column("true"))
    )
    given = newest.where(
        referral.c.referral_id == bindparam("which", type_=Uuid),
        referral.c.superseded_at.is_(None),
        or_(points.is_not(None), money.is_not(None)),
    )
    return insert(referral_rewards).from_select(list(columns), given)


_ADD = prepare(_add())


async def give_rewards(change: Change, referral: Any, *, at: datetime, release_at: datetime) -> None:
    """Give both sides what the program says, to be theirs for good at a moment.

    referral  any version of it; the newest one counts
    """
    await change.rows(
        _ADD,
        which=referral["referral_id"],
        sides=rows_text(_SIDE, ((new_id(), side) for side in SIDES)),
        at=at,
        release_at=release_at,
    )
    await give_points(change, referral["referral_id"])
    await book_rewards(change, referral["referral_id"], at)


async def take_back_rewards(change: Change, referral: Any, at: datetime) -> None:
    """Take back what was given for a referral that counts no longer; money is read as taken back with it."""
    await take_back_points(change, referral["referral_id"], at)
    await take_back_reward_costs(change, referral["referral_id"], at)
