"""What `regulars check` verifies: that the figures kept beside each other agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, and_, func, not_, or_, select, true, union_all

from api.database import Connection, prepare
from api.reads import cost_checks, loyalty_checks, loyalty_earning_checks, referral_checks
from api.reads.json import minor_digits
from api.reads.product_pairs_check import miscounted
from api.reads.ranked_again import misranked_with_terms
from api.reads.ranking_check import misranked
from api.reads.relation import Expression
from api.reads.standing import is_kept, projected, unended
from api.tables.business import business
from api.tables.customers import customers
from api.tables.orders import order_lines, orders, refunds
from api.tables.ranking import customer_prospects
from api.tables.standing import active_spans, customer_activity, customer_standing
from api.tables.support_plans import support_plans, support_usages

__all__ = ["Finding", "findings"]

_LINES = (
    select(func.sum(order_lines.c.total))
    .where(order_lines.c.customer_id == orders.c.customer_id, order_lines.c.order_id == orders.c.order_id)
    .scalar_subquery()
)


def _rounded(amount: Expression, currency: Expression) -> Expression:
    # Prices may have more decimals than their currency; a sum is rounded once.
    return func.round(amount, minor_digits(currency))


_REFUNDED = (
    select(refunds.c.customer_id, refunds.c.order_id, func.sum(refunds.c.amount).label("amount"))
    .where(refunds.c.order_id.is_not(None))
    .group_by(refunds.c.customer_id, refunds.c.order_id)
    .subquery()
)
_USED = (
    select(support_usages.c.support_plan_id, func.sum(support_usages.c.incidents).label("incidents"))
    .group_by(support_usages.c.support_plan_id)
    .subquery()
)
_LASTING = customers.alias("lasting")

_CHECKS: dict[str, Select[Any]] = {
    "every order's gross amount is the sum of its lines": select(func.count())
    .select_from(orders)
    .where(
        or_(_LINES.is_(None), and_(orders.c.gross != _LINES, orders.c.gross != _rounded(_LINES, orders.c.currency)))
    ),
    "no order is refunded above its total": select(func.count())
    .select_from(_REFUNDED.join(orders, orders.c.order_id == _REFUNDED.c.order_id))
    .where(_REFUNDED.c.amount > orders.c.gross - orders.c.discount),
    "every refund has the currency of its order": select(func.count())
    .select_from(refunds.join(orders, orders.c.order_id == refunds.c.order_id))
    .where(refunds.c.currency != orders.c.currency),
    "every refund belongs to the customer of its order": select(func.count())
    .select_from(refunds.join(orders, orders.c.order_id == refunds.c.order_id))
    .where(refunds.c.customer_id != orders.c.customer_id),
    "orders in the currency of the business are worth the same in both": select(func.count())
    .select_from(orders.join(business, orders.c.currency == business.c.currency))
    .where(or_(orders.c.gross != orders.c.business_gross, orders.c.discount != orders.c.business_discount)),
    "no support plan is used more often than it covers": select(func.count())
    .select_from(_USED.join(support_plans, support_plans.c.support_plan_id == _USED.c.support_plan_id))
    .where(support_plans.c.superseded_at.is_(None), _USED.c.incidents > support_plans.c.included_incidents),
    "every merged customer leads to one that is not merged": select(func.count())
    .select_from(customers.join(_LASTING, customers.c.merged_into == _LASTING.c.customer_id))
    .where(_LASTING.c.merged_into.is_not(None)),
}


def _different(made: Select[Any], kept: Table, *, but: Sequence[str] = ()) -> Select[Any]:
    """Return how many rows are made and not kept alike, or kept and not made; some columns `but` are not looked at."""
    rows = made.subquery()
    names = [column.name for column in kept.c if column.name in rows.c and column.name not in but]
    found, stored = select(*[rows.c[name] for name in names]), select(*[kept.c[name] for name in names])
    if "ends_at" in kept.c:
        stored = stored.where(is_kept(kept.c.ends_at))
    apart = union_all(found.except_(stored), stored.except_(found)).subquery()
    return select(func.count()).select_from(apart)


_AGREED = ("agreed_terms", "agreed_during")


def _agreed_otherwise(made: Select[Any]) -> Select[Any]:
    """Return of how many customers something else is kept than they agreed to; what is outdated is not read."""
    rows, kept = made.subquery(), customer_standing
    alike = and_(
        kept.c.agreed_terms.is_not_distinct_from(rows.c.agreed_terms),
        func.upper(kept.c.agreed_during).is_not_distinct_from(func.upper(rows.c.agreed_during)),
    )
    joined = rows.join(kept, kept.c.customer_id == rows.c.customer_id)
    return select(func.count()).select_from(joined).where(kept.c.agreed_during.contains(func.now()), not_(alike))


_JUDGEMENTS, _TOTALS = projected(lambda key: true())
_CHECKS |= {
    "what customers are kept to have bought is what they have bought": _different(
        _TOTALS, customer_standing, but=_AGREED
    ),
    "what customers are kept to have agreed to is what they have agreed to": _agreed_otherwise(_TOTALS),
    "the reasons to count as active are kept as the facts say": _different(_JUDGEMENTS, customer_activity),
    "the times as an active customer are kept as the facts say": _different(
        unended(_JUDGEMENTS.subquery()), active_spans
    ),
}


_CHECKS |= {
    "every customer has a place in the ranking, be it an empty one": select(func.count())
    .select_from(customers.outerjoin(customer_prospects, customer_prospects.c.customer_id == customers.c.customer_id))
    .where(customer_prospects.c.customer_id.is_(None)),
    "customers are ranked as the purchases said when they were last ranked": misranked(),
}
_CHECKS |= loyalty_checks.LAWS | loyalty_earning_checks.LAWS | referral_checks.LAWS | cost_checks.LAWS
_CHECKS["products that go together are kept as the purchases said when they were last counted"] = miscounted()
_WITH_TERMS = "customers with subscriptions, support plans or contracts are ranked as these said"


@dataclass(frozen=True, slots=True)
class Finding:
    """One law and how many rows break it."""

    law: str
    broken: int


async def findings(connection: Connection) -> list[Finding]:
    """Return each law with the number of rows that break it; a large database takes minutes."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = [
            Finding(law, await connection.fetchval(statement.sql, *statement.values({}), timeout=None))
            for law, statement in ((law, prepare(check)) for law, check in _CHECKS.items())
        ]
        return [*found, Finding(_WITH_TERMS, await misranked_with_terms(connection))]
