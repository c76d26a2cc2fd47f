"""How customers stand is kept once for all policies, each of which judges the time in which it is in force."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty the projection, which is made again from the facts, and take the policy out of its keys."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("TRUNCATE customer_standing, customer_activity, active_spans")
    op.drop_index("ix_active_spans_ends_at", "active_spans")
    for table, key in (("customer_activity", ["customer_id"]), ("active_spans", ["customer_id", "starts_at"])):
        op.drop_constraint(op.f(f"pk_{table}"), table, type_="primary")
        op.drop_column(table, "policy_id")
        op.create_primary_key(op.f(f"pk_{table}"), table, key)
    op.create_index("ix_active_spans_ends_at", "active_spans", ["ends_at", "customer_id"])
    op.create_table_comment(
        "customer_activity",
        "a projection: when each reason holds, as each policy judges the time in which it is in force",
        existing_comment=None,
    )
