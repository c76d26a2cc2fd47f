"""Recommending the business to a friend, joining by a code, and deciding on what was held for review."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select

from api.database import prepare
from api.domain import contact
from api.domain.customer_name import CustomerName
from api.domain.identity import new_id
from api.domain.referral import INVITED, after_review
from api.domain.referral_code import code
from api.domain.referral_signals import mailbox, reasons
from api.domain.text import LONG, cleaned
from api.errors import Rejection, UserErrorCode
from api.tables.customers import customers
from api.tables.referrals import referrals
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customer_of, customers_named
from api.writes.referral_codes import Wanted, add_code, code_found, fingerprint
from api.writes.referral_joining import (
    REFERRALS,
    Joining,
    already_referred,
    check_friend,
    check_invitation,
    join,
    join_in_turn,
)
from api.writes.referral_programs import program_in_force
from api.writes.referral_signals import add_signals, signals_noticed, signals_of_address
from api.writes.referral_steps import standing_of, take_step
from api.writes.standing import take_turns

_INPUT, _ID = ("input",), ("input", "referralId")
_REFERRAL = ("input", "referral")
_EMAIL = prepare(select(customers.c.email).where(customers.c.customer_id == bindparam("whose")))
_SIDES = prepare(
    select(referrals.c.customer_id, referrals.c.referred_id).where(
        referrals.c.referral_id == bindparam("which"), referrals.c.superseded_at.is_(None)
    )
)
_OPEN = prepare(
    select(func.count().label("invitations")).where(
        referrals.c.customer_id == bindparam("whose"),
        referrals.c.superseded_at.is_(None),
        referrals.c.status == literal_column("'INVITED'"),
        referrals.c.expires_at > bindparam("at"),
    )
)


@dataclass(frozen=True, slots=True)
class NewReferral:
    """Who recommends the business, and to whom.

    code      that the friend can use, None for a new one
    email     where the friend is to be reached, None where that is not known
    referred  the friend, where they are known already
    device    on which the referrer asks for it
    """

    referrer: CustomerName
    code: str | None
    email: str | None
    referred: CustomerName | None
    device: str | None


async def create_referral(change: Change, new: NewReferral) -> list[Outcome]:
    """Record that a customer recommends the business, and return the referral; raise Refused where that cannot be.

    A friend who is known already has joined with it.
    """
    with refusing():
        field = (*_REFERRAL, "referrer")
        referrer = await customer_of(change, new.referrer.cleaned(field), field)
        program = await program_in_force(change, change.now, _INPUT)
        friend = await _known_friend(change, new.referred)
        await join_in_turn(change, friend)
        email = await _friends_email(change, referrer, new.email)
        if friend is None:
            await _check_open(change, referrer, program["most_invited"])
        else:
            await _check_friend(change, referrer, friend, (*_REFERRAL, "referred"))
        key = new_id()
        device = fingerprint(change, new.device, (*_REFERRAL, "deviceId"))
        made = await add_code(change, Wanted(referrer, new.code, key, email, device))
        invited = {
            "customer_id": referrer,
            "referral_id": key,
            "code": made["code"],
            "program_id": program["program_id"],
            "status": INVITED,
            "in_review": False,
            "created_at": made["created_at"],
            "expires_at": program["invited_until"],
            "reasons": [],
            "change": INVITED,
            "changed_at": made["created_at"],
        }
        await REFERRALS.begin(change, invited)
        if friend is None:
            which = {name: invited[name] for name in ("customer_id", "referral_id")} | {"version": 1}
            await add_signals(change, which, await signals_of_address(change, email), made["created_at"])
        else:
            found = {"customer_id": referrer, "code": made["code"], "referral_id": key, "email": email}
            joining = Joining(found, friend, made["created_at"])
            await join(change, joining, await check_invitation(change, joining, _INPUT), _INPUT)
        return [Outcome({"referral": key, "customer": referrer})]


async def _known_friend(change: Change, name: CustomerName | None) -> UUID | None:
    field = (*_REFERRAL, "referred")
    return None if name is None else await customer_of(change, name.cleaned(field), field)


async def _check_open(change: Change, referrer: UUID, most: int) -> None:
    """Raise Rejection where a referrer has as many invitations open as the program allows."""
    if (await change.rows(_OPEN, whose=referrer, at=change.now))[0]["invitations"] >= most:
        message = f"This referrer has {most} invitations open, and no more are allowed; wait until a friend joins."
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, message, (*_REFERRAL, "referrer"))


async def _check_friend(change: Change, referrer: UUID, friend: UUID, field: tuple[str, ...]) -> None:
    if await check_friend(change, referrer=referrer, friend=friend, field=field):
        raise already_referred(field)


async def _friends_email(change: Change, referrer: UUID, given: str | None) -> str | None:
    """Return the address of a friend as it is kept; raise Rejection where it is that of somebody who cannot join."""
    if given is None:
        return None
    field = (*_REFERRAL, "referredEmail")
    email = contact.email(given, field)
    own = (await change.rows(_EMAIL, whose=referrer))[0]["email"]
    if own and mailbox(own) == mailbox(email):
        raise Rejection(UserErrorCode.SELF_REFERRAL, "This is the referrer's own address.", field)
    (known,) = await customers_named(change, [CustomerName(email=email)])
    if known:
        await _check_friend(change, referrer, known.customer_id, field)
    return email


async def accept_referral(change: Change, given_code: str, customer: CustomerName, device: str | None) -> list[Outcome]:
    """Let a friend join by a code and return the referral; raise Refused where they cannot, or the code is none."""
    with refusing():
        field, named = ("input", "code"), ("input", "customer")
        friend = await customer_of(change, customer.cleaned(named), named)
        found = await code_found(change, code(given_code), field)
        known_by = fingerprint(change, device, ("input", "deviceId"))
        await join_in_turn(change, friend)
        await _check_friend(change, found["customer_id"], friend, named)
        joining = Joining(found, friend, change.now, known_by)
        invitation = await check_invitation(change, joining, field)
        return [Outcome({"referral": await join(change, joining, invitation, field), "customer": friend})]


async def review_referral(
    change: Change, referral_id: UUID | None, *, accept: bool, note: str, expected_version: int | None
) -> list[Outcome]:
    """Decide on a referral that was held for review and return it; raise Refused where there is nothing to decide."""
    with refusing():
        if change.principal.customer_id is not None:
            raise Rejection(UserErrorCode.NOT_FOUND, "There is no referral that a customer may decide on.", _ID)
        said = cleaned(note, most=LONG, field=("input", "note"))
        await _take_both_turns(change, referral_id)
        newest = await REFERRALS.open(change, referral_id, _ID, "referral", expected_version)
        signs = await signals_noticed(change, newest)
        step = after_review(standing_of(newest), accept=accept, at=change.now, reasons=tuple(reasons(signs)))
        await take_step(change, newest, step, note=said)
        return [Outcome({"referral": newest["referral_id"], "customer": newest["customer_id"]})]


async def _take_both_turns(change: Change, referral_id: UUID | None) -> None:
    """Let nobody buy or enroll for whom the decision may mean a reward; they never change once somebody has joined."""
    sides = await change.rows(_SIDES, which=referral_id) if referral_id else []
    await take_turns(change, [side for row in sides for side in row if side])
