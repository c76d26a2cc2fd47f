"""What to offer a customer, or to do next: every kind of recommendation from the facts, in one list.

A kind is a statement of its own, with the columns that `recommended.recommendation` gives; what may stand in the way of
any is said in one place, `BLOCKS`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import and_, func, not_, select, type_coerce, union_all

from api.reads.consents import agrees_to_be_reached, can_be_reached
from api.reads.contracts import contracts
from api.reads.customers import customers
from api.reads.feedback import feedback
from api.reads.history import sized
from api.reads.identity import Given
from api.reads.json import constant, money_amount
from api.reads.orders import orders, refunds
from api.reads.products import products
from api.reads.recommended import KINDS
from api.reads.recommended_products import cross_sells
from api.reads.recommended_recovery import has_open_complaint, has_recent_refund, recoveries
from api.reads.recommended_referrals import referral_ask
from api.reads.recommended_renewals import renewals
from api.reads.recommended_returns import win_back
from api.reads.recommended_support import upsells
from api.reads.relation import Condition, Expression, Link, PlainText, Relation, Row, Table
from api.reads.subscriptions import subscriptions
from api.reads.support_plans import support_plans


def _link(relation: Relation) -> Link:
    owned = [("customer_id", "customer_id")] if relation.owner else []
    return Link(customers, relation, (*owned, ("basis_id", relation.key)))


ORDER, REFUND, PRODUCT, SUBSCRIPTION, SUPPORT_PLAN, CONTRACT, FEEDBACK = (
    _link(of) for of in (orders, refunds, products, subscriptions, support_plans, contracts, feedback)
)
"""The ways to the records that recommendations rest on."""

BLOCKS: dict[str, tuple[Callable[[Row], Condition], tuple[str, ...]]] = {
    "no_contact": (lambda row: not_(can_be_reached(row)), KINDS),
    "no_consent": (
        lambda row: and_(can_be_reached(row), not_(agrees_to_be_reached(row))),
        ("WIN_BACK", "UPSELL", "REFERRAL_ASK", "CROSS_SELL"),
    ),
    "open_complaint": (has_open_complaint, tuple(kind for kind in KINDS if kind != "SERVICE_RECOVERY")),
    "recent_refund": (has_recent_refund, ("UPSELL", "REFERRAL_ASK", "CROSS_SELL")),
}
"""What may stand in the way: whether it does, by a customer, and of which kinds of recommendations."""


def recommendations(row: Row, given: Given) -> Table:
    """Return what is recommended for a customer, what must not wait first; nothing for one who was merged away.

    given    `first`, how many at most
    returns  the columns of `recommended.recommendation` with amounts as text in minor units; whether each of `BLOCKS`
             stands in the way; place
    """
    most = given.parameter("integer", "first", convert=sized)
    parts = [*recoveries(row), *renewals(row), win_back(row), upsells(row), referral_ask(row), cross_sells(row, most)]
    each = union_all(*parts).subquery("each_recommendation")
    order = [each.c.kind_place, each.c.place_within, each.c.basis_ids]
    place = func.row_number().over(order_by=order)
    first = select(each, place.label("place")).where(row.c.merged_into.is_(None)).order_by(*order).limit(most)
    found = first.correlate_except(each).subquery("recommended")
    columns = [column for column in found.c if column.name not in ("kind", "value_low", "value_high")]
    amounts = [money_amount(found.c[name], found.c.currency).label(name) for name in ("value_low", "value_high")]
    kind = type_coerce(found.c.kind, PlainText(required=True)).label("kind")
    blocked = [_is_blocked(row, found.c.kind, name).label(name) for name in BLOCKS]
    listed: Table = select(kind, *columns, *amounts, *blocked).correlate_except(found).lateral()
    return listed


def _is_blocked(row: Row, kind: Expression, name: str) -> Expression:
    stands, kinds = BLOCKS[name]
    return and_(kind.in_([constant(of) for of in kinds]), stands(row))
