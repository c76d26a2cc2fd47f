"""What customers are expected to bring, as they were last ranked: a projection, and one row for each ranking.

It is none of how customers stand now, though lists join both. That is written with every change, and only where a fact
changed; this follows from the calendar and the model as well, so that it is written for everybody at once, once a day.
Kept together, every purchase would rewrite the indexes of a forecast it has no part in, and every ranking those of what
changes wait for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
)

from api.tables.schema import key, metadata, moment

BELOW_ALL, ABOVE_ALL = -1, "1e30"
"""What stands for a missing value where everything that is there has to come before it."""

RISKS = ("LOW", "MEDIUM", "HIGH")
BAND = "1e24"
"""How far a band of risk is from the next where customers are sorted by risk, and within a band by value."""
_PLACES = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(RISKS, 1))
_RISK = f"CASE churn_band {_PLACES} END * {BAND} + predicted_value"


def _kept_last(name: str, of: str, type_: Any, missing: object) -> Column[Any]:
    """Return a column with the values of another one, and one beyond all of them where that has none.

    Missing values come last in either direction. An index leads to a page only where nothing is missing.
    """
    return Column(name, type_, Computed(f"COALESCE({of}, {missing})", persisted=True), nullable=False)


FIGURES = (
    "scored_at",
    "predicted_value",
    "terms_value",
    "variance",
    "probability_active",
    "churn_band",
    "top_percent",
)
"""What there is of who is ranked, and not of anybody else."""

customer_prospects = Table(
    "customer_prospects",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True),
    Column("scored_at", DateTime(timezone=True), comment="null, as is all the rest, where nobody has been ranked yet"),
    Column("predicted_value", Numeric, comment="what is expected of orders and terms, in the currency of the business"),
    Column("terms_value", Numeric, comment="the part of that which subscriptions, plans and contracts bring"),
    Column("variance", Double, comment="of that value"),
    Column("probability_active", Double, comment="of a purchase or another payment, or that something runs on"),
    Column("churn_band", Text),
    Column("top_percent", SmallInteger, comment="1 for the hundredth who are expected to bring most"),
    _kept_last("value_falling", "predicted_value", Numeric, BELOW_ALL),
    _kept_last("value_rising", "predicted_value", Numeric, ABOVE_ALL),
    _kept_last("probability_falling", "probability_active", Double, BELOW_ALL),
    _kept_last("probability_rising", "probability_active", Double, ABOVE_ALL),
    _kept_last("risk_falling", _RISK, Numeric, BELOW_ALL),
    _kept_last("risk_rising", _RISK, Numeric, ABOVE_ALL),
    CheckConstraint(f"num_nulls({', '.join(FIGURES)}) IN (0, {len(FIGURES)})", name="whole"),
    comment="a projection: every customer, with what is expected as of the last ranking",
)
for _name in ("value", "probability", "risk"):
    for _column in (customer_prospects.c[f"{_name}_falling"], customer_prospects.c[f"{_name}_rising"]):
        Index(f"ix_customer_prospects_{_column.name}", _column, customer_prospects.c.customer_id)

customer_rankings = Table(
    "customer_rankings",
    metadata,
    key("ranking_id"),
    moment("scored_at"),
    Column("model_id", ForeignKey("lifetime_value_models.model_id"), nullable=False),
    Column("horizon", Text, nullable=False),
    Column("annual_discount_rate", Numeric, nullable=False),
    Column("customers", Integer, nullable=False, comment="who could be ranked: who has bought, or agreed to something"),
    Column("expected", Numeric, nullable=False, comment="what all of them are expected to bring"),
    Column("parameter_error", Double, nullable=False, comment="of orders: standard error for the parameters, relative"),
    Column("model_error", Double, nullable=False, comment="of orders: how far off totals were in back-tests, relative"),
    comment="one row for each time that all customers were ranked",
)
Index("ix_customer_rankings_scored_at", customer_rankings.c.scored_at)

dropout_nodes = Table(
    "dropout_nodes",
    metadata,
    Column("model_id", ForeignKey("lifetime_value_models.model_id"), primary_key=True),
    Column("repeats", Integer, primary_key=True, autoincrement=False),
    Column("nodes", ARRAY(Double), nullable=False, comment="probabilities of being lost after a purchase"),
    Column("weights", ARRAY(Double), nullable=False, comment="theirs, in a mean over customers with so many repeats"),
    comment="what lets the database work out expected purchases by a model; follows from its parameters",
)
