"""Whether customers agreed to hear from the business, and by which ways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "marketing_consents",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            comment="the first moment at which it holds no more; null for good",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="where the customer said so"),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "channel IN ('EMAIL', 'SMS', 'PHONE', 'POST')", name=op.f("ck_marketing_consents_channel_known")
        ),
        sa.CheckConstraint("decision IN ('GRANTED', 'WITHDRAWN')", name=op.f("ck_marketing_consents_decision_known")),
        sa.CheckConstraint("expires_at > decided_at", name=op.f("ck_marketing_consents_expires_later")),
        sa.CheckConstraint(
            "expires_at IS NULL OR decision = 'GRANTED'", name=op.f("ck_marketing_consents_only_consent_expires")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_marketing_consents_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "consent_id", name=op.f("pk_marketing_consents")),
        sa.UniqueConstraint("consent_id", name=op.f("uq_marketing_consents_consent_id")),
    )
    op.create_index("ix_marketing_consents_of_customer", "marketing_consents", ["customer_id", "channel", "decided_at"])
    op.execute(
        "CREATE TRIGGER marketing_consents_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON marketing_consents"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
