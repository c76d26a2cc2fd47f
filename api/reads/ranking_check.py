"""Whether customers are ranked as they should be: the database works out again what Python has kept.

It can do so for customers without anything that was agreed for a time; `ranked_again` looks at the others.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select, true

from api.domain.lifetime_value.ranked_by import LIKELY, MODELS, POSSIBLE
from api.reads.agreed_terms import has_agreed
from api.reads.booked import payments_of_customer
from api.reads.contracts import contracts_of_customer
from api.reads.customers import customers
from api.reads.json import constant, number
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.ranking import last_ranking
from api.reads.relation import Condition, Expression, Lens, Row, Table, rows
from api.reads.scoring import scored
from api.reads.subscriptions import subscriptions_of_customer
from api.reads.support_plans import support_plans_of_customer
from api.tables.lifetime_value_models import lifetime_value_models
from api.tables.ranking import customer_prospects, customer_rankings

_FACTS = (
    orders_of_customer,
    refunds_of_customer,
    subscriptions_of_customer,
    payments_of_customer,
    support_plans_of_customer,
    contracts_of_customer,
)
_HOUR: Expression = literal_column("interval 'PT1H'")
_PART: Expression = literal_column("0.0001")
_LEAST: Expression = literal_column("0.00001")
"""By how much a figure may differ, in parts of it and at least."""


def misranked() -> Select[Any]:
    """Return how many customers are ranked otherwise than the facts say as of the last ranking, as known then.

    Of those with something agreed it is only looked at whether they are ranked. The database scores by BG/NBD and
    MBG/NBD: of a ranking by another model, only who is in it is looked at. Customers of whom something was recorded in
    the hour before are passed over: it may have been on its way when all were ranked.
    """
    last, model = last_ranking().subquery("last"), lifetime_value_models.alias()
    moment = select(func.max(customer_rankings.c.scored_at)).scalar_subquery()
    row, kept = Row(customers, Lens(moment=moment, as_of=moment, known_at=moment)), customer_prospects.alias()
    found = scored(row)
    joined: Any = row.source
    source = joined.join(kept, kept.c.customer_id == row.key).join(last, true())
    source = source.join(model, model.c.model_id == last.c.model_id)
    comparable = model.c.method.in_([constant(name) for name in MODELS])
    wrong = or_(
        kept.c.scored_at.is_(None) != and_(found.c.value.is_(None), ~has_agreed(row)),
        kept.c.scored_at != last.c.scored_at,
        and_(comparable, or_(*_differences(kept, found))),
    )
    return select(func.count()).select_from(source).where(wrong, *row.visible(), *settled(row))


def _differences(kept: Table, found: Table) -> list[Condition]:
    k, f = kept.c, found.c
    near = [func.abs(f.probability - literal_column(repr(bound))) < _LEAST for bound in (LIKELY, POSSIBLE)]
    band = case((or_(*near), k.churn_band), else_=f.band)
    value = func.abs(k.predicted_value - f.value) > _LEAST + _PART * f.value
    of_terms = and_(f.value.is_not(None), k.terms_value != number(0))
    return [value, of_terms, func.abs(k.probability_active - f.probability) > _LEAST, k.churn_band != band]


def settled(row: Row) -> list[Condition]:
    """Return the conditions that nothing was recorded of a customer in the hour before the moment of the lens."""
    return [~_recorded_lately(row, link) for link in _FACTS]


def _recorded_lately(row: Row, link: Any) -> Condition:
    fact, joined = row.joined(link)
    return rows(fact, [number(1)], [*joined, fact.c.recorded_at > row.lens.moment - _HOUR]).exists()
