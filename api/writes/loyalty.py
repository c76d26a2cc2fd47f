"""What is done to accounts for points on request: opening and closing them, spending, correcting and moving points."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from api.access import EVERYBODY
from api.database import prepare
from api.domain.customer_name import CustomerName
from api.domain.identity import new_id
from api.domain.loyalty.account import Step, added, check_spendable, closed, spent, transferred
from api.domain.loyalty.posting import MOST_POINTS, Cause, Lot
from api.domain.purchase import check_past
from api.domain.text import MEDIUM, cleaned
from api.errors import Rejection, UserErrorCode
from api.tables.loyalty import loyalty_accounts
from api.writes.change import Change, Outcome, refusing
from api.writes.costs import book_points
from api.writes.lookups import customer_of, customers_named
from api.writes.loyalty_ledger import Locked, locked, post
from api.writes.loyalty_programs import program_in_force, programs_with
from api.writes.referral_points import give_waiting_points
from api.writes.standing import take_turns

Field = tuple[str, ...]

_CUSTOMER, _ENROLLED_AT, _TO = ("input", "customer"), ("input", "enrolledAt"), ("input", "to")
_OPEN = prepare(
    insert(loyalty_accounts)
    .values({name: bindparam(name) for name in ("customer_id", "account_id", "opened_at", "floor")})
    .on_conflict_do_nothing(index_elements=["customer_id"])
    .returning(loyalty_accounts.c.account_id)
)


@dataclass(frozen=True, slots=True)
class PointsAsked:
    """What is asked for: whose points, how many, and why in words."""

    customer: CustomerName
    points: int
    reason: str

    def checked(self, *, also_less: bool = False) -> PointsAsked:
        """Return it as it is kept; raise Rejection where it cannot be, whatever the account holds.

        also_less  whether points may be taken away, too
        """
        lowest = -MOST_POINTS if also_less else 1
        if not lowest <= self.points <= MOST_POINTS or self.points == 0:
            among = f"between {lowest} and {MOST_POINTS}, and not 0" if also_less else f"between 1 and {MOST_POINTS}"
            raise Rejection(UserErrorCode.OUT_OF_RANGE, f"This must lie {among}.", ("input", "points"))
        reason = cleaned(self.reason, most=MEDIUM, field=("input", "reason"))
        return PointsAsked(self.customer.cleaned(_CUSTOMER), self.points, reason)

    def cause(self, change: Change, kind: str) -> Cause:
        """Return why points move for it."""
        key = new_id()
        return Cause(kind, "REQUEST", key, change.now, self.reason, transaction_id=key)


async def enroll(change: Change, customer: CustomerName, enrolled_at: datetime | None) -> list[Outcome]:
    """Open an account for a customer and return the identifiers; raise Refused where it cannot be."""
    return await _outcome(_enrolled(change, customer, enrolled_at))


async def close(change: Change, customer: CustomerName) -> list[Outcome]:
    """Close a customer's account for good, let what is left expire, and return the identifiers; raise Refused."""
    return await _outcome(_closed(change, customer))


async def redeem(change: Change, asked: PointsAsked) -> list[Outcome]:
    """Spend points and return the identifiers, of the entry too; raise Refused where there are not as many."""
    return await _outcome(_redeemed(change, asked))


async def adjust(change: Change, asked: PointsAsked) -> list[Outcome]:
    """Add points, or take away some that can be spent, and return the identifiers; raise Refused where it cannot be."""
    return await _outcome(_adjusted(change, asked))


async def transfer(change: Change, asked: PointsAsked, to: CustomerName) -> list[Outcome]:
    """Move points to another customer's account and return the identifiers of both; raise Refused where it cannot be.

    Who may give may give to anybody who is enrolled, a customer too. Of the other one is told only, to who has as many
    points, whether they have an open account.
    """
    return await _outcome(_transferred(change, asked, to))


async def _outcome(done: Awaitable[dict[str, UUID]]) -> list[Outcome]:
    with refusing():
        return [Outcome(await done)]


async def _enrolled(change: Change, customer: CustomerName, enrolled_at: datetime | None) -> dict[str, UUID]:
    if enrolled_at is not None:
        check_past(enrolled_at, change.now, _ENROLLED_AT)
    customer_id = await customer_of(change, customer.cleaned(_CUSTOMER), _CUSTOMER)
    # A purchase of theirs, or of a friend, either comes before and is seen here, or after and sees the account.
    await take_turns(change, [customer_id])
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
    await give_waiting_points(change, [customer_id])
    return {"account": rows[0]["account_id"], "customer": customer_id}


async def _closed(change: Change, customer: CustomerName) -> dict[str, UUID]:
    found = await _found(change, customer.cleaned(_CUSTOMER))
    account, postings = closed(found.account, change.now)
    closed_at = max(account.moment(change.now), found.opened_at)
    await post(change.connection, [account], postings, closed_at=closed_at)
    return {"account": found.account_id, "customer": account.customer_id}


async def _redeemed(change: Change, asked: PointsAsked) -> dict[str, UUID]:
    asked = asked.checked()
    customer_id = await customer_of(change, asked.customer, _CUSTOMER)
    # What they cost changes how the customer stands, and the turn for that is taken before the account on every way.
    await take_turns(change, [customer_id])
    found = open_account(await locked(change.connection, [customer_id]), customer_id, _CUSTOMER)
    cause = asked.cause(change, "REDEEM")
    ids = await posted(change, found, cause, spent(found.account, cause, asked.points))
    await book_points(change, customer_id, ids["entry"], asked.points, found.account.moment(change.now))
    return ids


async def _adjusted(change: Change, asked: PointsAsked) -> dict[str, UUID]:
    refuse_customers(change)
    asked = asked.checked(also_less=True)
    found = await _found(change, asked.customer)
    cause = asked.cause(change, "ADJUST")
    if asked.points < 0:
        return await posted(change, found, cause, spent(found.account, cause, -asked.points))
    lot = Lot(asked.points, asked.points, change.now, await _expiry(change))
    return await posted(change, found, cause, added(found.account, cause, lot))


async def _transferred(change: Change, asked: PointsAsked, to: CustomerName) -> dict[str, UUID]:
    asked, to = asked.checked(), to.cleaned(_TO)
    giver_id = await customer_of(change, asked.customer, _CUSTOMER)
    taker_id = await _taker(change, to)
    accounts = await locked(change.connection, [giver_id] if taker_id is None else [giver_id, taker_id])
    giver = open_account(accounts, giver_id, _CUSTOMER)
    # Who has no points to give is told that, and not whether the other one is a member.
    check_spendable(giver.account, asked.points, change.now)
    taker = _open_taker(accounts, taker_id, giver_id)
    cause = asked.cause(change, "TRANSFER")
    given, taken, postings = transferred(giver.account, taker.account, cause, asked.points)
    entries = await post(change.connection, [given, taken], postings)
    both = {
        "entry": entries[cause.transaction_id, giver_id],
        "other_entry": entries[cause.transaction_id, taken.customer_id],
    }
    return {"account": giver.account_id, "customer": giver_id, **both}


async def _taker(change: Change, to: CustomerName) -> UUID | None:
    """Return to whom points go, None where there is no such customer; found whoever asks."""
    (known,) = await customers_named(replace(change, principal=EVERYBODY), [to])
    return known.customer_id if known else None


def _open_taker(accounts: Mapping[UUID, Locked], taker_id: UUID | None, giver_id: UUID) -> Locked:
    """Return the account that points go to; raise Rejection, the same for all who have none that is open."""
    if taker_id == giver_id:
        raise Rejection(UserErrorCode.INVALID, "Points go from one customer to another.", _TO)
    taker = accounts.get(taker_id) if taker_id else None
    if taker is None or taker.closed_at is not None:
        raise Rejection(UserErrorCode.NOT_FOUND, "There is no such customer with an open account for points.", _TO)
    return taker


async def _found(change: Change, customer: CustomerName) -> Locked:
    """Return the customer's account, locked; raise Rejection where there is none that is open."""
    customer_id = await customer_of(change, customer, _CUSTOMER)
    return open_account(await locked(change.connection, [customer_id]), customer_id, _CUSTOMER)


def open_account(accounts: Mapping[UUID, Locked], customer_id: UUID, field: Field) -> Locked:
    """Return the account of a customer among those that are locked; raise Rejection where none is open."""
    found = accounts.get(customer_id)
    if found is None:
        message = "The customer is not enrolled; enrollLoyalty opens an account."
        raise Rejection(UserErrorCode.INVALID_STATE, message, field)
    if found.closed_at is not None:
        raise Rejection(UserErrorCode.INVALID_STATE, "The customer's account is closed for good.", field)
    return found


async def posted(change: Change, found: Locked, cause: Cause, step: Step) -> dict[str, UUID]:
    """Write what a step of an account posts, and return the identifiers, of the entry of its cause too."""
    account, postings = step
    entries = await post(change.connection, [account], postings)
    entry = entries[cause.transaction_id, account.customer_id]
    return {"account": found.account_id, "customer": account.customer_id, "entry": entry}


async def _expiry(change: Change) -> datetime | None:
    """Return when points expire that come now."""
    program = await program_in_force(change.connection, change.now)
    assert program is not None  # there was one when the account was opened, and versions are only added
    found = (await programs_with(change.connection, [program[0]]))[program[0]]
    return found.expiry(change.now, change.business.time_zone)


def refuse_customers(change: Change) -> None:
    """Raise Rejection where a customer asks for what only the business may do."""
    if change.principal.customer_id is not None:
        message = "There are no points that a customer may correct."
        raise Rejection(UserErrorCode.NOT_FOUND, message, ("input",))
