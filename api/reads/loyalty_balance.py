"""What an account holds at a moment: what can be spent, what cannot yet, and where all its points have gone.

Points whose time is over count as expired at once, whether or not that has been posted.
"""

from __future__ import annotations

from sqlalchemy import Interval, and_, cast, not_, or_, select, true

from api.reads.calendar import later, zone_of_business
from api.reads.history import sized
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.loyalty import accounts, entries_of_account, is_over, is_pending, lots_of_account, sum_of
from api.reads.relation import Condition, Expression, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.standing import is_now


def _held(row: Row) -> Table:
    """Return the points of an account's lots beside it: `available`, `pending`, and `over`, whose time is over."""

    def make() -> tuple[Table, Condition]:
        lot, joined = row.joined(lots_of_account)
        sums = [
            sum_of(lot["left"], and_(not_(is_over(lot)), not_(is_pending(lot)))).label("available"),
            sum_of(lot["left"], and_(not_(is_over(lot)), is_pending(lot))).label("pending"),
            sum_of(lot["left"], is_over(lot)).label("over"),
        ]
        # Nearly all lots are used up, and an index knows the others.
        some_left = [lot.c.remaining > number(0)] if is_now(row) else []
        return worked_out_once(rows(lot, sums, [*joined, *some_left]), lot.table), true()

    row.require("loyalty_lots")
    return row.beside("loyalty_lots", make)


def _moved(row: Row) -> Table:
    """Return the sums of an account's entries beside it: `points`, `owed`, and the points moved for each reason."""

    def make() -> tuple[Table, Condition]:
        entry, joined = row.joined(entries_of_account)

        def of(*kinds: str) -> Condition:
            return or_(*[entry.c.kind == constant(kind) for kind in kinds])

        is_undone = and_(of("REVERSE"), entry.c.points > number(0))

        sums = [
            sum_of(entry.c.points).label("points"),
            sum_of(entry.c.owed).label("owed"),
            # What is taken back lowers what was earned even where it was spent, and so is owed.
            sum_of(entry.c.points - entry.c.owed, and_(of("EARN", "REVERSE"), not_(is_undone))).label("earned"),
            # What a reversal brings is what was spent before, and was not spent after all.
            sum_of(-entry.c.points, or_(of("REDEEM"), is_undone)).label("redeemed"),
            sum_of(-entry.c.points, of("EXPIRE")).label("expired"),
            sum_of(entry.c.points, of("ADJUST", "TRANSFER")).label("adjusted"),
        ]
        return worked_out_once(rows(entry, sums, joined), entry.table), true()

    row.require("loyalty_entries")
    return row.beside("loyalty_entries", make)


@accounts.expression
def available(row: Row) -> Expression:
    """Return the points that can be spent."""
    return _held(row).c.available


@accounts.expression
def pending(row: Row) -> Expression:
    """Return the points that cannot be spent yet."""
    return _held(row).c.pending


@accounts.expression
def total(row: Row) -> Expression:
    """Return all points there are, below zero where spent ones were taken back."""
    return (row.c.balance if is_now(row) else _moved(row).c.points) - _held(row).c.over


@accounts.expression
def owed_points(row: Row) -> Expression:
    """Return the points that the next earnings have to settle."""
    return row.c.owed if is_now(row) else _moved(row).c.owed


@accounts.expression
def lifetime_earned(row: Row) -> Expression:
    """Return all points ever earned, less those that were taken back."""
    return _moved(row).c.earned


@accounts.expression
def redeemed(row: Row) -> Expression:
    """Return all points ever spent."""
    return _moved(row).c.redeemed


@accounts.expression
def expired(row: Row) -> Expression:
    """Return all points ever expired."""
    return _moved(row).c.expired + _held(row).c.over


@accounts.expression
def adjusted(row: Row) -> Expression:
    """Return the points put right by people, and those that came from other accounts less those that went there."""
    return _moved(row).c.adjusted


def expiring(row: Row, given: Given) -> Table:
    """Return the points of an account that expire soon, as rows in the order of their moments.

    given    `within`, how far to look ahead; `first`, how many moments at most
    returns  points, expires_at, place
    """
    lot, joined = row.joined(lots_of_account)
    within = cast(given.parameter("text", "within", convert=str), Interval)
    until = later(zone_of_business(), row.lens.moment, within)
    soon = [lot.c.expires_at > row.lens.moment, lot.c.expires_at <= until, lot["left"] > number(0)]
    found = (
        rows(lot, [sum_of(lot["left"]).label("points"), lot.c.expires_at], [*joined, *soon])
        .group_by(lot.c.expires_at)
        .order_by(lot.c.expires_at)
        .limit(given.parameter("integer", "first", convert=sized))
        .subquery("soon")
    )
    return select(found, found.c.expires_at.label("place")).correlate_except(found).lateral()
