"""Customers can be sorted by the risk that nothing more comes of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RISK = "CASE churn_band WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 END * 1e24 + predicted_value"


def upgrade() -> None:
    """Add what lists are sorted by, in either direction, with an index each."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name, missing in (("risk_falling", "-1"), ("risk_rising", "1e30")):
        column = sa.Computed(f"COALESCE({RISK}, {missing})", persisted=True)
        op.add_column("customer_prospects", sa.Column(name, sa.Numeric(), column, nullable=False))
        op.create_index(op.f(f"ix_customer_prospects_{name}"), "customer_prospects", [name, "customer_id"])
