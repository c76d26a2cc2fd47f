"""Models of parts of the customers, beside that of all in the same version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MODELS = "lifetime_value_models"


def upgrade() -> None:
    """Add which part a model is of; a version holds one of all customers, and one of each part at most."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        MODELS,
        sa.Column(
            "segment_by",
            sa.Text(),
            comment="what parts of the customers of this version have in common; null without any",
        ),
    )
    op.add_column(
        MODELS,
        sa.Column("segment_value", sa.Text(), comment="and those of this model; null where it is of all customers"),
    )
    op.create_check_constraint(
        op.f("ck_lifetime_value_models_segment_by_known"), MODELS, "segment_by IN ('KIND', 'COUNTRY', 'TAG')"
    )
    op.create_check_constraint(
        op.f("ck_lifetime_value_models_segment_whole"), MODELS, "segment_value IS NULL OR segment_by IS NOT NULL"
    )
    op.drop_constraint(op.f("uq_lifetime_value_models_version"), MODELS)
    op.create_unique_constraint(
        op.f("uq_lifetime_value_models_version_segment_value"),
        MODELS,
        ["version", "segment_value"],
        postgresql_nulls_not_distinct=True,
    )
