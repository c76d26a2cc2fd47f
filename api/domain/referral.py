"""The steps a referral takes: invited, joined, qualified; rejected or reversed; and what time alone makes of it.

One that is carried over from elsewhere is over: it takes none.

INVITED ─► JOINED ─► QUALIFIED ─► (hold over) REWARDED
   │          │ │         │ └─ refund, or older purchase, within the hold ─► REVERSED
   │          │ └─ limit, referrer, review, older purchase ─► REJECTED ◄─ the same while held for review
   └──────────┴─ (too late) EXPIRED
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from api.errors import Rejection, UserErrorCode

INVITED, JOINED, QUALIFIED, REJECTED, REVERSED = "INVITED", "JOINED", "QUALIFIED", "REJECTED", "REVERSED"
EXPIRED, REWARDED = "EXPIRED", "REWARDED"
CARRIED_OVER = "CARRIED_OVER"

NOBODY_NEW = ("SELF_REFERRAL", "ALREADY_CUSTOMER", "SHARED_IDENTITY")
"""Reasons which mean that the friend was there before, or is the referrer. With any other, and without one, the friend
came by the referrer, whether or not anything is given for that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a referral stands by what happened.

    in_review   whether somebody has to look at it before it counts
    joined_at   when the friend joined, None before
    expires_at  until when the friend has to have joined, or bought; None once that is done
    release_at  when the rewards are given for good, None before there are any
    """

    status: str
    in_review: bool = False
    joined_at: datetime | None = None
    expires_at: datetime | None = None
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase of the friend.

    net          what it brought after discount and refunds
    release_at   until when its rewards wait
    recorded_at  when it became known
    """

    placed_at: datetime
    net: Decimal
    release_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to a referral: what it is called, when, how the referral stands afterwards, and why."""

    change: str
    at: datetime
    standing: Standing
    reasons: tuple[str, ...] = ()


def status_at(standing: Standing, moment: datetime) -> str:
    """Return how far a referral has come at a moment, time counted in.

    >>> from datetime import UTC
    >>> held_until = datetime(2026, 3, 1, tzinfo=UTC)
    >>> status_at(Standing(QUALIFIED, release_at=held_until), held_until)
    'REWARDED'
    """
    if standing.status in (INVITED, JOINED) and standing.expires_at is not None and moment >= standing.expires_at:
        return EXPIRED
    is_released = standing.release_at is not None and moment >= standing.release_at and not standing.in_review
    return REWARDED if standing.status == QUALIFIED and is_released else standing.status


def counts(net: Decimal, minimum: Decimal) -> bool:
    """Return whether what is left of a purchase lets a referral count."""
    return net > 0 and net >= minimum


def after_purchase(
    standing: Standing, bought: Bought, *, minimum: Decimal, limit_reached: bool, referrer_counts: bool
) -> Step | None:
    """Return the step that a purchase of the friend makes a joined referral take, None for none.

    One from before the friend joined shows that they were not new: that ends what does not count for good yet.

    limit_reached    whether the referrer has had as many rewarded as the program allows
    referrer_counts  whether the program takes referrals of this referrer
    """
    if standing.joined_at is not None and bought.placed_at < standing.joined_at:
        return _was_customer(standing, bought, standing.joined_at)
    if standing.status != JOINED or standing.expires_at is None:
        return None
    if bought.placed_at >= standing.expires_at or not counts(bought.net, minimum):
        return None
    if limit_reached:
        return _refused(REJECTED, "LIMIT_REACHED", bought.placed_at)
    if not referrer_counts:
        return _refused(REJECTED, "REFERRER_INACTIVE", bought.placed_at)
    qualified = Standing(QUALIFIED, standing.in_review, standing.joined_at, release_at=bought.release_at)
    return Step(QUALIFIED, bought.placed_at, qualified)


def after_refund(standing: Standing, *, refunded_at: datetime, net: Decimal, minimum: Decimal) -> Step | None:
    """Return the step that a refund on the purchase that counted makes a referral take, None for none.

    net  what is left of the purchase afterwards
    """
    return None if counts(net, minimum) else _taken_back(standing, "REFUNDED", refunded_at)


def after_review(standing: Standing, *, accept: bool, at: datetime, reasons: tuple[str, ...]) -> Step:
    """Return the step that a decision makes a referral take; raise Rejection where there is nothing to decide.

    reasons  why it does not count if it is rejected
    """
    if not standing.in_review:
        message = "This referral is not held for review; read its heldForReview."
        raise Rejection(UserErrorCode.INVALID_STATE, message, ("input", "referralId"))
    if not accept:
        return Step(REJECTED, at, Standing(REJECTED, joined_at=standing.joined_at), reasons)
    release_at = standing.release_at and max(standing.release_at, at)
    return Step("ACCEPTED", at, Standing(standing.status, False, standing.joined_at, standing.expires_at, release_at))


def _was_customer(standing: Standing, bought: Bought, joined_at: datetime) -> Step | None:
    reason = "ALREADY_CUSTOMER"
    if standing.status == JOINED:
        return _refused(REJECTED, reason, joined_at)
    return _taken_back(standing, reason, bought.recorded_at)


def _taken_back(standing: Standing, reason: str, at: datetime) -> Step | None:
    """Return the step that ends a referral which counts, None where it does not, or counts for good by then."""
    is_held = standing.release_at is not None and at < standing.release_at
    if standing.status != QUALIFIED or not (is_held or standing.in_review):
        return None
    return _refused(REJECTED if standing.in_review else REVERSED, reason, at)


def _refused(status: str, reason: str, at: datetime) -> Step:
    return Step(status, at, Standing(status), (reason,))
