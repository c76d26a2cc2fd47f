"""What must hold of what customers cost: it is what was given to them, and no more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Numeric,
    Select,
    Text,
    and_,
    cast,
    false,
    func,
    literal_column,
    select,
    true,
    type_coerce,
    union_all,
)

from api.reads.apart import apart
from api.reads.json import minor_digits
from api.reads.relation import Expression
from api.tables.business import business
from api.tables.costs import customer_costs
from api.tables.loyalty import loyalty_entries, loyalty_programs, loyalty_transactions
from api.tables.referrals import referral_rewards, referrals

_KEPT = ("customer_id", "cause_id", "taken_back", "amount", "currency")


def _kept(stream: str) -> Select[Any]:
    columns = [customer_costs.c[name] for name in _KEPT]
    return select(*columns).where(customer_costs.c.stream == literal_column(f"'{stream}'"))


def _named(*columns: Any) -> list[Any]:
    return [value.label(name) for name, value in zip(_KEPT, columns, strict=True)]


def _money() -> Select[Any]:
    """Return how many costs differ from rewards in money: given with the reward, taken back with the referral."""
    reward, r = referral_rewards.c, referrals.c
    whose, in_money = (reward.recipient_id, reward.reward_id), reward.money.is_not(None)
    given = select(*_named(*whose, false(), reward.money, reward.currency)).where(in_money)
    newest = and_(r.customer_id == reward.customer_id, r.referral_id == reward.referral_id, r.superseded_at.is_(None))
    taken = select(*_named(*whose, true(), -reward.money, reward.currency)).join(referrals, newest)
    is_reversed = r.status == literal_column("'REVERSED'")
    both = union_all(given, taken.where(in_money, is_reversed)).subquery("both")
    return apart(select(both), _kept("REFERRALS"))


def _spent() -> Select[Any]:
    """Return how many costs differ from points: spent, by what was known then of their worth, and given back."""
    entry, undoing = loyalty_entries.c, loyalty_transactions.c
    amount: Expression = func.round(-entry.points * _point_value(), minor_digits(cast(business.c.currency, Text)))
    worth: Expression = type_coerce(amount, Numeric)
    whose = (entry.customer_id, entry.entry_id)
    spent = select(*_named(*whose, false(), worth, business.c.currency))
    undone = select(*_named(*whose, true(), -worth, business.c.currency))
    source = loyalty_entries.join(business, true())
    spent = spent.select_from(source)
    undone = undone.select_from(source.join(loyalty_transactions, undoing.reverses == entry.transaction_id))
    cost = (entry.kind == literal_column("'REDEEM'"), entry.number.is_not(None), amount > literal_column("0"))
    both = union_all(spent.where(*cost), undone.where(*cost)).subquery("both")
    return apart(select(both), _kept("LOYALTY"))


def _point_value() -> Expression:
    entry, program = loyalty_entries.c, loyalty_programs.c
    known = (program.effective_from <= entry.occurred_at, program.recorded_at <= entry.recorded_at)
    latest = select(program.point_value).where(*known).order_by(program.effective_from.desc())
    return latest.limit(literal_column("1")).correlate(loyalty_entries).scalar_subquery()


LAWS: dict[str, Select[Any]] = {
    "rewards in money are costs of those who get them, taken back with the referral": _money(),
    "points that were spent are costs, by what a point was worth, until they are given back": _spent(),
}
"""Each law with the number of rows that break it."""
