"""Letting a friend join by a code: who may, and what is written of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    select,
)

from api.database import prepare
from api.domain.identity import new_id
from api.domain.referral import INVITED, JOINED
from api.domain.referral_signals import is_held
from api.errors import Rejection, UserErrorCode
from api.tables.orders import orders
from api.tables.referrals import referrals
from api.writes.change import Change
from api.writes.known_customers import is_customer
from api.writes.referral_programs import program_in_force
from api.writes.referral_signals import Seen, add_signals, signals_noticed, signals_of
from api.writes.standing import take_turns
from api.writes.terms import Versions

REFERRALS = Versions(referrals, "referral_id", named_elsewhere=False)

Field = tuple[str, ...]

# The database takes the same lock when it looks for circles.
_TAKE_TURNS = prepare(select(func.pg_advisory_xact_lock(literal_column("7341905540", BigInteger))))


def _is_above() -> Any:
    """Return whether the referrer is the friend, or came by the friend, however many others stand between."""
    chain = select(bindparam("referrer", type_=Uuid).label("customer_id")).cte("chain", recursive=True)
    above = select(referrals.c.customer_id).join_from(referrals, chain, referrals.c.referred_id == chain.c.customer_id)
    chain = chain.union(above.where(referrals.c.superseded_at.is_(None)))
    return exists(select(literal_column("1")).select_from(chain).where(chain.c.customer_id == bindparam("friend")))


_FRIEND = prepare(
    select(
        _is_above().label("is_above"),
        is_customer(
            bindparam("friend", type_=Uuid), not_(orders.c.order_id == any_(bindparam("besides", type_=ARRAY(Uuid))))
        ).label("is_customer"),
        # One that is carried over may have no code; this is none that anybody could give.
        select(func.coalesce(referrals.c.code, literal_column("'-'")))
        .where(and_(referrals.c.referred_id == bindparam("friend"), referrals.c.superseded_at.is_(None)))
        .scalar_subquery()
        .label("joined_by"),
    )
)


@dataclass(frozen=True, slots=True)
class Joining:
    """A friend who wants to join by a code that was found.

    found   the code, with whose it is, of which invitation, and to which address that went
    at      when they join
    device  fingerprint of the device on which they do, None where it is not known
    """

    found: Any
    friend: UUID
    at: datetime
    device: bytes | None = None


async def join_in_turn(change: Change, friend: UUID | None) -> None:
    """Make friends join one after the other from here on, so that none misses what another has not committed yet.

    friend  who joins, whose purchases wait as well from here on; None where nobody does, or who has their turn
    """
    if friend is not None:
        await take_turns(change, [friend])
    await change.rows(_TAKE_TURNS)


async def check_friend(
    change: Change, *, referrer: UUID, friend: UUID, field: Field, besides: Sequence[UUID] = ()
) -> str | None:
    """Return the code by which a friend has joined already, None where the friend can join; raise Rejection otherwise.

    besides  orders of the friend that do not make a customer of them yet
    """
    known = (await change.rows(_FRIEND, referrer=referrer, friend=friend, besides=list(besides)))[0]
    if known["is_above"]:
        raise Rejection(
            UserErrorCode.SELF_REFERRAL, "Nobody is referred by themselves, nor by their own friends.", field
        )
    if known["joined_by"] is not None:
        return str(known["joined_by"])
    if known["is_customer"]:
        message = "Only new customers can be referred: this one has bought, or had an agreement, before."
        raise Rejection(UserErrorCode.ALREADY_CUSTOMER, message, field)
    return None


def already_referred(field: Field) -> Rejection:
    """Return why a friend who was referred before does not join again."""
    return Rejection(UserErrorCode.ALREADY_REFERRED, "A customer is referred once for good; this one was.", field)


async def check_invitation(change: Change, joining: Joining, field: Field) -> Any:
    """Return the invitation a code is for, locked, None for a personal code; raise Rejection where it is over."""
    which = joining.found["referral_id"]
    if which is None:
        return None
    invitation = await REFERRALS.locked(change, which)
    if invitation["status"] != INVITED or joining.at >= invitation["expires_at"]:
        message = "This invitation is too old, or somebody has used it; ask the friend for another one."
        raise Rejection(UserErrorCode.CODE_EXPIRED, message, field)
    return invitation


async def join(change: Change, joining: Joining, invitation: Any, field: Field) -> UUID:
    """Let a friend who may join do so, and return the referral; raise Rejection without a program in force."""
    at = max(joining.at, (invitation or joining.found)["changed_at" if invitation else "created_at"])
    program = await program_in_force(change, at, field)
    referrer = joining.found["customer_id"]
    seen = Seen(referrer, joining.friend, joining.found["email"], joining.device, at)
    signs = await signals_of(change, seen)
    noticed = await signals_noticed(change, invitation) if invitation else []
    values = {
        "program_id": program["program_id"],
        "status": JOINED,
        "in_review": is_held({*signs, *noticed}),
        "expires_at": program["joined_until"],
        "referred_id": joining.friend,
        "joined_at": at,
        "device": joining.device,
        "change": JOINED,
        "changed_at": at,
    }
    referral_id, version = await _written(change, joining, invitation, values)
    new = [sign for sign in signs if sign not in noticed]
    await add_signals(change, {"customer_id": referrer, "referral_id": referral_id, "version": version}, new, at)
    return referral_id


async def _written(change: Change, joining: Joining, invitation: Any, values: dict[str, Any]) -> tuple[UUID, int]:
    if invitation is not None:
        await REFERRALS.follow(change, invitation, values)
        return invitation["referral_id"], invitation["version"] + 1
    found, key = joining.found, new_id()
    whose = {"customer_id": found["customer_id"], "referral_id": key, "code": found["code"]}
    await REFERRALS.begin(change, whose | values | {"created_at": values["joined_at"], "reasons": []})
    return key, 1
