"""Subscriptions, support plans, contracts, the policy of who counts as active, and how customers stand now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FACTS = ("subscription_payments", "support_usages", "active_policies", "active_rules")
VERSIONED = ("subscriptions", "support_plans", "contracts")

# The values a database has computed are not there yet when a trigger looks at the new row.
REFUSE_REWRITING = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := '{superseded_at,replaced_at,held}';
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL
    AND to_jsonb(NEW) - free = to_jsonb(OLD) - free
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'versions of % are never changed or deleted, only closed', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

# The rules until others are set: a purchase within 12 months, five purchases within six, anything that is running.
FIRST_POLICY = """
WITH policy AS (
  INSERT INTO active_policies (policy_id, version, effective_from, recorded_at)
  VALUES ('0127a5d6-0000-7000-8000-000000000001', 1, '1900-01-01Z', '1900-01-01Z') RETURNING policy_id
)
INSERT INTO active_rules (policy_id, position, code, enabled, "window", minimum_count)
SELECT policy_id, rule.* FROM policy CROSS JOIN (VALUES
  (1, 'RECENT_PURCHASE', true, interval 'P12M', 1),
  (2, 'LOYAL', true, interval 'P6M', 5),
  (3, 'PAID_SUPPORT_PLAN', true, NULL, NULL),
  (4, 'PRODUCT_SUBSCRIPTION', true, NULL, NULL),
  (5, 'SERVICE_SUBSCRIPTION', true, NULL, NULL),
  (6, 'CONTRACT', true, NULL, NULL)
) AS rule
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_subscriptions()
    _add_support_plans()
    _add_contracts()
    _add_policies()
    _add_standing()
    _add_triggers()
    op.execute(FIRST_POLICY)


def _add_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("billing_interval", sa.Interval(), nullable=False),
        sa.Column("grace", sa.Interval(), nullable=False, comment="how long it runs on with a payment overdue"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trial_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "anchored_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="from when the ends of periods are counted",
        ),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pauses", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it stops if nothing else happens; null while it is paused without an end",
        ),
        sa.Column(
            "held",
            postgresql.TSTZMULTIRANGE(),
            sa.Computed(
                "tstzmultirange(tstzrange(coalesce(trial_ends_at, started_at), CASE WHEN ends_at <"
                " coalesce(trial_ends_at, started_at) THEN coalesce(trial_ends_at, started_at)"
                " ELSE ends_at END)) - pauses",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("change", sa.Text(), nullable=False, comment="what made this version"),
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
        sa.CheckConstraint("billing_interval > interval '0'", name=op.f("ck_subscriptions_billing_interval_positive")),
        sa.CheckConstraint(
            "change IN ('STARTED', 'RENEWED', 'PAUSED', 'RESUMED', 'CHANGED', 'CANCELLED')",
            name=op.f("ck_subscriptions_change_known"),
        ),
        sa.CheckConstraint("grace >= interval '0'", name=op.f("ck_subscriptions_grace_not_negative")),
        sa.CheckConstraint("kind IN ('PRODUCT', 'SERVICE')", name=op.f("ck_subscriptions_kind_known")),
        sa.CheckConstraint(
            "(cancel_at IS NULL) = (cancellation_reason IS NULL)", name=op.f("ck_subscriptions_cancelled_for_a_reason")
        ),
        sa.CheckConstraint(
            "(replaced_at IS NULL) = (superseded_at IS NULL)", name=op.f("ck_subscriptions_closed_on_both_clocks")
        ),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_subscriptions_external_id_whole")),
        sa.CheckConstraint(
            "cancel_at >= started_at AND ends_at >= started_at", name=op.f("ck_subscriptions_ends_after_it_started")
        ),
        sa.CheckConstraint(
            "cancel_at IS NULL OR ends_at <= cancel_at", name=op.f("ck_subscriptions_ends_when_cancelled")
        ),
        sa.CheckConstraint(
            "period_start >= started_at AND period_end > period_start",
            name=op.f("ck_subscriptions_period_has_a_length"),
        ),
        sa.CheckConstraint("price >= 0 AND price <= 1e15", name=op.f("ck_subscriptions_price_bounded")),
        sa.CheckConstraint(
            "replaced_at >= changed_at AND superseded_at >= recorded_at",
            name=op.f("ck_subscriptions_closed_after_it_opened"),
        ),
        sa.CheckConstraint("trial_ends_at > started_at", name=op.f("ck_subscriptions_trial_has_a_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_subscriptions_version_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_subscriptions_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "subscription_id", "version", name=op.f("pk_subscriptions")),
    )
    op.create_index(
        "ix_subscriptions_ends_at",
        "subscriptions",
        ["ends_at", "subscription_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("uq_subscriptions_version", "subscriptions", ["subscription_id", "version"], unique=True)
    op.create_index(
        "uq_subscriptions_open",
        "subscriptions",
        ["subscription_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(
        "uq_subscriptions_source_external_id",
        "subscriptions",
        ["source", "external_id"],
        unique=True,
        postgresql_where=sa.text("version = 1"),
    )
    op.create_table(
        "subscription_payments",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("business_amount", sa.Numeric(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("amount >= 0 AND amount <= 1e15", name=op.f("ck_subscription_payments_amount_bounded")),
        sa.CheckConstraint(
            "business_amount >= 0 AND business_amount <= 1e15",
            name=op.f("ck_subscription_payments_business_amount_bounded"),
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_subscription_payments_period_has_a_length")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_subscription_payments_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "payment_id", name=op.f("pk_subscription_payments")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_subscription_payments_payment_id")),
    )
    op.create_index(
        "ix_subscription_payments_of_subscription",
        "subscription_payments",
        ["customer_id", "subscription_id", "paid_at"],
        unique=False,
    )


def _add_support_plans() -> None:
    op.create_table(
        "support_plans",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("support_plan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("paid", sa.Boolean(), nullable=False),
        sa.Column("price", sa.Numeric(), nullable=True, comment="for the whole term, null where it is free"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term_ends_at", sa.DateTime(timezone=True), nullable=True, comment="null for one without an end"),
        sa.Column("included_incidents", sa.Integer(), nullable=True, comment="null where there is no limit"),
        sa.Column("response_target", sa.Interval(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True, comment="the order that it came with, and ends with"),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("cancel_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it stops if nothing else happens; null for never",
        ),
        sa.Column(
            "held",
            postgresql.TSTZMULTIRANGE(),
            sa.Computed(
                "tstzmultirange(tstzrange(starts_at, CASE WHEN ends_at < starts_at THEN starts_at ELSE ends_at END))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("change", sa.Text(), nullable=False, comment="what made this version"),
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
        sa.CheckConstraint("change IN ('ENROLLED', 'CANCELLED')", name=op.f("ck_support_plans_change_known")),
        sa.CheckConstraint("response_target > interval '0'", name=op.f("ck_support_plans_response_target_positive")),
        sa.CheckConstraint(
            "(cancel_at IS NULL) = (cancellation_reason IS NULL)", name=op.f("ck_support_plans_cancelled_for_a_reason")
        ),
        sa.CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name=op.f("ck_support_plans_order_line_whole")),
        sa.CheckConstraint(
            "(replaced_at IS NULL) = (superseded_at IS NULL)", name=op.f("ck_support_plans_closed_on_both_clocks")
        ),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_support_plans_external_id_whole")),
        sa.CheckConstraint(
            "cancel_at >= starts_at AND ends_at >= starts_at", name=op.f("ck_support_plans_ends_after_it_started")
        ),
        sa.CheckConstraint(
            "ends_at IS NOT DISTINCT FROM least(term_ends_at, cancel_at)",
            name=op.f("ck_support_plans_ends_with_term_or_early"),
        ),
        sa.CheckConstraint("included_incidents >= 0", name=op.f("ck_support_plans_included_incidents_not_negative")),
        sa.CheckConstraint(
            "paid = (price IS NOT NULL) AND (price IS NULL) = (currency IS NULL)",
            name=op.f("ck_support_plans_paid_has_a_price"),
        ),
        sa.CheckConstraint("price >= 0 AND price <= 1e15", name=op.f("ck_support_plans_price_bounded")),
        sa.CheckConstraint(
            "replaced_at >= changed_at AND superseded_at >= recorded_at",
            name=op.f("ck_support_plans_closed_after_it_opened"),
        ),
        sa.CheckConstraint("term_ends_at > starts_at", name=op.f("ck_support_plans_term_has_a_length")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_support_plans_version_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["orders.customer_id", "orders.order_id"],
            name=op.f("fk_support_plans_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_support_plans_customer_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.line_id"], name=op.f("fk_support_plans_line_id")),
        sa.PrimaryKeyConstraint("customer_id", "support_plan_id", "version", name=op.f("pk_support_plans")),
    )
    op.create_index(
        "ix_support_plans_ends_at",
        "support_plans",
        ["ends_at", "support_plan_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(op.f("ix_support_plans_line_id"), "support_plans", ["line_id"], unique=False)
    op.create_index("ix_support_plans_of_order", "support_plans", ["customer_id", "order_id"], unique=False)
    op.create_index("uq_support_plans_version", "support_plans", ["support_plan_id", "version"], unique=True)
    op.create_index(
        "uq_support_plans_open",
        "support_plans",
        ["support_plan_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(
        "uq_support_plans_source_external_id",
        "support_plans",
        ["source", "external_id"],
        unique=True,
        postgresql_where=sa.text("version = 1"),
    )
    op.create_table(
        "support_usages",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("usage_id", sa.Uuid(), nullable=False),
        sa.Column("support_plan_id", sa.Uuid(), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("incidents > 0", name=op.f("ck_support_usages_incidents_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_support_usages_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "usage_id", name=op.f("pk_support_usages")),
        sa.UniqueConstraint("usage_id", name=op.f("uq_support_usages_usage_id")),
    )
    op.create_index(
        "ix_support_usages_of_support_plan",
        "support_usages",
        ["customer_id", "support_plan_id", "used_at"],
        unique=False,
    )


def _add_contracts() -> None:
    op.execute("CREATE SEQUENCE contract_numbers START 100001")
    op.create_table(
        "contracts",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("billing_interval", sa.Interval(), nullable=True, comment="null where it is paid at once"),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("term_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("renewal_interval", sa.Interval(), nullable=False, comment="how long a term is when it renews"),
        sa.Column("notice", sa.Interval(), nullable=False, comment="how long before its end it must be given notice"),
        sa.Column("terminate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("termination_reason", sa.Text(), nullable=True),
        sa.Column(
            "penalty", sa.Numeric(), nullable=True, comment="owed for ending it early, in the contract's currency"
        ),
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when it stops if nothing else happens; null while it renews by itself",
        ),
        sa.Column(
            "held",
            postgresql.TSTZMULTIRANGE(),
            sa.Computed(
                "tstzmultirange(tstzrange(starts_at, CASE WHEN ends_at < starts_at THEN starts_at ELSE ends_at END))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("change", sa.Text(), nullable=False, comment="what made this version"),
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
        sa.CheckConstraint("billing_interval > interval '0'", name=op.f("ck_contracts_billing_interval_positive")),
        sa.CheckConstraint("change IN ('SIGNED', 'RENEWED', 'TERMINATED')", name=op.f("ck_contracts_change_known")),
        sa.CheckConstraint(
            "NOT auto_renew OR renewal_interval >= interval '1 day'", name=op.f("ck_contracts_renews_for_a_day")
        ),
        sa.CheckConstraint("notice >= interval '0'", name=op.f("ck_contracts_notice_not_negative")),
        sa.CheckConstraint("renewal_interval > interval '0'", name=op.f("ck_contracts_renewal_interval_positive")),
        sa.CheckConstraint(
            "(replaced_at IS NULL) = (superseded_at IS NULL)", name=op.f("ck_contracts_closed_on_both_clocks")
        ),
        sa.CheckConstraint("(source IS NULL) = (external_id IS NULL)", name=op.f("ck_contracts_external_id_whole")),
        sa.CheckConstraint(
            "(terminate_at IS NULL) = (termination_reason IS NULL)", name=op.f("ck_contracts_terminated_for_a_reason")
        ),
        sa.CheckConstraint(
            "ends_at IS NOT DISTINCT FROM coalesce(terminate_at, CASE WHEN NOT auto_renew THEN term_ends_at END)",
            name=op.f("ck_contracts_ends_with_term_or_early"),
        ),
        sa.CheckConstraint("penalty >= 0 AND penalty <= 1e15", name=op.f("ck_contracts_penalty_bounded")),
        sa.CheckConstraint(
            "penalty IS NULL OR terminate_at IS NOT NULL", name=op.f("ck_contracts_penalty_for_termination")
        ),
        sa.CheckConstraint(
            "replaced_at >= changed_at AND superseded_at >= recorded_at",
            name=op.f("ck_contracts_closed_after_it_opened"),
        ),
        sa.CheckConstraint(
            "term_starts_at >= starts_at AND term_ends_at > term_starts_at", name=op.f("ck_contracts_term_has_a_length")
        ),
        sa.CheckConstraint(
            "terminate_at >= starts_at AND ends_at >= starts_at", name=op.f("ck_contracts_ends_after_it_started")
        ),
        sa.CheckConstraint("value >= 0 AND value <= 1e15", name=op.f("ck_contracts_value_bounded")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contracts_version_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_contracts_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "contract_id", "version", name=op.f("pk_contracts")),
    )
    op.create_index(
        "ix_contracts_ends_at",
        "contracts",
        ["ends_at", "contract_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(op.f("ix_contracts_number"), "contracts", ["number"], unique=False)
    op.create_index("uq_contracts_version", "contracts", ["contract_id", "version"], unique=True)
    op.create_index(
        "uq_contracts_open",
        "contracts",
        ["contract_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index(
        "uq_contracts_source_external_id",
        "contracts",
        ["source", "external_id"],
        unique=True,
        postgresql_where=sa.text("version = 1"),
    )


def _add_policies() -> None:
    op.create_table(
        "active_policies",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "time_zone",
            sa.Text(),
            nullable=True,
            comment="in which months and days are counted; null for that of the business",
        ),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_active_policies_version_positive")),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_active_policies")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_active_policies_effective_from")),
        sa.UniqueConstraint("version", name=op.f("uq_active_policies_version")),
    )
    op.create_table(
        "active_rules",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("customer_kind", sa.Text(), nullable=True, comment="null for all kinds"),
        sa.Column("category", sa.Text(), nullable=True, comment="null for all categories"),
        sa.Column(
            "window", sa.Interval(), nullable=True, comment="for how long a purchase counts; null for rules about terms"
        ),
        sa.Column(
            "minimum_count",
            sa.Integer(),
            nullable=True,
            comment="how many purchases it takes; null for rules about terms",
        ),
        sa.CheckConstraint(
            "category IS NULL OR code = 'RECENT_PURCHASE'", name=op.f("ck_active_rules_category_of_recent_purchase")
        ),
        sa.CheckConstraint(
            "code <> 'RECENT_PURCHASE' OR minimum_count = 1", name=op.f("ck_active_rules_one_recent_purchase")
        ),
        sa.CheckConstraint(
            "code IN ('RECENT_PURCHASE', 'LOYAL', 'PAID_SUPPORT_PLAN', 'PRODUCT_SUBSCRIPTION', 'SERVICE_SUBSCRIPTION',"
            " 'CONTRACT')",
            name=op.f("ck_active_rules_code_known"),
        ),
        sa.CheckConstraint(
            "customer_kind IN ('CONSUMER', 'BUSINESS')", name=op.f("ck_active_rules_customer_kind_known")
        ),
        sa.CheckConstraint("\"window\" > interval '0'", name=op.f("ck_active_rules_window_positive")),
        sa.CheckConstraint(
            "(code IN ('RECENT_PURCHASE', 'LOYAL')) = (\"window\" IS NOT NULL)"
            " AND (code IN ('RECENT_PURCHASE', 'LOYAL')) = (minimum_count IS NOT NULL)",
            name=op.f("ck_active_rules_purchases_have_a_window"),
        ),
        sa.CheckConstraint("minimum_count >= 1", name=op.f("ck_active_rules_minimum_count_positive")),
        sa.ForeignKeyConstraint(["policy_id"], ["active_policies.policy_id"], name=op.f("fk_active_rules_policy_id")),
        sa.PrimaryKeyConstraint("policy_id", "position", name=op.f("pk_active_rules")),
        sa.UniqueConstraint(
            "policy_id",
            "code",
            "customer_kind",
            "category",
            name=op.f("uq_active_rules_policy_id_code_customer_kind_category"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _add_standing() -> None:
    op.create_table(
        "customer_standing",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("historic_net", sa.Numeric(), nullable=False, comment="in the currency of the business"),
        sa.Column("last_purchase_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.customer_id"],
            name=op.f("fk_customer_standing_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_standing")),
        comment="a projection of the facts: what customers have bought",
        postgresql_with={"fillfactor": 85},
    )
    op.create_index(
        "ix_customer_standing_historic_net", "customer_standing", ["historic_net", "customer_id"], unique=False
    )
    op.create_index(
        "ix_customer_standing_last_purchase_at", "customer_standing", ["last_purchase_at", "customer_id"], unique=False
    )
    op.create_index(
        "ix_customer_standing_order_count", "customer_standing", ["order_count", "customer_id"], unique=False
    )
    op.create_table(
        "customer_activity",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("recent_purchase", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("loyal", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("paid_support_plan", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("product_subscription", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("service_subscription", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("contract", postgresql.TSTZMULTIRANGE(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.customer_id"],
            name=op.f("fk_customer_activity_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "policy_id", name=op.f("pk_customer_activity")),
        comment="a projection: when each reason holds, by the policy in force and by each that is to come",
        postgresql_with={"fillfactor": 85},
    )
    op.create_table(
        "active_spans",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False, comment="the year 9999 where no end is known"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_active_spans_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "policy_id", "starts_at", name=op.f("pk_active_spans")),
        comment="a projection: while customers count as active, without breaks; spans that are over are left out",
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_active_spans_ends_at", "active_spans", ["policy_id", "ends_at", "customer_id"], unique=False)


def _add_triggers() -> None:
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(REFUSE_REWRITING)
    for table in VERSIONED:
        op.execute(
            f"CREATE TRIGGER {table}_versions BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
