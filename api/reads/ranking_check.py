"""Whether customers are ranked as they should be: the database works out again what Python has kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal_column, or_, select, true

from api.domain.lifetime_value.ranked_by import LIKELY, MODELS, POSSIBLE
from api.reads.customers import customers
from api.reads.json import constant, number
from api.reads.orders import orders_of_customer, refunds_of_customer
from api.reads.ranking import last_ranking
from api.reads.relation import Condition, Expression, Lens, Row, Table, rows
from api.reads.scoring import scored
from api.tables.lifetime_value_models import lifetime_value_models
from api.tables.ranking import customer_prospects, customer_rankings

_HOUR: Expression = literal_column("interval 'PT1H'")
_PART: Expression = literal_column("0.0001")
_LEAST: Expression = literal_column("0.00001")
"""By how much a figure may differ, in parts of it and at least."""


def misranked() -> Select[Any]:
    """Return how many customers are ranked otherwise than the facts say as of the last ranking, as known then.

    The database scores by BG/NBD and MBG/NBD: of a ranking by another model, only who is in it is looked at. Customers
    of whom something was recorded in the hour before are passed over: it may have been on its way when all were ranked.
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
        kept.c.scored_at.is_(None) != found.c.value.is_(None),
        kept.c.scored_at != last.c.scored_at,
        and_(comparable, or_(*_differences(kept, found))),
    )
    settled = [*row.visible(), *[~_recorded_lately(row, link) for link in (orders_of_customer, refunds_of_customer)]]
    return select(func.count()).select_from(source).where(wrong, *settled)


def _differences(kept: Table, found: Table) -> list[Condition]:
    k, f = kept.c, found.c
    near = [func.abs(f.probability - literal_column(repr(bound))) < _LEAST for bound in (LIKELY, POSSIBLE)]
    band = case((or_(*near), k.churn_band), else_=f.band)
    value = func.abs(k.predicted_value - f.value) > _LEAST + _PART * f.value
    return [value, func.abs(k.probability_active - f.probability) > _LEAST, k.churn_band != band]


def _recorded_lately(row: Row, link: Any) -> Condition:
    fact, joined = row.joined(link)
    return rows(fact, [number(1)], [*joined, fact.c.recorded_at > row.lens.moment - _HOUR]).exists()
