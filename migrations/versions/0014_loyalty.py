"""The points program and its ledger, which the database itself keeps whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FACTS = (
    "loyalty_programs",
    "loyalty_rules",
    "loyalty_tiers",
    "loyalty_transactions",
    "loyalty_entries",
    "loyalty_lot_uses",
)

# What points come from and go to cancels out, as does what is owed.
CHECK_TRANSACTION = """
CREATE FUNCTION check_loyalty_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT count(*) < 2 OR sum(points) <> 0 OR sum(owed) <> 0
    FROM loyalty_entries WHERE transaction_id = NEW.transaction_id
  ) THEN
    RAISE EXCEPTION 'the entries of a loyalty transaction must add up to nothing' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

# Each entry continues the one before, its points are those of the lots it made less those it used up, and none is spent
# before its time or after.
CHECK_ENTRY = """
CREATE FUNCTION check_loyalty_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before_balance bigint := 0;
  before_owed bigint := 0;
  before_at timestamptz := '-infinity';
  moved bigint;
BEGIN
  IF NEW.number > 1 THEN
    SELECT balance_after, owed_after, occurred_at INTO before_balance, before_owed, before_at
    FROM loyalty_entries WHERE customer_id = NEW.customer_id AND number = NEW.number - 1;
  END IF;
  SELECT coalesce((
    SELECT sum(points) FROM loyalty_lots WHERE customer_id = NEW.customer_id AND transaction_id = NEW.transaction_id
  ), 0) - coalesce((
    SELECT sum(points) FROM loyalty_lot_uses WHERE customer_id = NEW.customer_id AND transaction_id = NEW.transaction_id
  ), 0) INTO moved;
  IF (
    before_balance + NEW.points = NEW.balance_after
    AND before_owed + NEW.owed = NEW.owed_after
    AND before_at <= NEW.occurred_at
    AND moved = greatest(NEW.balance_after, 0) - greatest(before_balance, 0)
  ) IS NOT TRUE THEN
    RAISE EXCEPTION 'a loyalty entry must continue the one before and name its lots' USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.kind IN ('REDEEM', 'TRANSFER') AND EXISTS (
    SELECT FROM loyalty_lot_uses AS uses
    JOIN loyalty_lots AS lots ON lots.customer_id = uses.customer_id AND lots.lot_id = uses.lot_id
    WHERE uses.customer_id = NEW.customer_id AND uses.transaction_id = NEW.transaction_id
      AND (lots.available_at > NEW.occurred_at OR lots.expires_at <= NEW.occurred_at)
  ) THEN
    RAISE EXCEPTION 'only points that can be spent are spent' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

CHECK_LOT = """
CREATE FUNCTION check_loyalty_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (
    SELECT lots.remaining IS DISTINCT FROM lots.points - coalesce((
      SELECT sum(points) FROM loyalty_lot_uses WHERE customer_id = NEW.customer_id AND lot_id = NEW.lot_id
    ), 0)
    FROM loyalty_lots AS lots WHERE customer_id = NEW.customer_id AND lot_id = NEW.lot_id
  ) THEN
    RAISE EXCEPTION 'what is left of a lot must be its points less those used' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

CHECK_ACCOUNT = """
CREATE FUNCTION check_loyalty_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  account loyalty_accounts;
  latest loyalty_entries;
BEGIN
  SELECT * INTO account FROM loyalty_accounts WHERE customer_id = NEW.customer_id;
  SELECT * INTO latest FROM loyalty_entries
  WHERE customer_id = NEW.customer_id AND number IS NOT NULL ORDER BY number DESC LIMIT 1;
  IF account.entries <> coalesce(latest.number, 0)
    OR account.balance <> coalesce(latest.balance_after, 0)
    OR account.owed <> coalesce(latest.owed_after, 0)
    OR account.latest_at IS DISTINCT FROM latest.occurred_at
    OR greatest(account.balance, 0) <> (
      SELECT coalesce(sum(remaining), 0) FROM loyalty_lots WHERE customer_id = NEW.customer_id AND remaining > 0
    )
  THEN
    RAISE EXCEPTION 'a loyalty account must agree with its entries and lots' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

# Of an account only its state changes, and of a lot what is left; a closed account stays as it is.
REFUSE_OTHER_CHANGE = """
CREATE FUNCTION refuse_other_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := TG_ARGV[0];
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - free = to_jsonb(OLD) - free
    AND to_jsonb(OLD) ->> 'closed_at' IS NULL
  THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'of % only % may change, and nothing once it is closed', TG_TABLE_NAME, TG_ARGV[0]
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

ACCOUNT_STATE = "{balance,owed,floor,entries,latest_at,closed_at,closing_recorded_at}"


def upgrade() -> None:
    """Add the tables, and the checks that run before each transaction commits."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_tables()
    for function in (CHECK_TRANSACTION, CHECK_ENTRY, CHECK_LOT, CHECK_ACCOUNT, REFUSE_OTHER_CHANGE):
        op.execute(function)
    _check("loyalty_entries", "check_loyalty_transaction", "INSERT")
    _check("loyalty_entries", "check_loyalty_entry", "INSERT", "WHEN (NEW.account = 'CUSTOMER')")
    _check("loyalty_lots", "check_loyalty_lot", "INSERT OR UPDATE")
    _check("loyalty_lot_uses", "check_loyalty_lot", "INSERT")
    _check("loyalty_lots", "check_loyalty_account", "INSERT OR UPDATE")
    _check("loyalty_entries", "check_loyalty_account", "INSERT", "WHEN (NEW.account = 'CUSTOMER')")
    _check("loyalty_accounts", "check_loyalty_account", "INSERT OR UPDATE")
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, free in (("loyalty_accounts", ACCOUNT_STATE), ("loyalty_lots", "{remaining}")):
        op.execute(
            f"CREATE TRIGGER {table}_state BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_other_change('{free}')"
        )
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _check(table: str, function: str, events: str, when: str = "") -> None:
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {table}_{function} AFTER {events} ON {table} DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW {when} EXECUTE FUNCTION {function}()"
    )


def _add_tables() -> None:
    op.create_table(
        "loyalty_programs",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rounding", sa.Text(), nullable=False, comment="of the points of one purchase"),
        sa.Column(
            "pending_for", sa.Interval(), nullable=False, comment="from the purchase until its points can be spent"
        ),
        sa.Column(
            "expires_after",
            sa.Interval(),
            nullable=True,
            comment="from the purchase until its points expire; null for never",
        ),
        sa.Column(
            "floor",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how far a balance may go below zero when a purchase is paid back",
        ),
        sa.Column(
            "tier_basis", sa.Text(), nullable=False, comment="what a tier asks for: points earned, or money spent"
        ),
        sa.Column("tier_window", sa.Interval(), nullable=False, comment="how long a purchase counts towards a tier"),
        sa.Column(
            "tier_grace", sa.Interval(), nullable=False, comment="how long a tier stays after it is no longer reached"
        ),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("expires_after > interval '0'", name=op.f("ck_loyalty_programs_expires_after_positive")),
        sa.CheckConstraint("pending_for >= interval '0'", name=op.f("ck_loyalty_programs_pending_for_not_negative")),
        sa.CheckConstraint("rounding IN ('DOWN', 'NEAREST', 'UP')", name=op.f("ck_loyalty_programs_rounding_known")),
        sa.CheckConstraint("tier_basis IN ('POINTS', 'SPEND')", name=op.f("ck_loyalty_programs_tier_basis_known")),
        sa.CheckConstraint("tier_grace >= interval '0'", name=op.f("ck_loyalty_programs_tier_grace_not_negative")),
        sa.CheckConstraint("tier_window > interval '0'", name=op.f("ck_loyalty_programs_tier_window_positive")),
        sa.CheckConstraint("floor BETWEEN -2000000000 AND 0", name=op.f("ck_loyalty_programs_floor_bounded")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_loyalty_programs_version_positive")),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_loyalty_programs")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_loyalty_programs_effective_from")),
        sa.UniqueConstraint("version", name=op.f("uq_loyalty_programs_version")),
    )
    op.create_table(
        "loyalty_transactions",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("reverses", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind = 'REVERSE' OR reverses IS NULL", name=op.f("ck_loyalty_transactions_only_reversals_reverse")
        ),
        sa.CheckConstraint(
            "kind IN ('EARN', 'REDEEM', 'EXPIRE', 'ADJUST', 'REVERSE', 'TRANSFER')",
            name=op.f("ck_loyalty_transactions_kind_known"),
        ),
        sa.CheckConstraint(
            "source IN ('ORDER', 'REFUND', 'REFERRER', 'REFERRED', 'LOT', 'TRANSACTION', 'REQUEST')",
            name=op.f("ck_loyalty_transactions_source_known"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses"], ["loyalty_transactions.transaction_id"], name=op.f("fk_loyalty_transactions_reverses")
        ),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_loyalty_transactions")),
        sa.UniqueConstraint("kind", "source", "source_id", name=op.f("uq_loyalty_transactions_kind_source_source_id")),
        sa.UniqueConstraint(
            "transaction_id",
            "kind",
            "occurred_at",
            name=op.f("uq_loyalty_transactions_transaction_id_kind_occurred_at"),
        ),
    )
    op.create_index(op.f("ix_loyalty_transactions_reverses"), "loyalty_transactions", ["reverses"], unique=False)
    op.create_table(
        "loyalty_tiers",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "required", sa.Numeric(), nullable=False, comment="points, or units of the business currency, in the window"
        ),
        sa.Column("benefits", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint("(rank = 1) = (required = 0)", name=op.f("ck_loyalty_tiers_first_asks_for_nothing")),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_loyalty_tiers_rank_positive")),
        sa.CheckConstraint("required >= 0 AND required <= 1e15", name=op.f("ck_loyalty_tiers_required_bounded")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["loyalty_programs.program_id"], name=op.f("fk_loyalty_tiers_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "rank", name=op.f("pk_loyalty_tiers")),
        sa.UniqueConstraint("program_id", "code", name=op.f("uq_loyalty_tiers_program_id_code")),
        sa.UniqueConstraint("program_id", "required", name=op.f("uq_loyalty_tiers_program_id_required")),
    )
    op.create_table(
        "loyalty_accounts",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "balance",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="all points that are left, pending ones too",
        ),
        sa.Column(
            "owed",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="points taken back that were spent already, to be settled by the next ones earned",
        ),
        sa.Column(
            "floor",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how far the balance may go below zero",
        ),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False, comment="number of the latest entry"),
        sa.Column(
            "latest_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the latest entry happened; none happens before it",
        ),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closing_recorded_at IS NULL)",
            name=op.f("ck_loyalty_accounts_closed_on_both_clocks"),
        ),
        sa.CheckConstraint(
            "balance <= 2000000000 AND balance >= floor", name=op.f("ck_loyalty_accounts_balance_bounded")
        ),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_loyalty_accounts_closed_after_it_opened")),
        sa.CheckConstraint("closed_at IS NULL OR balance <= 0", name=op.f("ck_loyalty_accounts_closed_without_points")),
        sa.CheckConstraint("floor <= 0", name=op.f("ck_loyalty_accounts_floor_not_positive")),
        sa.CheckConstraint("owed BETWEEN 0 AND 2000000000", name=op.f("ck_loyalty_accounts_owed_bounded")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_loyalty_accounts_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_loyalty_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_loyalty_accounts_account_id")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_table(
        "loyalty_rules",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "points_per_unit",
            sa.Numeric(),
            nullable=False,
            comment="for each unit of the business currency, after discount",
        ),
        sa.Column("category", sa.Text(), nullable=True, comment="null for all categories"),
        sa.Column("customer_kind", sa.Text(), nullable=True, comment="null for all kinds"),
        sa.Column("tier", sa.Text(), nullable=True, comment="null for all tiers"),
        sa.CheckConstraint(
            "customer_kind IN ('CONSUMER', 'BUSINESS')", name=op.f("ck_loyalty_rules_customer_kind_known")
        ),
        sa.CheckConstraint(
            "points_per_unit >= 0 AND points_per_unit <= 1e6", name=op.f("ck_loyalty_rules_points_per_unit_bounded")
        ),
        sa.ForeignKeyConstraint(
            ["program_id", "tier"],
            ["loyalty_tiers.program_id", "loyalty_tiers.code"],
            name=op.f("fk_loyalty_rules_program_id_tier"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["loyalty_programs.program_id"], name=op.f("fk_loyalty_rules_program_id")
        ),
        sa.PrimaryKeyConstraint("program_id", "position", name=op.f("pk_loyalty_rules")),
        sa.UniqueConstraint(
            "program_id",
            "category",
            "customer_kind",
            "tier",
            name=op.f("uq_loyalty_rules_program_id_category_customer_kind_tier"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "loyalty_entries",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column(
            "owed",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="how much more is owed, negative where it was settled",
        ),
        sa.Column(
            "counted",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="points earned that count towards a tier, negative where a purchase was paid back",
        ),
        sa.Column(
            "counts_from", sa.DateTime(timezone=True), nullable=True, comment="from when they count; null where none do"
        ),
        sa.Column(
            "number",
            sa.Integer(),
            nullable=True,
            comment="of the entry on the customer's account, from 1; null on other accounts",
        ),
        sa.Column("balance_after", sa.BigInteger(), nullable=True),
        sa.Column("owed_after", sa.BigInteger(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "account IN ('CUSTOMER', CASE kind WHEN 'REDEEM' THEN 'REDEEMED' WHEN 'EXPIRE' THEN 'EXPIRED'"
            " WHEN 'ADJUST' THEN 'ADJUSTED' WHEN 'TRANSFER' THEN 'CUSTOMER' ELSE 'ISSUED' END)",
            name=op.f("ck_loyalty_entries_account_of_its_kind"),
        ),
        sa.CheckConstraint(
            "account <> 'CUSTOMER' OR CASE kind WHEN 'EARN' THEN points > 0 WHEN 'REVERSE' THEN points <= 0"
            " WHEN 'REDEEM' THEN points < 0 WHEN 'EXPIRE' THEN points < 0 ELSE true END",
            name=op.f("ck_loyalty_entries_sign_of_its_kind"),
        ),
        sa.CheckConstraint("account = 'CUSTOMER' OR counted = 0", name=op.f("ck_loyalty_entries_only_accounts_count")),
        sa.CheckConstraint(
            "account IN ('CUSTOMER', 'ISSUED', 'REDEEMED', 'EXPIRED', 'ADJUSTED')",
            name=op.f("ck_loyalty_entries_account_known"),
        ),
        sa.CheckConstraint(
            "num_nulls(number, balance_after, owed_after) = CASE account WHEN 'CUSTOMER' THEN 0 ELSE 3 END",
            name=op.f("ck_loyalty_entries_numbered_on_the_account"),
        ),
        sa.CheckConstraint(
            "(counted = 0) = (counts_from IS NULL)", name=op.f("ck_loyalty_entries_counts_from_a_moment")
        ),
        sa.CheckConstraint("points <> 0 OR owed <> 0", name=op.f("ck_loyalty_entries_moves_something")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_loyalty_entries_customer_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["loyalty_accounts.customer_id"], name="fk_loyalty_entries_account"),
        sa.ForeignKeyConstraint(
            ["transaction_id", "kind", "occurred_at"],
            ["loyalty_transactions.transaction_id", "loyalty_transactions.kind", "loyalty_transactions.occurred_at"],
            name=op.f("fk_loyalty_entries_transaction_id_kind_occurred_at"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "transaction_id", "account", name=op.f("pk_loyalty_entries")),
        sa.UniqueConstraint("customer_id", "number", name=op.f("uq_loyalty_entries_customer_id_number")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_loyalty_entries_entry_id")),
    )
    op.create_index(
        "ix_loyalty_entries_counted",
        "loyalty_entries",
        ["customer_id", "counts_from"],
        unique=False,
        postgresql_where=sa.text("counted != 0"),
    )
    op.create_index("ix_loyalty_entries_transaction", "loyalty_entries", ["transaction_id"], unique=False)
    op.create_table(
        "loyalty_lots",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False, comment="of the entry that made it"),
        sa.Column("account", sa.Text(), server_default="CUSTOMER", nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Numeric(), nullable=True, comment="points of a purchase before they were rounded"),
        sa.Column("program_id", sa.Uuid(), nullable=True, comment="by whose rules a purchase earned them"),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True, comment="null for never"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("account = 'CUSTOMER'", name=op.f("ck_loyalty_lots_of_a_customer")),
        sa.CheckConstraint("(exact IS NULL) = (program_id IS NULL)", name=op.f("ck_loyalty_lots_earned_by_rules")),
        sa.CheckConstraint("expires_at > available_at", name=op.f("ck_loyalty_lots_can_be_spent")),
        sa.CheckConstraint(
            "points > 0 AND remaining BETWEEN 0 AND points", name=op.f("ck_loyalty_lots_remaining_bounded")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "transaction_id", "account"],
            ["loyalty_entries.customer_id", "loyalty_entries.transaction_id", "loyalty_entries.account"],
            name=op.f("fk_loyalty_lots_customer_id_transaction_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["loyalty_programs.program_id"], name=op.f("fk_loyalty_lots_program_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "lot_id", name=op.f("pk_loyalty_lots")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_loyalty_lots_lot_id")),
        postgresql_with={"fillfactor": 85},
    )
    op.create_index("ix_loyalty_lots_entry", "loyalty_lots", ["customer_id", "transaction_id"], unique=False)
    op.create_index(
        "ix_loyalty_lots_expires_at",
        "loyalty_lots",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_loyalty_lots_open",
        "loyalty_lots",
        ["customer_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_table(
        "loyalty_lot_uses",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False, comment="of the entry that used it"),
        sa.Column("account", sa.Text(), server_default="CUSTOMER", nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("account = 'CUSTOMER'", name=op.f("ck_loyalty_lot_uses_of_a_customer")),
        sa.CheckConstraint("points > 0", name=op.f("ck_loyalty_lot_uses_points_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "lot_id"],
            ["loyalty_lots.customer_id", "loyalty_lots.lot_id"],
            name=op.f("fk_loyalty_lot_uses_customer_id_lot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "transaction_id", "account"],
            ["loyalty_entries.customer_id", "loyalty_entries.transaction_id", "loyalty_entries.account"],
            name=op.f("fk_loyalty_lot_uses_customer_id_transaction_id_account"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "lot_id", "transaction_id", name=op.f("pk_loyalty_lot_uses")),
    )
    op.create_index("ix_loyalty_lot_uses_entry", "loyalty_lot_uses", ["customer_id", "transaction_id"], unique=False)
