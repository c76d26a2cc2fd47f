"""What purchases and refunds make of a friend's referral, in their own transaction: the step and the rewards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from api.database import prepare
from api.domain.referral import QUALIFIED, Bought, Standing, Step, after_purchase, after_refund
from api.reads.calendar import later_here
from api.tables.referrals import referral_programs, referrals
from api.tables.standing import REASONS, customer_activity
from api.writes.change import Change
from api.writes.referral_joining import REFERRALS
from api.writes.referral_rewards import give_rewards, take_back_rewards

_AT = bindparam("at", type_=DateTime(timezone=True))
_REFERRER = bindparam("referrer", type_=Uuid)
# Two friends of one referrer who buy at the same time would each miss that the other counts.
_TAKE_TURNS = prepare(
    select(
        func.pg_advisory_xact_lock(func.hashtextextended(bindparam("which"), literal_column("7341905542", BigInteger)))
    )
)


def _terms() -> Any:
    """Return what a program makes of a purchase at a moment: minimum, release_at, limit_reached, referrer_counts."""
    program = referral_programs
    counted = (
        select(func.count())
        .where(
            referrals.c.customer_id == _REFERRER,
            referrals.c.superseded_at.is_(None),
            referrals.c.status == literal_column("'QUALIFIED'"),
            later_here(referrals.c.qualified_at, program.c.limit_window) > _AT,
        )
        .correlate(program)
        .scalar_subquery()
    )
    active = [customer_activity.c[reason].contains(_AT) for reason in REASONS]
    is_active = exists().where(customer_activity.c.customer_id == _REFERRER, or_(*active))
    return select(
        program.c.minimum_purchase.label("minimum"),
        later_here(_AT, program.c.hold).label("release_at"),
        func.coalesce(counted >= program.c.most_rewarded, literal_column("false")).label("limit_reached"),
        or_(not_(program.c.active_referrers_only), is_active).label("referrer_counts"),
    ).where(program.c.program_id == bindparam("which"))


_TERMS = prepare(_terms())
_MINIMUM = prepare(
    select(referral_programs.c.minimum_purchase.label("minimum")).where(
        referral_programs.c.program_id == bindparam("which")
    )
)


def standing_of(version: Any) -> Standing:
    """Return how a referral stands, from its newest version."""
    return Standing(
        version["status"], version["in_review"], version["joined_at"], version["expires_at"], version["release_at"]
    )


async def after_purchases(
    change: Change, referral_id: UUID, bought: Sequence[tuple[UUID, datetime, Decimal]], *, joined_now: bool
) -> UUID | None:
    """Take the step that purchases of the friend make a referral take, and return the one it came of; None for none.

    bought      order, moment and what is left of it, the earliest first
    joined_now  whether the friend joined by them, so that none is older, whatever the clock of the till shows
    """
    newest = await REFERRALS.locked(change, referral_id)
    await change.rows(_TAKE_TURNS, which=str(newest["customer_id"]))
    for order_id, placed, net in bought:
        placed_at = max(placed, newest["joined_at"]) if joined_now else placed
        terms = await _terms_at(change, newest, placed_at)
        step = after_purchase(
            standing_of(newest),
            Bought(placed_at, net, terms["release_at"], recorded_at=change.now),
            minimum=terms["minimum"],
            limit_reached=terms["limit_reached"],
            referrer_counts=terms["referrer_counts"],
        )
        if step:
            await take_step(change, newest, step, order_id=order_id)
            return order_id
    return None


async def _terms_at(change: Change, referral: Any, at: datetime) -> Any:
    known = {"which": referral["program_id"], "referrer": referral["customer_id"], "at": at}
    return (await change.rows(_TERMS, **known))[0]


async def after_refund_on(change: Change, referral_id: UUID, refunded_at: datetime, net: Decimal) -> bool:
    """Take the step that a refund on the purchase that counted makes a referral take; return whether there is one.

    net  what is left of the purchase, in the currency of the business
    """
    newest = await REFERRALS.locked(change, referral_id)
    minimum = (await change.rows(_MINIMUM, which=newest["program_id"]))[0]["minimum"]
    step = after_refund(standing_of(newest), refunded_at=refunded_at, net=net, minimum=minimum)
    if step:
        await take_step(change, newest, step)
    return step is not None


async def take_step(
    change: Change, newest: Any, step: Step, *, order_id: UUID | None = None, note: str | None = None
) -> None:
    """Write the version that a step makes, give the rewards once a referral counts, and take them back with it."""
    stands = step.standing
    at = max(step.at, newest["changed_at"])
    values: dict[str, Any] = {
        "status": stands.status,
        "in_review": stands.in_review,
        "expires_at": stands.expires_at,
        "reasons": list(step.reasons),
        "change": step.change,
        "changed_at": at,
    }
    if step.change == QUALIFIED:
        values |= {"order_id": order_id, "qualified_at": step.at, "release_at": stands.release_at}
    elif stands.release_at is not None:
        values["release_at"] = stands.release_at
    if note is not None:
        values["note"] = note
    await REFERRALS.follow(change, newest, values)
    if stands.status == QUALIFIED and not stands.in_review:
        await give_rewards(change, newest, at=at, release_at=values["release_at"])
    elif stands.status == "REVERSED":
        await take_back_rewards(change, newest, at)
