"""How customers' accounts stand by the tiers of the program: for fields, filters and counts."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, and_, case, cast, func, select, true

from api.reads.business import business_currency
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import number
from api.reads.loyalty import account_of_customer, accounts
from api.reads.loyalty_programs import program_in_force, tiers
from api.reads.loyalty_tier_held import tier_held
from api.reads.loyalty_tiers import POINTS, SPEND, standing_of
from api.reads.relation import Expression, Link, Row, Table, rows


def standing(row: Row) -> Table:
    """Return `standing_of` the customer of a row, beside the row."""
    return row.beside("loyalty_standing", lambda: (standing_of(row.c.customer_id, row.lens), true()))


def _told(name: str) -> Callable[[Row], Expression]:
    return lambda row: standing(row).c[name]


def _needed(basis: Expression) -> Callable[[Row], Expression]:
    """Return what is missing for the next tier, null where tiers ask for something else or there is none above."""

    def needed(row: Row) -> Expression:
        found = standing(row).c
        return case((found.basis == basis, found.next_required - found.total))

    return needed


def _lacking(basis: Expression) -> Callable[[Row], Expression]:
    """Return what is missing to keep the tier, null where tiers ask for something else or it is not to be lost."""

    def lacking(row: Row) -> Expression:
        found = standing(row).c
        return case((and_(found.basis == basis, found.until.is_not(None)), found.lacking))

    return lacking


def _whole(points: Callable[[Row], Expression]) -> Callable[[Row], Expression]:
    return lambda row: cast(func.ceil(points(row)), BigInteger)


accounts.expressions.update(
    {
        "tier_program": _told("program_id"),
        "tier_rank": _told("rank"),
        "tier_until": _told("until"),
        "next_rank": _told("next_rank"),
        "next_before": _told("next_before"),
        "points_needed": _whole(_needed(POINTS)),
        "amount_needed": _needed(SPEND),
        "points_lacking": _whole(_lacking(POINTS)),
        "amount_lacking": _lacking(SPEND),
        "currency": business_currency,
    }
)
tier_of_account = Link(accounts, tiers, (("tier_program", "program_id"), ("tier_rank", "rank")))
next_tier_of_account = Link(accounts, tiers, (("tier_program", "program_id"), ("next_rank", "rank")))


@customers.expression
def loyalty_tier(row: Row) -> Expression:
    """Return the code of the tier that the customer's account shows, null without an account."""
    account, joined = row.joined(account_of_customer)
    return rows(account, [tier_held(row.key, row.lens)], joined).scalar_subquery()


def members_by_tier(row: Row, given: Given) -> Table:
    """Return how many customers have an account at each tier of the program in force.

    returns  code and place, those of the tier; customers
    """
    each, conditions = row.again()
    account, joined = each.joined(account_of_customer)
    held = account["tier_rank"]
    source = each.source.join(account.source, and_(*joined))
    members = select(held.label("rank"), func.count().label("customers")).select_from(source).where(*conditions)
    counted = members.group_by(held).correlate_except(*each.tables, *account.tables).subquery("counted")
    tier = row.other(tiers)
    source = tier.table.outerjoin(counted, counted.c.rank == tier.c.rank)
    customers_there = func.coalesce(counted.c.customers, number(0), type_=BigInteger).label("customers")
    found = select(tier.c.code, customers_there, tier.c.rank.label("place")).select_from(source)
    found = found.where(tier.key == program_in_force(row.lens), *tier.visible())
    return found.correlate_except(tier.table, counted).lateral()
