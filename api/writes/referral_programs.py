"""Putting a referral program into force: a version more, from a moment on; and finding the one in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Interval, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.identity import new_id
from api.domain.referral_program import NewProgram, NewReward
from api.errors import Rejection, UserErrorCode
from api.reads.calendar import later_here
from api.tables.referrals import referral_programs
from api.writes.change import Change, Outcome, refusing
from api.writes.reigns import newest_of, next_version

_TAKE_TURNS = prepare(select(func.pg_advisory_xact_lock(literal_column("7341905541", BigInteger))))
_NEWEST = newest_of(referral_programs)
_COLUMNS = [column for column in referral_programs.c if column.name != "recorded_at"]
# The driver takes a length of time for one without months.
_ADD = prepare(
    insert(referral_programs).values(
        {
            column.name: cast(bindparam(column.name, type_=Text), Interval)
            if isinstance(column.type, Interval)
            else bindparam(column.name, type_=column.type)
            for column in _COLUMNS
        }
    )
)
_AT = bindparam("at", type_=DateTime(timezone=True))
_IN_FORCE = prepare(
    select(
        *(referral_programs.c.program_id, referral_programs.c.most_invited),
        later_here(_AT, referral_programs.c.invitation_lifetime).label("invited_until"),
        later_here(_AT, referral_programs.c.qualify_within).label("joined_until"),
    )
    .where(referral_programs.c.effective_from <= _AT)
    .order_by(referral_programs.c.effective_from.desc())
    .limit(literal_column("1"))
)
_INPUT = ("input",)


async def set_referral_program(
    change: Change, program: NewProgram, effective_from: datetime, expected_version: int | None
) -> list[Outcome]:
    """Put a program into force from a moment on and return its identifier; raise Refused where it cannot be.

    Calls at the same time take turns, so that versions have no gaps and never overlap.
    """
    with refusing():
        if change.principal.customer_id is not None:
            raise Rejection(UserErrorCode.NOT_FOUND, "There is no program that a customer may set.", _INPUT)
        program.check(change.business.currency, ("input", "program"))
        return [Outcome({"program": await _set(change, program, effective_from, expected_version)})]


async def _set(change: Change, program: NewProgram, effective_from: datetime, expected_version: int | None) -> UUID:
    await change.rows(_TAKE_TURNS)
    version = await next_version(change, _NEWEST, effective_from, expected_version, what="program")
    key = new_id()
    values = _values(program) | {"program_id": key, "version": version, "effective_from": effective_from}
    await change.rows(_ADD, **values, currency=change.business.currency)
    return key


def _values(program: NewProgram) -> dict[str, Any]:
    return {
        **_reward("referrer", program.referrer),
        **_reward("referred", program.referred),
        "minimum_purchase": program.minimum_purchase.amount if program.minimum_purchase else 0,
        "qualify_within": str(program.qualify_within),
        "hold": str(program.hold),
        "invitation_lifetime": str(program.invitation_lifetime),
        "most_invited": program.most_invited,
        "most_rewarded": program.most_rewarded,
        "limit_window": program.limit_window and str(program.limit_window),
        "active_referrers_only": program.active_referrers_only,
    }


def _reward(side: str, reward: NewReward | None) -> dict[str, Any]:
    money = reward.money if reward else None
    return {f"{side}_points": reward.points if reward else None, f"{side}_money": money and money.amount}


async def program_in_force(change: Change, at: datetime, field: tuple[str, ...]) -> Any:
    """Return the program in force at a moment; raise Rejection where there is none.

    returns  program_id; most_invited, how many invitations of one referrer may be open; invited_until and
             joined_until, when an invitation of that moment lapses, and until when a friend who joins at that moment
             has to have bought
    """
    found = await change.rows(_IN_FORCE, at=at)
    if not found:
        message = "There is no referral program at this moment; setReferralProgram puts one into force."
        raise Rejection(UserErrorCode.INVALID_STATE, message, field)
    return found[0]
