"""A model says how long things with a term are kept; earlier ones were not fitted to any."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty where a model is there already."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "lifetime_value_models",
        sa.Column(
            "renewals",
            sa.JSON(),
            server_default=sa.text("'[]'"),
            nullable=False,
            comment="how long things with a term are kept: a list of models by stream and length of term",
        ),
    )
