"""What customers are asked and tell, what is answered, and how complaints are settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FACTS = ("survey_links", "feedback", "feedback_replies", "complaint_resolutions")
SCORE_ON_ITS_SCALE = (
    "CASE kind WHEN 'NPS' THEN score BETWEEN 0 AND 10 WHEN 'CES' THEN score BETWEEN 1 AND 7"
    " WHEN 'CSAT' THEN score BETWEEN 1 AND 5 WHEN 'REVIEW' THEN score BETWEEN 1 AND 5"
    " WHEN 'COMPLAINT' THEN score IS NULL WHEN 'COMMENT' THEN score IS NULL ELSE false END IS TRUE"
)
SAYS_SOMETHING = "score IS NOT NULL OR comment IS NOT NULL OR (kind = 'COMPLAINT' AND cardinality(reason_codes) > 0)"


def upgrade() -> None:
    """Add the tables; like all facts they refuse to be changed."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_links()
    _add_feedback()
    _add_replies()
    _add_resolutions()
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _recorded() -> sa.Column[datetime]:
    return sa.Column(
        "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def _about(of: str) -> list[Any]:
    versioned = [
        sa.ForeignKeyConstraint(
            ["customer_id", key, "first_version"],
            [f"{table}.customer_id", f"{table}.{key}", f"{table}.version"],
            name=op.f(f"fk_{of}_customer_id_{key}_first_version"),
        )
        for table, key in (
            ("subscriptions", "subscription_id"),
            ("support_plans", "support_plan_id"),
            ("contracts", "contract_id"),
        )
    ]
    names = ("order_id", "product_id", "subscription_id", "support_plan_id", "contract_id")
    return [
        *[sa.Column(name, sa.Uuid(), nullable=True) for name in names],
        sa.Column(
            "first_version",
            sa.Integer(),
            sa.Computed("1", persisted=True),
            nullable=True,
            comment="every subscription, support plan and contract has one; it stands for all of them",
        ),
        sa.CheckConstraint(f"num_nonnulls({', '.join(names)}) <= 1", name=op.f(f"ck_{of}_about_one")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f(f"fk_{of}_customer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.product_id"], name=op.f(f"fk_{of}_product_id")),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.order_id"],
            name=op.f(f"fk_{of}_customer_id_order_id"),
        ),
        *versioned,
    ]


def _add_links() -> None:
    op.create_table(
        "survey_links",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *_about("survey_links"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the first moment at which it takes nothing",
        ),
        _recorded(),
        sa.CheckConstraint("kind IN ('NPS', 'CSAT', 'CES', 'REVIEW')", name=op.f("ck_survey_links_kind_has_a_score")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_survey_links_expires_later")),
        sa.PrimaryKeyConstraint("customer_id", "survey_id", name=op.f("pk_survey_links")),
        sa.UniqueConstraint("survey_id", name=op.f("uq_survey_links_survey_id")),
        sa.UniqueConstraint(
            "customer_id", "survey_id", "kind", name=op.f("uq_survey_links_customer_id_survey_id_kind")
        ),
    )


def _add_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("reason_codes", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        *_about("feedback"),
        sa.Column("survey_id", sa.Uuid(), nullable=True, comment="the one-time link that it answers"),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        _recorded(),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_feedback_external_id_whole")),
        sa.CheckConstraint(SCORE_ON_ITS_SCALE, name=op.f("ck_feedback_score_on_its_scale")),
        sa.CheckConstraint(SAYS_SOMETHING, name=op.f("ck_feedback_says_something")),
        sa.CheckConstraint("cardinality(reason_codes) <= 20", name=op.f("ck_feedback_reason_codes_few")),
        sa.ForeignKeyConstraint(
            ["customer_id", "survey_id", "kind"],
            ["survey_links.customer_id", "survey_links.survey_id", "survey_links.kind"],
            name=op.f("fk_feedback_customer_id_survey_id_kind"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "feedback_id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("feedback_id", name=op.f("uq_feedback_feedback_id")),
        sa.UniqueConstraint("survey_id", name=op.f("uq_feedback_survey_id")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_feedback_source_external_id")),
        sa.UniqueConstraint(
            "customer_id", "feedback_id", "kind", name=op.f("uq_feedback_customer_id_feedback_id_kind")
        ),
    )
    op.create_index("ix_feedback_of_customer", "feedback", ["customer_id", "submitted_at", "feedback_id"])
    op.create_index("ix_feedback_submitted_at", "feedback", ["submitted_at", "feedback_id"])


def _add_replies() -> None:
    op.create_table(
        "feedback_replies",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        _recorded(),
        sa.CheckConstraint("author IN ('BUSINESS', 'CUSTOMER')", name=op.f("ck_feedback_replies_author_known")),
        sa.ForeignKeyConstraint(
            ["customer_id", "feedback_id"],
            ["feedback.customer_id", "feedback.feedback_id"],
            name=op.f("fk_feedback_replies_customer_id_feedback_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "reply_id", name=op.f("pk_feedback_replies")),
        sa.UniqueConstraint("reply_id", name=op.f("uq_feedback_replies_reply_id")),
    )
    op.create_index("ix_feedback_replies_of_feedback", "feedback_replies", ["customer_id", "feedback_id", "replied_at"])


def _add_resolutions() -> None:
    op.create_table(
        "complaint_resolutions",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            sa.Computed("'COMPLAINT'", persisted=True),
            nullable=True,
            comment="only complaints are settled",
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=False),
        _recorded(),
        sa.ForeignKeyConstraint(
            ["customer_id", "feedback_id", "kind"],
            ["feedback.customer_id", "feedback.feedback_id", "feedback.kind"],
            name=op.f("fk_complaint_resolutions_customer_id_feedback_id_kind"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "feedback_id", name=op.f("pk_complaint_resolutions")),
        sa.UniqueConstraint("feedback_id", name=op.f("uq_complaint_resolutions_feedback_id")),
    )
