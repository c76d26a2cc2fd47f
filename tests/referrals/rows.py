"""Rows of referrals for tests, written straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from api.domain.calendar import Duration
from tests.given import NEW_YEAR, Given, Made

MONTH = timedelta(days=30)


async def add_program(given: Given, **columns: Any) -> Made:
    """Add the first version of the program: 10 EUR for who recommends, 5 points for the friend, for any purchase."""
    program = Made("rpr", given.key())
    lengths = {name: Duration(days=30) for name in ("qualify_within", "hold", "invitation_lifetime")}
    known = {"version": 1, "effective_from": NEW_YEAR, "recorded_at": NEW_YEAR, "active_referrers_only": False}
    given_for_it = {"referrer_money": 10, "referred_points": 5, "currency": "EUR", "minimum_purchase": 0}
    await given.insert("referral_programs", program_id=program.key, **known | lengths | given_for_it | columns)
    return program


async def add_code(given: Given, referrer: Made, code: str, at: datetime = NEW_YEAR, **columns: Any) -> None:
    """Add a code, by default a personal one."""
    await given.insert(
        "referral_codes", **{"customer_id": referrer.key, "code": code, "created_at": at, "recorded_at": at} | columns
    )


async def add_referral(
    given: Given, program: Made, referrer: Made, code: str, *steps: Mapping[str, Any], at: datetime = NEW_YEAR
) -> Made:
    """Add a referral by a code that is there: a version for each step, of which each says what it changes.

    at  when it was made, and when steps happen that do not say so
    """
    referral = Made("rfl", given.key())
    values: dict[str, Any] = {
        "customer_id": referrer.key,
        "referral_id": referral.key,
        "code": code,
        "program_id": program.key,
        "in_review": False,
        "created_at": at,
        "changed_at": at,
    }
    versions = []
    for number, step in enumerate(steps, start=1):
        values = {**values, "version": number, **step}
        versions.append({"recorded_at": values["changed_at"], **values})
    for this, following in pairwise([*versions, None]):
        assert this is not None
        closed = following and {"replaced_at": following["changed_at"], "superseded_at": following["recorded_at"]}
        await given.insert("referrals", **this, **closed or {})
    return referral


def invited(at: datetime = NEW_YEAR) -> dict[str, Any]:
    """Return the step of an invitation."""
    return {"status": "INVITED", "change": "INVITED", "changed_at": at, "expires_at": at + MONTH}


def joined(friend: Made, at: datetime = NEW_YEAR, **more: Any) -> dict[str, Any]:
    """Return the step of a friend who joins."""
    known = {"status": "JOINED", "change": "JOINED", "referred_id": friend.key}
    return {**known, "joined_at": at, "changed_at": at, "expires_at": at + MONTH, **more}


def carried_over(friend: Made, at: datetime = NEW_YEAR, **more: Any) -> dict[str, Any]:
    """Return the only step of a referral that was settled elsewhere."""
    known = {"status": "CARRIED_OVER", "change": "JOINED", "referred_id": friend.key}
    unknown = dict.fromkeys(("code", "program_id", "expires_at"))
    return {**known, **unknown, "joined_at": at, "changed_at": at, **more}


def qualified(order: Made, at: datetime = NEW_YEAR, **more: Any) -> dict[str, Any]:
    """Return the step of a purchase that counts."""
    known = {"status": "QUALIFIED", "change": "QUALIFIED", "order_id": order.key, "expires_at": None}
    return {**known, "qualified_at": at, "changed_at": at, "release_at": at + MONTH, **more}


def over(status: str, reason: str, at: datetime = NEW_YEAR) -> dict[str, Any]:
    """Return the step that ends a referral for a reason."""
    ended = {"status": status, "change": status, "in_review": False, "expires_at": None}
    return {**ended, "changed_at": at, "reasons": [reason]}


async def add_reward(
    given: Given, referral: Made, referrer: Made, friend: Made, side: str, at: datetime = NEW_YEAR, **columns: Any
) -> Made:
    """Add a reward for the version of a referral that qualified, by default of 10 EUR."""
    reward = Made("rew", given.key())
    whose = referrer if side == "REFERRER" else friend
    known = {"referral_id": referral.key, "referred_id": friend.key, "side": side, "recipient_id": whose.key}
    worth = {"money": 10, "currency": "EUR"}
    when = {"earned_at": at, "release_at": at + MONTH, "recorded_at": at}
    values = {"customer_id": referrer.key, "reward_id": reward.key, "version": 2, **known, **worth, **when}
    await given.insert("referral_rewards", **values | columns)
    return reward
