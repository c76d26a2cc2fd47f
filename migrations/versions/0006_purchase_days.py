"""How customers stand says on how many days they bought, so that a prediction need not look at every order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("purchase_days", sa.Integer(), False, "on how many days there were purchases that lasted"),
    ("first_purchase_day", sa.Date(), True, "on the calendar of the business"),
    ("last_purchase_day", sa.Date(), True, None),
    ("value_days", sa.Integer(), False, "how many of these days brought something"),
    ("purchase_value", sa.Numeric(), False, "what those brought, less what was paid back of each"),
    ("has_terms", sa.Boolean(), False, "whether there ever was a subscription, plan or contract"),
)


def upgrade() -> None:
    """Empty the projection, which is made again from the facts, and give it the days of purchases."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("TRUNCATE customer_standing, customer_activity, active_spans")
    for name, of, nullable, comment in _COLUMNS:
        op.add_column("customer_standing", sa.Column(name, of, nullable=nullable, comment=comment))
    op.create_table_comment(
        "customer_standing",
        "a projection of the facts: what customers have brought, and on which days they bought",
        existing_comment="a projection of the facts: what customers have brought",
    )
