"""Codes of customers who recommend: one of each customer's own, and one for every invitation."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.customer_name import CustomerName
from api.domain.referral_code import chosen_code, new_code
from api.domain.text import MEDIUM, cleaned_or_none
from api.errors import Rejection, UserErrorCode
from api.tables.customers import customers
from api.tables.referrals import referral_codes
from api.writes.change import Change, Outcome, Overtaken, refusing
from api.writes.lookups import customer_of

_COLUMNS = ("customer_id", "code", "referral_id", "email", "device")
_CREATED = func.greatest(bindparam("now", type_=customers.c.created_at.type), customers.c.created_at)
# Not before its customer was there, whatever another server's clock shows.
_ADD = prepare(
    insert(referral_codes)
    .from_select(
        [*_COLUMNS, "created_at"],
        select(*[bindparam(name, type_=referral_codes.c[name].type) for name in _COLUMNS], _CREATED).where(
            customers.c.customer_id == bindparam("customer_id", type_=customers.c.customer_id.type)
        ),
    )
    .on_conflict_do_nothing()
    .returning(referral_codes.c.code, referral_codes.c.created_at)
)
_PERSONAL = prepare(
    select(referral_codes.c.code).where(
        referral_codes.c.customer_id == bindparam("whose"), referral_codes.c.referral_id.is_(None)
    )
)
_FOUND = prepare(
    select(
        *[referral_codes.c[name] for name in ("customer_id", "code", "referral_id", "email", "created_at")],
    ).where(referral_codes.c.code == bindparam("code"))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A code to be made.

    code   that somebody made up, None for a new one
    email  where the invited friend is to be reached
    """

    referrer: UUID
    code: str | None = None
    referral_id: UUID | None = None
    email: str | None = None
    device: bytes | None = None


def fingerprint(change: Change, device: str | None, field: tuple[str, ...]) -> bytes | None:
    """Return what a device is recognised by, so that nobody has to keep what it is called; None where none is given."""
    found = cleaned_or_none(device, most=MEDIUM, field=field)
    if found is None:
        return None
    return hmac.new(change.business.fingerprint_key, b"device " + found.encode(), hashlib.sha256).digest()


async def create_referral_code(change: Change, customer: CustomerName, device: str | None) -> list[Outcome]:
    """Give a customer a code of their own, unless they have one; raise Refused where there is no such customer."""
    with refusing():
        whose = await customer_of(change, customer.cleaned(("input", "customer")), ("input", "customer"))
        if await change.rows(_PERSONAL, whose=whose):
            return [Outcome({"customer": whose})]
        await add_code(change, Wanted(whose, device=fingerprint(change, device, ("input", "deviceId"))))
        return [Outcome({"customer": whose}, created=True)]


async def add_code(change: Change, wanted: Wanted) -> Any:
    """Add a code and return it with its `created_at`; raise Rejection where a chosen one is taken."""
    field = ("input", "referral", "code")
    code = new_code() if wanted.code is None else chosen_code(wanted.code, field)
    added = await change.rows(
        _ADD,
        customer_id=wanted.referrer,
        code=code,
        referral_id=wanted.referral_id,
        email=wanted.email,
        device=wanted.device,
        now=change.now,
    )
    if added:
        return added[0]
    if wanted.code is None:
        # Drawn a second time, or made for the same customer a moment ago.
        raise Overtaken
    raise Rejection(UserErrorCode.TAKEN, "This code is taken, or was once; leave it out and one is made.", field)


async def code_found(change: Change, code: str, field: tuple[str, ...]) -> Any:
    """Return whose code it is and of which invitation, None for none; raise Rejection where there is no such code."""
    found = await change.rows(_FOUND, code=code)
    if not found:
        message = "There is no such referral code; ask the friend for it again."
        raise Rejection(UserErrorCode.CODE_UNKNOWN, message, field)
    return found[0]
