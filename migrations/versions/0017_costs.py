"""What customers cost beside what they bought, and what a point is worth to the business when it is spent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "customer_costs",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("cost_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False, comment="the entry of points that were spent, or the reward"),
        sa.Column("taken_back", sa.Boolean(), nullable=False, comment="whether this undoes what its cause cost before"),
        sa.Column("amount", sa.Numeric(), nullable=False, comment="above zero; below where it is taken back"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("incurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("stream IN ('LOYALTY', 'REFERRALS')", name=op.f("ck_customer_costs_stream_known")),
        sa.CheckConstraint("amount <> 0 AND abs(amount) <= 1e15", name=op.f("ck_customer_costs_amount_bounded")),
        sa.CheckConstraint("taken_back = (amount < 0)", name=op.f("ck_customer_costs_taken_back_is_below_zero")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_customer_costs_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "cost_id", name=op.f("pk_customer_costs")),
        sa.UniqueConstraint("cause_id", "taken_back", name=op.f("uq_customer_costs_cause_id_taken_back")),
        sa.UniqueConstraint("cost_id", name=op.f("uq_customer_costs_cost_id")),
    )
    op.create_index("ix_customer_costs_of_customer", "customer_costs", ["customer_id", "incurred_at"])
    op.execute(
        "CREATE TRIGGER customer_costs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON customer_costs"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.add_column(
        "loyalty_programs",
        sa.Column("point_value", sa.Numeric(), comment="what a point costs when it is spent; null where nobody said"),
    )
    op.create_check_constraint(
        op.f("ck_loyalty_programs_point_value_bounded"), "loyalty_programs", "point_value >= 0 AND point_value <= 1e6"
    )
