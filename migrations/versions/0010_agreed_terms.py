"""How customers stand says what they have agreed to for a time, so that a prediction need not look at every term."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is agreed, not known yet of anybody: until it is, it is worked out whenever it is asked for."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    told = "JSON: what is in force of these, or agreed for later, and what it is to bring"
    op.add_column("customer_standing", sa.Column("agreed_terms", sa.Text(), comment=told))
    during = "until something begins, ends or falls due; null where nobody knows"
    op.add_column("customer_standing", sa.Column("agreed_during", TSTZRANGE(), comment=during))
