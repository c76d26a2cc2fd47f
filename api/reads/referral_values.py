"""What a referral has brought: the friend, whom the friend brought, and so on, five deep."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Numeric, Text, func, literal_column, not_, select

from api.domain.referral import NOBODY_NEW
from api.reads.business import told_currency
from api.reads.conditions import overlap
from api.reads.json import over
from api.reads.referrals import friend_of_referral, referrals
from api.reads.relation import Expression, Row, rows
from api.reads.values import value_of_all_time

_FIRST, _DEEPEST = literal_column("1", Integer), literal_column("5", Integer)
_ZERO: Expression = literal_column("0", Numeric)
_NOBODY_NEW = literal_column(f"'{{{','.join(NOBODY_NEW)}}}'", ARRAY(Text))


@referrals.expression
def attributed_to(row: Row) -> Expression:
    """Return the friend to whom value is attributed; null where nobody joined, or who did was nobody new."""
    friend, joined = row.joined(friend_of_referral)
    return rows(friend, [friend.key], [*joined, _counts(row)]).scalar_subquery()


@referrals.expression
def attributed_net(row: Row) -> Expression:
    """Return what all who came by a referral have brought, net of what was paid back; what it cost is not taken off.

    Who was nobody new came by none. Everybody is counted once: nobody is referred twice, nor in a circle.
    """
    friend = row.other(friend_of_referral.target)
    came = friend.key.in_(select(_tree(row).c.friend))
    sums = value_of_all_time(friend)
    net = over(sums.c.net + sums.c.costs, sums).scalar_subquery()
    brought = func.coalesce(func.sum(net), _ZERO, type_=Numeric)
    return rows(friend, [brought], [came, *friend.visible()]).scalar_subquery()


@referrals.expression
def attributed_currency(row: Row) -> Expression:
    """Return the currency in which that is told."""
    return told_currency(row)


def _tree(row: Row) -> Any:
    """Return who came by a referral: `friend` and `depth`, 1 for who came at once."""
    begun = select(row.c.referred_id.label("friend"), _FIRST.label("depth")).where(_counts(row)).correlate(row.table)
    tree = begun.cte("tree", recursive=True, nesting=True)
    below = row.other(referrals)
    came = [below.c.customer_id == tree.c.friend, below.c.referred_id.is_not(None), tree.c.depth < _DEEPEST]
    step = select(below.c.referred_id, tree.c.depth + _FIRST).where(*came, _counts(below), *below.visible())
    return tree.union_all(step)


def _counts(row: Row) -> ColumnElement[bool]:
    """Return whether a friend came by a referral, rewarded or not, in time or not."""
    return not_(overlap(row.c.reasons, _NOBODY_NEW))
