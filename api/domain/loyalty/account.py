"""A points account: what it holds, and each event that can befall it, which says what is to be posted.

All points stand in lots. What the open lots hold is the balance, or nothing while that is below zero. An account is in
order of time: what is learnt late is posted when the latest entry was, and counts from when it really was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from api.domain.identity import new_id
from api.domain.loyalty.posting import MOST_POINTS, Cause, Lot, Posting, Use
from api.errors import Rejection, UserErrorCode

_POINTS = ("input", "points")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's points at a moment.

    balance    all that is left, pending points too; below zero where spent points were taken back
    owed       points taken back beyond the floor, to be settled by the next ones earned
    floor      how far the balance may go below zero
    entries    how many there are
    latest_at  when the latest was; None before the first
    lots       those with points left, in the order in which they are used up
    """

    customer_id: UUID
    balance: int = 0
    owed: int = 0
    floor: int = 0
    entries: int = 0
    latest_at: datetime | None = None
    lots: tuple[Lot, ...] = ()

    def moment(self, at: datetime) -> datetime:
        """Return when something that happened at a moment is posted."""
        return at if self.latest_at is None else max(at, self.latest_at)


Step: TypeAlias = tuple[Account, list[Posting]]
"""The account afterwards, and what is to be posted for it."""


def expired(account: Account, at: datetime) -> Step:
    """Let points expire whose time is over by a moment."""
    until = account.moment(at)
    over = [lot for lot in account.lots if lot.expires_at is not None and lot.expires_at <= until]
    return _expired(account, [(lot, lot.expires_at or at) for lot in over], "Expired")


def closed(account: Account, at: datetime) -> Step:
    """Let all points expire that are left, because the account is closed; what is owed stays owed."""
    account, overdue = expired(account, at)
    account, others = _expired(account, [(lot, at) for lot in account.lots], "Account closed")
    return account, [*overdue, *others]


def earned(account: Account, cause: Cause, lot: Lot) -> Step:
    """Add the points of a lot, as far as the account can hold them.

    They first bring the balance up to zero, and then settle what is owed.
    """
    account, postings = expired(account, cause.at)
    points = min(lot.points, MOST_POINTS - account.balance)
    if points <= 0:
        return account, postings
    lot = replace(lot, points=points, remaining=points)
    account, added = _added(account, cause, [lot], counted=points if cause.counts_from else 0)
    account, settled = _settled(account, cause, [lot])
    return account, [*postings, added, *settled]


def spent(account: Account, cause: Cause, points: int) -> Step:
    """Take points that can be spent, first expiring first; raise Rejection where there are not as many."""
    account, postings = expired(account, cause.at)
    account, posting = _posted(account, cause, -points, used=_spendable(account, points, cause.at))
    return account, [*postings, posting]


def given_back(account: Account, cause: Cause, taken: Sequence[tuple[Lot, int]]) -> Step:
    """Undo that points were spent: give them back to the lots they were taken from, as they were before.

    They first bring the balance up to zero, and then settle what is owed. What is left of them after that and would
    have expired by now does so at once. Raises Rejection where the account cannot hold them.

    taken  each lot, with how many points were taken from it
    """
    account, postings = expired(account, cause.at)
    points = sum(number for _, number in taken)
    _check_room(account, points)
    open_ones = {lot.lot_id for lot in account.lots}
    empty = tuple(replace(lot, remaining=0) for lot, _ in taken if lot.lot_id not in open_ones)
    back = sorted((replace(lot, remaining=number) for lot, number in taken), key=lambda lot: lot.turn)
    covering = _taken(back, min(max(-account.balance, 0), points))
    used = [Use(lot.lot_id, -lot.remaining) for lot in _left(back, covering)]
    account, posting = _posted(replace(account, lots=(*account.lots, *empty)), cause, points, used=used)
    account, settled = _settled(account, cause, back)
    account, over = _over_again(account, cause, {lot.lot_id for lot in back})
    return account, [*postings, posting, *settled, *over]


def added(account: Account, cause: Cause, lot: Lot) -> Step:
    """Add the points of a lot; raise Rejection where the account cannot hold them."""
    account, postings = expired(account, cause.at)
    account, posting = _added(account, cause, [lot])
    return account, [*postings, posting]


def taken_back(account: Account, cause: Cause, points: int, lot_id: UUID) -> Step:
    """Take back points that a lot brought: from what is left of it, then from others, first expiring first.

    Where that is not enough the balance goes below zero, down to the floor, and the rest is owed.
    """
    account, postings = expired(account, cause.at)
    own_first = sorted(account.lots, key=lambda lot: (lot.lot_id != lot_id, *lot.turn))
    used = _taken(own_first, points)
    found = sum(use.points for use in used)
    below = min(points - found, max(account.balance - found - account.floor, 0))
    owed = min(points - found - below, MOST_POINTS - account.owed)
    if found + below + owed:
        counted = -(found + below + owed) if cause.counts_from else 0
        account, posting = _posted(account, cause, -found - below, owed=owed, counted=counted, used=used)
        postings.append(posting)
    return account, postings


def check_spendable(account: Account, points: int, at: datetime) -> None:
    """Raise Rejection where an account has not as many points that can be spent at a moment."""
    account, _ = expired(account, at)
    _spendable(account, points, at)


def transferred(giver: Account, taker: Account, cause: Cause, points: int) -> tuple[Account, Account, list[Posting]]:
    """Move points that can be spent to another account, where they expire when they would have.

    Raises Rejection where there are not as many, or the other account cannot hold them.
    """
    at = giver.moment(taker.moment(cause.at))
    giver, postings = expired(giver, at)
    taker, more = expired(taker, at)
    used = _spendable(giver, points, cause.at)
    lots = {lot.lot_id: lot for lot in giver.lots}
    moved = [replace(lots[use.lot_id], lot_id=new_id(), points=use.points, remaining=use.points) for use in used]
    cause = replace(cause, at=at)
    giver, given = _posted(giver, cause, -points, used=used)
    taker, taken = _added(taker, cause, [replace(lot, exact=None, program_id=None) for lot in moved])
    return giver, taker, [*postings, *more, given, taken]


def _expired(account: Account, lots: Iterable[tuple[Lot, datetime]], reason: str) -> Step:
    postings = []
    for lot, at in lots:
        cause = Cause("EXPIRE", "LOT", lot.lot_id, at, reason)
        account, posting = _posted(account, cause, -lot.remaining, used=[Use(lot.lot_id, lot.remaining)])
        postings.append(posting)
    return account, postings


def _over_again(account: Account, cause: Cause, which: Collection[UUID]) -> Step:
    """Let points expire that came back after their time; all in one, for a lot expires by itself only once."""
    until = account.moment(cause.at)
    lots = [lot for lot in account.lots if lot.lot_id in which and lot.expires_at and lot.expires_at <= until]
    if not lots:
        return account, []
    expiry = Cause("EXPIRE", "TRANSACTION", cause.transaction_id, cause.at, "Expired")
    used = [Use(lot.lot_id, lot.remaining) for lot in lots]
    account, posting = _posted(account, expiry, -sum(use.points for use in used), used=used)
    return account, [posting]


def _settled(account: Account, cause: Cause, lots: Sequence[Lot]) -> Step:
    """Settle what is owed, as far as there is enough left of lots whose points have just come."""
    which = {lot.lot_id for lot in lots}
    used = _taken([lot for lot in account.lots if lot.lot_id in which], account.owed)
    if not used:
        return account, []
    settled = sum(use.points for use in used)
    settling = Cause("REVERSE", "TRANSACTION", cause.transaction_id, cause.at, "Owed since a refund")
    account, posting = _posted(account, settling, -settled, owed=-settled, used=used)
    return account, [posting]


def _check_room(account: Account, points: int) -> None:
    if account.balance + points > MOST_POINTS:
        message = f"An account holds at most {MOST_POINTS} points."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, _POINTS)


def _added(account: Account, cause: Cause, lots: Sequence[Lot], counted: int = 0) -> tuple[Account, Posting]:
    points = sum(lot.points for lot in lots)
    _check_room(account, points)
    cover = min(max(-account.balance, 0), points)
    return _posted(account, cause, points, counted=counted, made=lots, used=_taken(lots, cover))


def _spendable(account: Account, points: int, at: datetime) -> list[Use]:
    used = _taken([lot for lot in account.lots if lot.available_at <= at], points)
    if sum(use.points for use in used) < points:
        message = "There are not as many points to spend; pending ones cannot be spent yet. Read `balance.available`."
        raise Rejection(UserErrorCode.INSUFFICIENT_POINTS, message, _POINTS)
    return used


def _taken(lots: Iterable[Lot], points: int) -> list[Use]:
    """Return what is taken from lots in their order until there are enough points, or no lots any more."""
    used = []
    for lot in lots:
        taken = min(lot.remaining, points)
        if taken <= 0:
            break
        used.append(Use(lot.lot_id, taken))
        points -= taken
    return used


def _posted(
    account: Account,
    cause: Cause,
    points: int,
    *,
    owed: int = 0,
    counted: int = 0,
    made: Sequence[Lot] = (),
    used: Sequence[Use] = (),
) -> tuple[Account, Posting]:
    after = replace(
        account,
        balance=account.balance + points,
        owed=account.owed + owed,
        entries=account.entries + 1,
        latest_at=account.moment(cause.at),
        lots=_left([*account.lots, *made], used),
    )
    assert after.latest_at is not None
    sums = (points, owed, counted, after.entries, after.balance, after.owed)
    return after, Posting(account.customer_id, cause, after.latest_at, *sums, tuple(made), tuple(used))


def _left(lots: Sequence[Lot], used: Sequence[Use]) -> tuple[Lot, ...]:
    taken = {use.lot_id: use.points for use in used}
    left = [replace(lot, remaining=lot.remaining - taken[lot.lot_id]) if lot.lot_id in taken else lot for lot in lots]
    return tuple(sorted((lot for lot in left if lot.remaining), key=lambda lot: lot.turn))
