"""Segments: filters of customers that are kept under a name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and what keeps its versions from being rewritten."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_segments()
    is_open = sa.text("superseded_at IS NULL")
    op.create_index("uq_segments_open", "segments", ["segment_id"], unique=True, postgresql_where=is_open)
    op.create_index("uq_segments_name", "segments", [sa.text("lower(name)")], unique=True, postgresql_where=is_open)
    op.execute(
        "CREATE TRIGGER segments_versions BEFORE UPDATE OR DELETE ON segments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER segments_kept BEFORE TRUNCATE ON segments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _add_segments() -> None:
    op.create_table(
        "segments",
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filter", sa.JSON(), nullable=False, comment="as it was sent"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column(
            "replaced_at", sa.DateTime(timezone=True), nullable=True, comment="when what made the next version happened"
        ),
        sa.Column(
            "superseded_at", sa.DateTime(timezone=True), nullable=True, comment="when the next version was recorded"
        ),
        sa.CheckConstraint("json_typeof(filter) = 'object'", name=op.f("ck_segments_filter_is_an_object")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_segments_name_not_empty")),
        sa.CheckConstraint("created_at <= changed_at", name=op.f("ck_segments_created_first")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_segments_version_positive")),
        sa.CheckConstraint(
            "(replaced_at IS NULL) = (superseded_at IS NULL)", name=op.f("ck_segments_closed_on_both_clocks")
        ),
        sa.CheckConstraint(
            "replaced_at >= changed_at AND superseded_at >= recorded_at",
            name=op.f("ck_segments_closed_after_it_opened"),
        ),
        sa.PrimaryKeyConstraint("segment_id", "version", name=op.f("pk_segments")),
    )
