"""How customers stand says what they have brought from all streams, and beside it what from orders alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty the projection, which is made again from the facts, and give it the value of orders alone."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("TRUNCATE customer_standing, customer_activity, active_spans")
    op.add_column(
        "customer_standing",
        sa.Column(
            "purchase_net", sa.Numeric(), nullable=False, comment="of orders alone, in the currency of the business"
        ),
    )
    op.alter_column(
        "customer_standing",
        "historic_net",
        comment="of all streams, in the currency of the business",
        existing_comment="in the currency of the business",
    )
    op.create_table_comment(
        "customer_standing",
        "a projection of the facts: what customers have brought",
        existing_comment="a projection of the facts: what customers have bought",
    )
