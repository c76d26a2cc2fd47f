"""What customers were asked and told, what was answered, and how complaints were settled: facts, written once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY

from api.tables.schema import metadata, moment, recorded

SCORE_ON_ITS_SCALE = (
    "CASE kind WHEN 'NPS' THEN score BETWEEN 0 AND 10 WHEN 'CES' THEN score BETWEEN 1 AND 7"
    " WHEN 'CSAT' THEN score BETWEEN 1 AND 5 WHEN 'REVIEW' THEN score BETWEEN 1 AND 5"
    " WHEN 'COMPLAINT' THEN score IS NULL WHEN 'COMMENT' THEN score IS NULL ELSE false END IS TRUE"
)
SAYS_SOMETHING = "score IS NOT NULL OR comment IS NOT NULL OR (kind = 'COMPLAINT' AND cardinality(reason_codes) > 0)"
ABOUT = ("order_id", "product_id", "subscription_id", "support_plan_id", "contract_id")
"""The columns of which at most one says what feedback is about."""

_VERSIONED = (
    ("subscriptions", "subscription_id"),
    ("support_plans", "support_plan_id"),
    ("contracts", "contract_id"),
)


def _about() -> list[Any]:
    """Return the columns that say what something is about, of which one at most has a value, with their constraints."""
    stands_for = "every subscription, support plan and contract has one; it stands for all of them"
    owned = [("orders", "order_id", []), *[(table, key, ["version"]) for table, key in _VERSIONED]]
    return [
        Column("order_id", Uuid),
        Column("product_id", ForeignKey("products.product_id")),
        *[Column(key, Uuid) for _, key in _VERSIONED],
        Column("first_version", Integer, Computed("1", persisted=True), comment=stands_for),
        *[
            ForeignKeyConstraint(
                ["customer_id", key, *["first_version" for _ in version]],
                [f"{table}.{name}" for name in ("customer_id", key, *version)],
            )
            for table, key, version in owned
        ],
        CheckConstraint(f"num_nonnulls({', '.join(ABOUT)}) <= 1", name="about_one"),
    ]


survey_links = Table(
    "survey_links",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("survey_id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    *_about(),
    moment("created_at"),
    Column("expires_at", DateTime(timezone=True), nullable=False, comment="the first moment at which it takes nothing"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "survey_id"),
    UniqueConstraint("customer_id", "survey_id", "kind"),
    CheckConstraint("kind IN ('NPS', 'CSAT', 'CES', 'REVIEW')", name="kind_has_a_score"),
    CheckConstraint("expires_at > created_at", name="expires_later"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("feedback_id", Uuid, nullable=False, unique=True),
    Column("source", Text),
    Column("external_id", Text),
    Column("kind", Text, nullable=False),
    Column("score", Integer),
    Column("comment", Text),
    Column("reason_codes", ARRAY(Text), nullable=False, server_default=sql("'{}'")),
    *_about(),
    Column("survey_id", Uuid, unique=True, comment="the one-time link that it answers"),
    moment("submitted_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "feedback_id"),
    UniqueConstraint("source", "external_id"),
    UniqueConstraint("customer_id", "feedback_id", "kind"),
    ForeignKeyConstraint(
        ["customer_id", "survey_id", "kind"],
        ["survey_links.customer_id", "survey_links.survey_id", "survey_links.kind"],
    ),
    CheckConstraint("(source IS NULL) = (external_id IS NULL)", name="external_id_whole"),
    CheckConstraint(SCORE_ON_ITS_SCALE, name="score_on_its_scale"),
    CheckConstraint(SAYS_SOMETHING, name="says_something"),
    CheckConstraint("cardinality(reason_codes) <= 20", name="reason_codes_few"),
)
Index("ix_feedback_of_customer", feedback.c.customer_id, feedback.c.submitted_at, feedback.c.feedback_id)
Index("ix_feedback_submitted_at", feedback.c.submitted_at, feedback.c.feedback_id)

feedback_replies = Table(
    "feedback_replies",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("reply_id", Uuid, nullable=False, unique=True),
    Column("feedback_id", Uuid, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    moment("replied_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "reply_id"),
    ForeignKeyConstraint(["customer_id", "feedback_id"], ["feedback.customer_id", "feedback.feedback_id"]),
    CheckConstraint("author IN ('BUSINESS', 'CUSTOMER')", name="author_known"),
)
Index(
    "ix_feedback_replies_of_feedback",
    feedback_replies.c.customer_id,
    feedback_replies.c.feedback_id,
    feedback_replies.c.replied_at,
)

complaint_resolutions = Table(
    "complaint_resolutions",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("feedback_id", Uuid, nullable=False, unique=True),
    Column("kind", Text, Computed("'COMPLAINT'", persisted=True), comment="only complaints are settled"),
    Column("note", Text),
    moment("resolved_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "feedback_id"),
    ForeignKeyConstraint(
        ["customer_id", "feedback_id", "kind"], ["feedback.customer_id", "feedback.feedback_id", "feedback.kind"]
    ),
)
