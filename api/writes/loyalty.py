"""Accounts for points: opening them for customers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.customer_name import CustomerName
from api.domain.identity import new_id
from api.domain.purchase import check_past
from api.errors import Rejection, UserErrorCode
from api.tables.loyalty import loyalty_accounts
from api.writes.change import Change, Outcome, Refused
from api.writes.lookups import customer_of
from api.writes.loyalty_programs import program_in_force
from api.writes.referral_points import give_waiting_points

_CUSTOMER, _ENROLLED_AT = ("input", "customer"), ("input", "enrolledAt")
_OPEN = prepare(
    insert(loyalty_accounts)
    .values({name: bindparam(name) for name in ("customer_id", "account_id", "opened_at", "floor")})
    .on_conflict_do_nothing(index_elements=["customer_id"])
    .returning(loyalty_accounts.c.account_id)
)


async def enroll(change: Change, customer: CustomerName, enrolled_at: datetime | None) -> list[Outcome]:
    """Open an account for a customer and return the identifiers; raise Refused where it cannot be."""
    try:
        return [Outcome(await _enrolled(change, customer.cleaned(_CUSTOMER), enrolled_at), created=True)]
    except Rejection as rejection:
        raise Refused([Outcome({}, errors=(rejection,))]) from None


async def _enrolled(change: Change, customer: CustomerName, enrolled_at: datetime | None) -> dict[str, UUID]:
    if enrolled_at is not None:
        check_past(enrolled_at, change.now, _ENROLLED_AT)
    customer_id = await customer_of(change, customer, _CUSTOMER)
    program = await program_in_force(change.connection, change.now)
    if program is None:
        message = "There is no points program in force; setLoyaltyProgram begins one."
        raise Rejection(UserErrorCode.INVALID_STATE, message, ("input",))
    _, floor = program
    opened_at = enrolled_at or change.now
    rows = await change.rows(_OPEN, customer_id=customer_id, account_id=new_id(), opened_at=opened_at, floor=floor)
    if not rows:
        message = "The customer is enrolled already, or was once: an account that is closed stays closed."
        raise Rejection(UserErrorCode.TAKEN, message, _CUSTOMER)
    await give_waiting_points(change, customer_id)
    return {"account": rows[0]["account_id"], "customer": customer_id}
