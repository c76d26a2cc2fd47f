"""Points accounts of customers, their entries, and the lots in which the points stand.

What an account and a lot have left is kept as it is now. Here it is summed from what happened, as far as the moment and
what was known by then go: so it is right at any moment, and for now it is the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, and_, case, cast, false, func, true

from api.reads.customers import customers
from api.reads.json import number
from api.reads.relation import Condition, Expression, Link, Relation, Row, Term, rows
from api.reads.standing import is_now
from api.tables import loyalty as tables

_CUSTOMER = ("customer_id", "customer_id")
_ENTRY = ("transaction_id", "transaction_id")
_LATEST_FIRST = (Term("number", descending=True),)
_SOONEST_FIRST = (Term("expires_at"), Term("available_at"))


def _on_the_account(row: Row) -> Condition:
    """Return whether an entry is one of a customer's account, not one of the business that stands against it."""
    found: Condition = row.c.number.is_not(None)
    return found


def _was_taken(row: Row) -> Condition:
    """Return whether points were taken from a lot, and not given back to it."""
    found: Condition = row.c.points > number(0)
    return found


def _was_given_back(row: Row) -> Condition:
    found: Condition = row.c.points < number(0)
    return found


accounts = Relation(
    "loyalty_accounts",
    tables.loyalty_accounts,
    "account_id",
    "loy",
    owner="customer_id",
    happened="opened_at",
    recorded="recorded_at",
    planned=frozenset({"closed_at", "closing_recorded_at", "latest_at"}),
    order=(Term("opened_at"),),
)
entries = Relation(
    "loyalty_entries",
    tables.loyalty_entries,
    "entry_id",
    "len",
    owner="customer_id",
    happened="occurred_at",
    recorded="recorded_at",
    planned=frozenset({"counts_from"}),
    among=_on_the_account,
    order=_LATEST_FIRST,
)
lots = Relation(
    "loyalty_lots",
    tables.loyalty_lots,
    "lot_id",
    "llo",
    owner="customer_id",
    happened="occurred_at",
    recorded="recorded_at",
    planned=frozenset({"available_at", "expires_at"}),
    order=_SOONEST_FIRST,
)
uses = Relation(
    "loyalty_lot_uses",
    tables.loyalty_lot_uses,
    "lot_id",
    "llu",
    owner="customer_id",
    happened="occurred_at",
    recorded="recorded_at",
    order=(Term("occurred_at"),),
)

taken, given_back = (
    Relation(
        f"loyalty_lots_{what}",
        tables.loyalty_lot_uses,
        "lot_id",
        prefix,
        owner="customer_id",
        happened="occurred_at",
        recorded="recorded_at",
        order=(Term("occurred_at"),),
        among=among,
    )
    for what, prefix, among in (("taken", "llt", _was_taken), ("given_back", "llg", _was_given_back))
)

account_of_customer = Link(customers, accounts, (_CUSTOMER,))
customer_of_account = Link(accounts, customers, (_CUSTOMER,))
entries_of_account = Link(accounts, entries, (_CUSTOMER,), order=_LATEST_FIRST, total=True)
account_of_entry = Link(entries, accounts, (_CUSTOMER,))
customer_of_entry = Link(entries, customers, (_CUSTOMER,))
lots_of_account = Link(accounts, lots, (_CUSTOMER,))
user_of_lot = Link(uses, entries, (_CUSTOMER, _ENTRY))
lots_of_entry = Link(entries, lots, (_CUSTOMER, _ENTRY), order=_SOONEST_FIRST)
lot_of_use = Link(uses, lots, (_CUSTOMER, ("lot_id", "lot_id")))
entry_of_lot = Link(lots, entries, (_CUSTOMER, _ENTRY))
uses_of_lot = Link(lots, uses, (_CUSTOMER, ("lot_id", "lot_id")))
taken_by_entry, given_back_by_entry = (
    Link(entries, which, (_CUSTOMER, _ENTRY), order=_SOONEST_FIRST) for which in (taken, given_back)
)


@accounts.expression
def closed_at(row: Row) -> Expression:
    """Return when the account was closed, null while it is open as far as the moment and what was known go."""
    limits = ((row.c.closed_at, row.lens.as_of), (row.c.closing_recorded_at, row.lens.known_at))
    seen = [moment <= limit for moment, limit in limits if limit is not None]
    return case((and_(true(), *seen), row.c.closed_at))


@accounts.expression
def as_of(row: Row) -> Expression:
    """Return the moment the answer rests on."""
    return row.lens.moment


@lots.expression
def left(row: Row) -> Expression:
    """Return what is left of a lot, be its time over or not."""
    if is_now(row):
        return row.c.remaining
    use, joined = row.joined(uses_of_lot)
    used = rows(use, [func.coalesce(func.sum(use.c.points), number(0))], joined).scalar_subquery()
    return cast(row.c.points - used, BigInteger)


@lots.expression
def remaining(row: Row) -> Expression:
    """Return how many points of a lot can be spent, now or later: none where its time is over."""
    return case((is_over(row), number(0)), else_=row["left"])


def is_over(lot: Row) -> Condition:
    """Return whether the time of a lot's points is over."""
    return func.coalesce(lot.c.expires_at <= lot.lens.moment, false(), type_=Boolean)


def is_pending(lot: Row) -> Condition:
    """Return whether a lot's points cannot be spent yet."""
    found: Condition = lot.c.available_at > lot.lens.moment
    return found


def sum_of(points: Expression, which: Condition | None = None) -> Expression:
    """Return a sum of points over the rows that meet a condition, 0 without any."""
    total: Any = func.sum(points)
    return cast(func.coalesce(total if which is None else total.filter(which), number(0)), BigInteger)


@customers.expression
def loyalty_enrolled(row: Row) -> Expression:
    """Return whether the customer has an account that is open."""
    account, joined = row.joined(account_of_customer)
    # Whether one exists PostgreSQL would find out from all accounts at once, however short a page is.
    one = rows(account, [number(1)], [*joined, account["closed_at"].is_(None)]).scalar_subquery()
    return one.is_not(None)
