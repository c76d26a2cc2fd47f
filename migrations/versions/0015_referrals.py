"""Referrals: the program, codes, referrals in versions, what was noticed about them, and their rewards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FACTS = ("referral_programs", "referral_signals", "referral_rewards")

# Each version takes one step from the one before, and a referral keeps whose it is, by which code, and who came.
CHECK_STEP = """
CREATE FUNCTION check_referral_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before referrals;
BEGIN
  SELECT * INTO before FROM referrals WHERE referral_id = NEW.referral_id AND version = NEW.version - 1;
  IF (CASE
    WHEN NEW.version = 1 THEN (NEW.change, NEW.status) IN (('INVITED', 'INVITED'), ('JOINED', 'JOINED'))
    ELSE (NEW.customer_id, NEW.code, NEW.created_at) = (before.customer_id, before.code, before.created_at)
      AND (before.referred_id IS NULL
        OR (NEW.referred_id, NEW.joined_at, NEW.program_id)
          = (before.referred_id, before.joined_at, before.program_id))
      AND (before.order_id IS NULL OR (NEW.order_id, NEW.qualified_at) = (before.order_id, before.qualified_at))
      AND (NEW.in_review <= before.in_review OR before.status = 'INVITED')
      AND NEW.changed_at >= before.changed_at
      AND (before.status, before.in_review, NEW.change, NEW.status) IN (
        ('INVITED', false, 'JOINED', 'JOINED'),
        ('JOINED', false, 'QUALIFIED', 'QUALIFIED'), ('JOINED', true, 'QUALIFIED', 'QUALIFIED'),
        ('JOINED', true, 'ACCEPTED', 'JOINED'), ('QUALIFIED', true, 'ACCEPTED', 'QUALIFIED'),
        ('JOINED', false, 'REJECTED', 'REJECTED'), ('JOINED', true, 'REJECTED', 'REJECTED'),
        ('QUALIFIED', true, 'REJECTED', 'REJECTED'), ('QUALIFIED', false, 'REVERSED', 'REVERSED'))
      AND (NEW.change <> 'ACCEPTED' OR NOT NEW.in_review)
      AND (NEW.change <> 'QUALIFIED' OR NEW.in_review = before.in_review)
  END) IS NOT TRUE THEN
    RAISE EXCEPTION 'a referral must take one step after the other' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""

# Two that join at the same time would each miss the other: they take turns until they have committed.
CHECK_CIRCLE = """
CREATE FUNCTION check_referral_circle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7341905540);
  IF EXISTS (
    WITH RECURSIVE above (customer_id) AS (
      SELECT NEW.customer_id
      UNION
      SELECT referrals.customer_id FROM referrals JOIN above ON referrals.referred_id = above.customer_id
      WHERE referrals.change = 'JOINED'
    )
    SELECT FROM above WHERE customer_id = NEW.referred_id
  ) THEN
    RAISE EXCEPTION 'referrals must not come back to where they began' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Add the tables, and the checks that run before each transaction commits."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    _add_tables()
    for function in (CHECK_STEP, CHECK_CIRCLE):
        op.execute(function)
    _check("check_referral_step")
    _check("check_referral_circle", "WHEN (NEW.change = 'JOINED')")
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER referrals_versions BEFORE UPDATE OR DELETE ON referrals"
        " FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        "CREATE TRIGGER referral_codes_state BEFORE UPDATE OR DELETE ON referral_codes"
        " FOR EACH ROW EXECUTE FUNCTION refuse_other_change('{email,device}')"
    )
    for table in ("referrals", "referral_codes"):
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _check(function: str, when: str = "") -> None:
    op.execute(
        f"CREATE CONSTRAINT TRIGGER referrals_{function} AFTER INSERT ON referrals DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW {when} EXECUTE FUNCTION {function}()"
    )


def _add_tables() -> None:
    op.create_table(
        "referral_programs",
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referrer_points", sa.BigInteger(), nullable=True),
        sa.Column("referrer_money", sa.Numeric(), nullable=True),
        sa.Column("referred_points", sa.BigInteger(), nullable=True),
        sa.Column("referred_money", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minimum_purchase", sa.Numeric(), nullable=False),
        sa.Column(
            "qualify_within", sa.Interval(), nullable=False, comment="from joining until the friend has to have bought"
        ),
        sa.Column(
            "hold", sa.Interval(), nullable=False, comment="from the purchase until the rewards are given for good"
        ),
        sa.Column("invitation_lifetime", sa.Interval(), nullable=False, comment="from the invitation until it lapses"),
        sa.Column(
            "most_rewarded",
            sa.Integer(),
            nullable=True,
            comment="of one referrer within the window; null for any number",
        ),
        sa.Column(
            "limit_window",
            sa.Interval(),
            nullable=True,
            comment="how long a rewarded referral counts towards the limit",
        ),
        sa.Column("active_referrers_only", sa.Boolean(), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("hold >= interval '0'", name=op.f("ck_referral_programs_hold_not_negative")),
        sa.CheckConstraint(
            "invitation_lifetime > interval '0'", name=op.f("ck_referral_programs_invitation_lifetime_positive")
        ),
        sa.CheckConstraint("limit_window > interval '0'", name=op.f("ck_referral_programs_limit_window_positive")),
        sa.CheckConstraint("qualify_within > interval '0'", name=op.f("ck_referral_programs_qualify_within_positive")),
        sa.CheckConstraint(
            "(most_rewarded IS NULL) = (limit_window IS NULL)", name=op.f("ck_referral_programs_limit_whole")
        ),
        sa.CheckConstraint(
            "minimum_purchase >= 0 AND minimum_purchase <= 1e15",
            name=op.f("ck_referral_programs_minimum_purchase_bounded"),
        ),
        sa.CheckConstraint("most_rewarded >= 1", name=op.f("ck_referral_programs_most_rewarded_positive")),
        sa.CheckConstraint(
            "num_nonnulls(referred_points, referred_money) <= 1",
            name=op.f("ck_referral_programs_referred_gets_one_kind"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(referrer_points, referrer_money) <= 1",
            name=op.f("ck_referral_programs_referrer_gets_one_kind"),
        ),
        sa.CheckConstraint(
            "referred_money > 0 AND referred_money <= 1e9", name=op.f("ck_referral_programs_referred_money_bounded")
        ),
        sa.CheckConstraint(
            "referred_points >= 1 AND referred_points <= 1000000",
            name=op.f("ck_referral_programs_referred_points_bounded"),
        ),
        sa.CheckConstraint(
            "referrer_money > 0 AND referrer_money <= 1e9", name=op.f("ck_referral_programs_referrer_money_bounded")
        ),
        sa.CheckConstraint(
            "referrer_points >= 1 AND referrer_points <= 1000000",
            name=op.f("ck_referral_programs_referrer_points_bounded"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_referral_programs_version_positive")),
        sa.PrimaryKeyConstraint("program_id", name=op.f("pk_referral_programs")),
        sa.UniqueConstraint("effective_from", name=op.f("uq_referral_programs_effective_from")),
        sa.UniqueConstraint("version", name=op.f("uq_referral_programs_version")),
    )
    op.create_table(
        "referral_codes",
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="who recommends with it"),
        sa.Column("code", sa.Text(), nullable=False, comment="never given out again"),
        sa.Column(
            "referral_id",
            sa.Uuid(),
            nullable=True,
            comment="of the one invitation it is for; null for the personal code",
        ),
        sa.Column("email", sa.Text(), nullable=True, comment="where the invited friend was to be reached"),
        sa.Column(
            "device", sa.LargeBinary(), nullable=True, comment="fingerprint of the device on which it was asked for"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint("code ~ '^[A-Z0-9]{6,24}$'", name=op.f("ck_referral_codes_code_readable")),
        sa.CheckConstraint(
            "email IS NULL OR referral_id IS NOT NULL", name=op.f("ck_referral_codes_friend_of_an_invitation")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_referral_codes_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "code", name=op.f("pk_referral_codes")),
        sa.UniqueConstraint("code", name=op.f("uq_referral_codes_code")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_referral_codes_referral_id")),
    )
    op.create_index(
        "uq_referral_codes_personal",
        "referral_codes",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("referral_id IS NULL"),
    )
    op.create_table(
        "referrals",
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="who recommended"),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False, comment="by which it is judged"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "in_review", sa.Boolean(), nullable=False, comment="whether somebody has to look at it before it counts"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="until when the friend has to have joined, or bought; null once that is done",
        ),
        sa.Column("referred_id", sa.Uuid(), nullable=True, comment="who came"),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "device", sa.LargeBinary(), nullable=True, comment="fingerprint of the device on which the friend joined"
        ),
        sa.Column("order_id", sa.Uuid(), nullable=True, comment="the purchase that made it count"),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "release_at", sa.DateTime(timezone=True), nullable=True, comment="when the rewards are given for good"
        ),
        sa.Column(
            "reasons",
            sa.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="why it does not count",
        ),
        sa.Column("note", sa.Text(), nullable=True, comment="of whoever looked at it"),
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
        sa.CheckConstraint(
            "(status = 'INVITED') = (referred_id IS NULL) AND (referred_id IS NULL) = (joined_at IS NULL)",
            name=op.f("ck_referrals_joined_by_somebody"),
        ),
        sa.CheckConstraint(
            "(status IN ('INVITED', 'JOINED')) = (expires_at IS NOT NULL)",
            name=op.f("ck_referrals_waits_until_a_moment"),
        ),
        sa.CheckConstraint(
            "(status IN ('REJECTED', 'REVERSED')) = (cardinality(reasons) > 0)",
            name=op.f("ck_referrals_refused_for_a_reason"),
        ),
        sa.CheckConstraint(
            "NOT in_review OR status IN ('JOINED', 'QUALIFIED')", name=op.f("ck_referrals_held_while_open")
        ),
        sa.CheckConstraint(
            "change IN ('INVITED', 'JOINED', 'QUALIFIED', 'ACCEPTED', 'REJECTED', 'REVERSED')",
            name=op.f("ck_referrals_change_known"),
        ),
        sa.CheckConstraint(
            "reasons <@ '{SELF_REFERRAL,ALREADY_CUSTOMER,LIMIT_REACHED,REFERRER_INACTIVE,"
            "SHARED_IDENTITY,VELOCITY,REFUNDED}'",
            name=op.f("ck_referrals_reasons_known"),
        ),
        sa.CheckConstraint(
            "status = 'REJECTED' OR (status IN ('QUALIFIED', 'REVERSED')) = (order_id IS NOT NULL)",
            name=op.f("ck_referrals_qualified_by_a_purchase"),
        ),
        sa.CheckConstraint(
            "status IN ('INVITED', 'JOINED', 'QUALIFIED', 'REJECTED', 'REVERSED')",
            name=op.f("ck_referrals_status_known"),
        ),
        sa.CheckConstraint(
            "(replaced_at IS NULL) = (superseded_at IS NULL)", name=op.f("ck_referrals_closed_on_both_clocks")
        ),
        sa.CheckConstraint(
            "num_nulls(order_id, qualified_at, release_at) IN (0, 3)", name=op.f("ck_referrals_qualification_whole")
        ),
        sa.CheckConstraint(
            "qualified_at >= joined_at AND release_at >= qualified_at", name=op.f("ck_referrals_steps_in_turn")
        ),
        sa.CheckConstraint("referred_id <> customer_id", name=op.f("ck_referrals_nobody_refers_themselves")),
        sa.CheckConstraint(
            "replaced_at >= changed_at AND superseded_at >= recorded_at",
            name=op.f("ck_referrals_closed_after_it_opened"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_referrals_version_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "code"],
            ["referral_codes.customer_id", "referral_codes.code"],
            name=op.f("fk_referrals_customer_id_code"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name=op.f("fk_referrals_customer_id")),
        sa.ForeignKeyConstraint(["program_id"], ["referral_programs.program_id"], name=op.f("fk_referrals_program_id")),
        sa.ForeignKeyConstraint(
            ["referred_id", "order_id"],
            ["orders.customer_id", "orders.order_id"],
            name=op.f("fk_referrals_referred_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["referred_id"], ["customers.customer_id"], name=op.f("fk_referrals_referred_id")),
        sa.PrimaryKeyConstraint("customer_id", "referral_id", "version", name=op.f("pk_referrals")),
        sa.UniqueConstraint(
            "customer_id",
            "referral_id",
            "version",
            "referred_id",
            "status",
            "in_review",
            name=op.f("uq_referrals_customer_id_referral_id_version_referred_id_status_in_review"),
        ),
        sa.UniqueConstraint("referral_id", "version", name=op.f("uq_referrals_referral_id_version")),
    )
    op.create_index("ix_referrals_created_at", "referrals", ["created_at", "referral_id"], unique=False)
    op.create_index(
        "ix_referrals_of_friend",
        "referrals",
        ["referred_id"],
        unique=False,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_index("ix_referrals_of_order", "referrals", ["referred_id", "order_id"], unique=False)
    op.create_index(
        "uq_referrals_joined_once",
        "referrals",
        ["referred_id"],
        unique=True,
        postgresql_where=sa.text("change = 'JOINED'"),
    )
    op.create_index(
        "uq_referrals_open",
        "referrals",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "referral_rewards",
        sa.Column("customer_id", sa.Uuid(), nullable=False, comment="who recommended"),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the referral by which it was earned"),
        sa.Column("referred_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="QUALIFIED", nullable=False, comment="of that version"),
        sa.Column(
            "in_review", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="of that version"
        ),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("money", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("release_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "recipient_id = CASE side WHEN 'REFERRER' THEN customer_id ELSE referred_id END",
            name=op.f("ck_referral_rewards_recipient_of_its_side"),
        ),
        sa.CheckConstraint("side IN ('REFERRER', 'REFERRED')", name=op.f("ck_referral_rewards_side_known")),
        sa.CheckConstraint(
            "status = 'QUALIFIED' AND NOT in_review", name=op.f("ck_referral_rewards_of_a_referral_that_counts")
        ),
        sa.CheckConstraint(
            "(money IS NULL) = (currency IS NULL)", name=op.f("ck_referral_rewards_money_in_a_currency")
        ),
        sa.CheckConstraint("money > 0 AND money <= 1e9", name=op.f("ck_referral_rewards_money_bounded")),
        sa.CheckConstraint("num_nonnulls(points, money) = 1", name=op.f("ck_referral_rewards_one_kind")),
        sa.CheckConstraint("points > 0 AND points <= 1000000", name=op.f("ck_referral_rewards_points_bounded")),
        sa.CheckConstraint("release_at >= earned_at", name=op.f("ck_referral_rewards_released_after_it_was_earned")),
        sa.ForeignKeyConstraint(
            ["customer_id", "referral_id", "version", "referred_id", "status", "in_review"],
            [
                "referrals.customer_id",
                "referrals.referral_id",
                "referrals.version",
                "referrals.referred_id",
                "referrals.status",
                "referrals.in_review",
            ],
            name=op.f("fk_referral_rewards_customer_id_referral_id_version_referred_id_status_in_review"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_referral_rewards_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["customers.customer_id"], name=op.f("fk_referral_rewards_recipient_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "reward_id", name=op.f("pk_referral_rewards")),
        sa.UniqueConstraint("referral_id", "side", name=op.f("uq_referral_rewards_referral_id_side")),
        sa.UniqueConstraint("referred_id", "side", name=op.f("uq_referral_rewards_referred_id_side")),
        sa.UniqueConstraint("reward_id", name=op.f("uq_referral_rewards_reward_id")),
    )
    op.create_index(op.f("ix_referral_rewards_recipient_id"), "referral_rewards", ["recipient_id"], unique=False)
    op.create_table(
        "referral_signals",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="of the referral that came with it"),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "code IN ('SAME_EMAIL', 'SAME_PHONE', 'SAME_DEVICE', 'VELOCITY', 'CIRCLE')",
            name=op.f("ck_referral_signals_code_known"),
        ),
        sa.CheckConstraint("weight > 0 AND weight <= 1", name=op.f("ck_referral_signals_weight_bounded")),
        sa.ForeignKeyConstraint(
            ["customer_id", "referral_id", "version"],
            ["referrals.customer_id", "referrals.referral_id", "referrals.version"],
            name=op.f("fk_referral_signals_customer_id_referral_id_version"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_referral_signals_customer_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "referral_id", "code", name=op.f("pk_referral_signals")),
        sa.UniqueConstraint("signal_id", name=op.f("uq_referral_signals_signal_id")),
    )
