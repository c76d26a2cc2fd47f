"""Customers are ranked by what terms bring, too, and can be sorted by the risk that nothing more comes of them.

A ranking from before knows orders alone: it is forgotten, and a running server makes the next one when it next looks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FORGET = """
UPDATE customer_prospects SET scored_at = NULL, predicted_value = NULL, variance = NULL, probability_active = NULL,
  churn_band = NULL, top_percent = NULL
WHERE scored_at IS NOT NULL
"""
WHOLE = (
    "num_nulls(scored_at, predicted_value, terms_value, variance, probability_active, churn_band, top_percent)"
    " IN (0, 7)"
)
RISK = "CASE churn_band WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 END * 1e24 + predicted_value"
COMMENTS = {
    "customer_prospects": {
        "predicted_value": "what is expected of orders and terms, in the currency of the business",
        "probability_active": "of a purchase or another payment, or that something runs on",
    },
    "customer_rankings": {
        "customers": "who could be ranked: who has bought, or agreed to something",
        "parameter_error": "of orders: standard error for the parameters, relative",
        "model_error": "of orders: how far off totals were in back-tests, relative",
    },
}


def upgrade() -> None:
    """Forget the ranking, add what the next one says more, and what lists are sorted by, in either direction."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(FORGET)
    op.execute("DELETE FROM customer_rankings")
    op.drop_constraint(op.f("ck_customer_prospects_whole"), "customer_prospects")
    comment = "the part of that which subscriptions, plans and contracts bring"
    op.add_column("customer_prospects", sa.Column("terms_value", sa.Numeric(), comment=comment))
    op.create_check_constraint(op.f("ck_customer_prospects_whole"), "customer_prospects", WHOLE)
    for name, missing in (("risk_falling", "-1"), ("risk_rising", "1e30")):
        column = sa.Computed(f"COALESCE({RISK}, {missing})", persisted=True)
        op.add_column("customer_prospects", sa.Column(name, sa.Numeric(), column, nullable=False))
        op.create_index(op.f(f"ix_customer_prospects_{name}"), "customer_prospects", [name, "customer_id"])
    for table, comments in COMMENTS.items():
        for name, told in comments.items():
            op.alter_column(table, name, comment=told)
