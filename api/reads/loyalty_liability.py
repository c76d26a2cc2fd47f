"""What a program owes its members: points that are still to be spent, and the share of those that never are."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Date,
    DateTime,
    Double,
    Text,
    and_,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from api.reads.business import business_currency
from api.reads.calendar import zone_of_business
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.loyalty import (
    account_of_entry,
    accounts,
    entries,
    is_over,
    is_pending,
    lot_of_use,
    lots,
    sum_of,
    user_of_lot,
    uses,
)
from api.reads.loyalty_programs import programs
from api.reads.relation import Condition, Expression, Row, Table, rows
from api.reads.rowset import worked_out_once
from api.reads.standing import is_now

_NEVER: Expression = literal_column("'infinity'::date", Date)
_MONTH: Expression = literal_column("'month'", Text)


def _open_lots(row: Row) -> tuple[Row, list[Condition]]:
    """Return a lot of anybody's that has points left, with the conditions that make it one."""
    lot = row.other(lots)
    some_left = lot.c.remaining if is_now(row) else lot["left"]
    return lot, [*lot.visible(), some_left > number(0), not_(is_over(lot))]


def _outstanding(row: Row) -> Table:
    def make() -> tuple[Table, Condition]:
        lot, conditions = _open_lots(row)
        sums = [
            sum_of(lot["left"], not_(is_pending(lot))).label("available"),
            sum_of(lot["left"], is_pending(lot)).label("pending"),
            func.count(lot.c.customer_id.distinct()).label("accounts"),
        ]
        return worked_out_once(rows(lot, sums, conditions), lot.table), true()

    row.require("outstanding")
    return row.beside("outstanding", make)


def _owed(row: Row) -> Expression:
    """Return what all open accounts owe together; of one that is closed nobody asks it any more."""
    source = row.other(accounts if is_now(row) else entries)
    is_open = source["closed_at"].is_(None) if is_now(row) else _is_of_open_account(source)
    return rows(source, [sum_of(source.c.owed)], [*source.visible(), is_open]).scalar_subquery()


def _is_of_open_account(entry: Row) -> Condition:
    account, joined = entry.joined(account_of_entry)
    return rows(account, [number(1)], [*joined, account["closed_at"].is_(None)]).exists()


def expiring_by_month(row: Row, given: Given) -> Table:
    """Return the points that are left by the month in which they expire, earliest first.

    returns  points; month, its first day as calendars of the business show it, null for never; place
    """
    lot, conditions = _open_lots(row)
    local = func.timezone(zone_of_business(), lot.c.expires_at, type_=DateTime())
    month = cast(func.date_trunc(_MONTH, local), Date)
    each = rows(lot, [lot["left"].label("left"), month.label("month")], conditions).subquery("each_lot")
    columns = [sum_of(each.c.left).label("points"), each.c.month, func.coalesce(each.c.month, _NEVER).label("place")]
    return select(*columns).group_by(each.c.month).correlate_except(each).lateral()


def _over(row: Row) -> Table:
    """Return sums over the lots whose time is over: how many `lots` and `points`, and how many were never spent."""

    def make() -> tuple[Table, Condition]:
        lot = row.other(lots)
        sums = [func.count().label("lots"), sum_of(lot.c.points).label("points"), sum_of(lot["left"]).label("left")]
        return worked_out_once(rows(lot, sums, [*lot.visible(), is_over(lot)]), lot.table), true()

    row.require("lots_over")
    return row.beside("lots_over", make)


def _used(row: Row) -> Table:
    """Return what was used of those lots, by why: what `expired`, and what was `taken` back or moved."""

    def make() -> tuple[Table, Condition]:
        use = row.other(uses)
        lot, of_lot = use.joined(lot_of_use)
        entry, of_entry = use.joined(user_of_lot)

        def of(*kinds: str) -> Condition:
            return or_(*[entry.c.kind == constant(kind) for kind in kinds])

        # What a reversal gives back to a lot was spent before, and is none of either.
        is_taken = and_(of("REVERSE", "ADJUST", "TRANSFER"), use.c.points > number(0))
        sums = [sum_of(use.c.points, of("EXPIRE")), sum_of(use.c.points, is_taken)]
        joined = use.table.join(lot.table, and_(*of_lot)).join(entry.table, and_(*of_entry))
        names = ("expired", "taken")
        found = select(*[value.label(name) for value, name in zip(sums, names, strict=True)]).select_from(joined)
        found = found.where(*use.visible(), is_over(lot))
        return worked_out_once(found, use.table, lot.table, entry.table), true()

    row.require("lots_used")
    return row.beside("lots_used", make)


def _ended(row: Row) -> Expression:
    return _over(row).c.points - _used(row).c.taken


def _never_spent(row: Row) -> Expression:
    return _over(row).c.left + _used(row).c.expired


def _share(row: Row) -> Expression:
    """Return the share of points that were never spent, null where the time of none is over."""
    return cast(_never_spent(row), Double) / func.nullif(_ended(row), number(0))


def _told(name: str) -> Callable[[Row], Expression]:
    return lambda row: _outstanding(row).c[name]


programs.expressions.update(
    {
        "points_available": _told("available"),
        "points_pending": _told("pending"),
        "accounts_with_points": _told("accounts"),
        "points_outstanding": lambda row: _outstanding(row).c.available + _outstanding(row).c.pending,
        "worth_outstanding": lambda row: row["points_outstanding"] * row.c.point_value,
        "currency": business_currency,
        "points_owed": _owed,
        "lots_over": lambda row: _over(row).c.lots,
        "points_over": _ended,
        "points_never_spent": _never_spent,
        "share_never_spent": _share,
        "as_of": lambda row: row.lens.moment,
    }
)
