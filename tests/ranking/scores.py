"""Scores of customers who are made up, by models that are: the database's, and those of Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Integer,
    Numeric,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)

from api.database import prepare
from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.churn_risk import RiskBand, bands
from api.domain.lifetime_value.facts import PurchaseFacts
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.ranked_by import NODES, discounting
from api.domain.lifetime_value.ranking import ASKED
from api.domain.lifetime_value.scoring import Score, score
from api.domain.lifetime_value.spend import GammaGamma
from api.reads.relation import Lens
from api.reads.scoring import scored_by, scoring_model
from api.writes.dropout_nodes import keep_nodes
from tests.fitted import add_model
from tests.given import Given

TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

_COLUMNS: dict[str, Any] = {
    "days": Integer,
    "first_day": Date,
    "last_day": Date,
    "value_days": Integer,
    "value": Numeric,
}


def table(facts: Sequence[PurchaseFacts]) -> PurchaseTable:
    """Return what is known of customers as columns."""
    days = [one.first_day for one in facts], [one.last_day for one in facts]
    ago = [[None if day is None else (TODAY - day).days for day in each] for each in days]
    counted = [[getattr(one, name) for one in facts] for name in ("days", "value_days", "value")]
    return PurchaseTable.of(TODAY, [counted[0], *ago, *counted[1:]])


@dataclass(frozen=True, slots=True)
class Models:
    """A model of repeat buying, and one of spend."""

    purchases: BetaGeometric
    spend: GammaGamma

    async def added(self, given: Given, number: int, most: int, **columns: Any) -> None:
        """Keep them as the model in use, the later the higher the number, with nodes for so many purchases."""
        told = {name: getattr(self.purchases, name) for name in ("r", "alpha", "a", "b")}
        spend = {name: getattr(self.spend, name) for name in ("p", "q", "gamma")}
        parameters = {"parameters": json.dumps(told), "spend_parameters": json.dumps(spend)}
        parameters["method"] = self.purchases.name
        seen = NOW - timedelta(days=1) + timedelta(seconds=number)
        made = await add_model(given, trained_until=seen, **parameters | columns)
        await keep_nodes(given.connection, made.key, self.purchases, most)

    def score(self, facts: Sequence[PurchaseFacts]) -> Score:
        """Return what Python makes of customers."""
        known = table(facts)
        given = self.purchases, self.spend, known.purchases, known.spend
        return score(*given, weeks=ASKED.weeks, annual_discount_rate=ASKED.annual_discount_rate)

    def by_nodes(self, facts: Sequence[PurchaseFacts]) -> Array:
        """Return the expected value by the mean over nodes, as the database works it out."""
        known = table(facts).purchases
        after, found = self.purchases.posterior(known), self.score(facts)
        node, weight = self.purchases.dropout_nodes(known.repeats, NODES)
        total = np.zeros(len(facts))
        for weeks, factor in discounting():
            grown = after.shape[:, None] * np.log1p(node * weeks / after.rate[:, None])
            total += factor * np.sum(weight * -np.expm1(-grown) / node, axis=1)
        value: Array = found.probability_alive * total * found.expected_order_value
        return value

    def bands(self, facts: Sequence[PurchaseFacts], *, knows_losses: bool) -> list[str]:
        """Return the bands of risk that Python gives."""
        known, active = table(facts).purchases, self.score(facts).probability_active
        order = list(RiskBand)
        return [order[at].value for at in bands(self.purchases, known, active, knows_losses=knows_losses)]


def _statement() -> Any:
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in _COLUMNS.items()]
    columns = [column(name, type_) for name, type_ in _COLUMNS.items()]
    given = func.unnest(*arrays).table_valued(*columns, with_ordinality="place").render_derived("given")
    today = bindparam("today", type_=Date)
    told = [given.c[name] for name in _COLUMNS]
    currency: Any = literal_column("'EUR'").label("currency")
    facts = select(*told, today.label("today"), currency).correlate(given).lateral()
    moment = bindparam("moment", type_=DateTime(timezone=True))
    model = scoring_model(Lens(moment=moment, as_of=moment))
    found = scored_by(facts, model)
    joined = given.join(model, true()).join(found, true(), isouter=True)
    return prepare(select(found.c.value, found.c.probability, found.c.band).select_from(joined).order_by(given.c.place))


STATEMENT = _statement()


async def by_database(given: Given, facts: Sequence[PurchaseFacts]) -> list[Any]:
    """Return what the database makes of customers: value, probability and band."""
    arrays = {name: [getattr(one, name) for one in facts] for name in _COLUMNS}
    values = STATEMENT.values({**arrays, "today": TODAY, "moment": NOW})
    rows = await given.connection.fetch(STATEMENT.sql, *values)
    assert len(rows) == len(facts)
    return list(rows)
