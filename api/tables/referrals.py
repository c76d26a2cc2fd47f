"""The referral program in versions, codes, referrals in versions, the signs noticed about them, and their rewards.

A referral is made once and joined once, by somebody else than who made it; the database follows every step it takes,
and lets no chain of referrals come back to where it began.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import text as sql

from api.tables.schema import amount, bounded, currency, key, metadata, moment, recorded
from api.tables.terms import planned

STATES = ("INVITED", "JOINED", "QUALIFIED", "REJECTED", "REVERSED", "CARRIED_OVER")
"""How far a referral has come by what happened; time makes EXPIRED of the first two and REWARDED of the third.

The last is that of one that was made and settled elsewhere, before: nothing follows on it.
"""

STEPS = ("INVITED", "JOINED", "QUALIFIED", "ACCEPTED", "REJECTED", "REVERSED")
"""What makes a version."""

REASONS = (
    "SELF_REFERRAL",
    "ALREADY_CUSTOMER",
    "LIMIT_REACHED",
    "REFERRER_INACTIVE",
    "SHARED_IDENTITY",
    "VELOCITY",
    "REFUNDED",
)
"""Why a referral that was recorded does not count."""

SIGNALS = ("SAME_EMAIL", "SAME_PHONE", "SAME_DEVICE", "SAME_ADDRESS", "VELOCITY", "CIRCLE", "KNOWN_MAILBOX")
"""Signs that a referral may be a fraud."""

SIDES = ("REFERRER", "REFERRED")
"""Who gets a reward: who recommended, and who came."""

MOST_REWARD_POINTS = 1_000_000


def given(name: str, type_: Any) -> Column[Any]:
    """Return a column for a part of a reward that is null where it is of the other kind."""
    return Column(name, type_)


referral_programs = Table(
    "referral_programs",
    metadata,
    key("program_id"),
    Column("version", Integer, nullable=False, unique=True),
    Column("effective_from", DateTime(timezone=True), nullable=False, unique=True),
    given("referrer_points", BigInteger),
    given("referrer_money", Numeric),
    given("referred_points", BigInteger),
    given("referred_money", Numeric),
    currency(),
    amount("minimum_purchase"),
    Column("qualify_within", Interval, nullable=False, comment="from joining until the friend has to have bought"),
    Column("hold", Interval, nullable=False, comment="from the purchase until the rewards are given for good"),
    Column("invitation_lifetime", Interval, nullable=False, comment="from the invitation until it lapses"),
    Column("most_invited", Integer, nullable=False, server_default=sql("50"), comment="open invitations of a referrer"),
    Column("most_rewarded", Integer, comment="of one referrer within the window; null for any number"),
    Column("limit_window", Interval, comment="how long a rewarded referral counts towards the limit"),
    Column("active_referrers_only", Boolean, nullable=False),
    recorded(),
    CheckConstraint("version >= 1", name="version_positive"),
    *[
        check
        for side in ("referrer", "referred")
        for check in (
            CheckConstraint(f"num_nonnulls({side}_points, {side}_money) <= 1", name=f"{side}_gets_one_kind"),
            CheckConstraint(f"{side}_points BETWEEN 1 AND {MOST_REWARD_POINTS}", name=f"{side}_points_bounded"),
            CheckConstraint(f"{side}_money > 0 AND {side}_money <= 1e9", name=f"{side}_money_bounded"),
        )
    ],
    bounded("minimum_purchase"),
    CheckConstraint("qualify_within > interval '0'", name="qualify_within_positive"),
    CheckConstraint("hold >= interval '0'", name="hold_not_negative"),
    CheckConstraint("invitation_lifetime > interval '0'", name="invitation_lifetime_positive"),
    CheckConstraint("most_invited >= 1", name="most_invited_positive"),
    CheckConstraint("most_rewarded >= 1", name="most_rewarded_positive"),
    CheckConstraint("limit_window > interval '0'", name="limit_window_positive"),
    CheckConstraint("(most_rewarded IS NULL) = (limit_window IS NULL)", name="limit_whole"),
)

referral_codes = Table(
    "referral_codes",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False, comment="who recommends with it"),
    Column("code", Text, nullable=False, unique=True, comment="never given out again"),
    Column("referral_id", Uuid, unique=True, comment="of the one invitation it is for; null for the personal code"),
    Column("email", Text, comment="where the invited friend was to be reached"),
    Column("device", LargeBinary, comment="fingerprint of the device on which it was asked for"),
    moment("created_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "code"),
    CheckConstraint("code ~ '^[A-Z0-9]{6,24}$'", name="code_readable"),
    CheckConstraint("email IS NULL OR referral_id IS NOT NULL", name="friend_of_an_invitation"),
)
Index(
    "uq_referral_codes_personal",
    referral_codes.c.customer_id,
    unique=True,
    postgresql_where=referral_codes.c.referral_id.is_(None),
)

referrals = Table(
    "referrals",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False, comment="who recommended"),
    Column("referral_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("code", Text, comment="null where it is carried over and nobody knows it"),
    Column(
        "program_id",
        ForeignKey("referral_programs.program_id"),
        comment="by which it is judged; null where it is carried over",
    ),
    Column("status", Text, nullable=False),
    Column("in_review", Boolean, nullable=False, comment="whether somebody has to look at it before it counts"),
    moment("created_at"),
    planned("expires_at", "until when the friend has to have joined, or bought; null once that is done"),
    Column("referred_id", ForeignKey("customers.customer_id"), comment="who came"),
    planned("joined_at"),
    Column("device", LargeBinary, comment="fingerprint of the device on which the friend joined"),
    Column("order_id", Uuid, comment="the purchase that made it count"),
    planned("qualified_at"),
    planned("release_at", "when the rewards are given for good"),
    Column("reasons", ARRAY(Text), nullable=False, server_default=sql("'{}'"), comment="why it does not count"),
    Column("note", Text, comment="of whoever looked at it"),
    Column("change", Text, nullable=False, comment="what made this version"),
    moment("changed_at"),
    recorded(),
    planned("replaced_at", "when what made the next version happened"),
    planned("superseded_at", "when the next version was recorded"),
    PrimaryKeyConstraint("customer_id", "referral_id", "version"),
    UniqueConstraint("referral_id", "version"),
    UniqueConstraint("customer_id", "referral_id", "version", "referred_id", "status", "in_review"),
    ForeignKeyConstraint(["customer_id", "code"], ["referral_codes.customer_id", "referral_codes.code"]),
    ForeignKeyConstraint(["referred_id", "order_id"], ["orders.customer_id", "orders.order_id"]),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint(f"status IN {STATES}", name="status_known"),
    CheckConstraint(f"change IN {STEPS}", name="change_known"),
    CheckConstraint("(status = 'CARRIED_OVER') = (program_id IS NULL)", name="judged_unless_carried_over"),
    CheckConstraint("status = 'CARRIED_OVER' OR code IS NOT NULL", name="code_unless_carried_over"),
    CheckConstraint("referred_id <> customer_id", name="nobody_refers_themselves"),
    CheckConstraint(
        "(status = 'INVITED') = (referred_id IS NULL) AND (referred_id IS NULL) = (joined_at IS NULL)",
        name="joined_by_somebody",
    ),
    CheckConstraint("(status IN ('INVITED', 'JOINED')) = (expires_at IS NOT NULL)", name="waits_until_a_moment"),
    CheckConstraint(
        "status = 'REJECTED' OR (status IN ('QUALIFIED', 'REVERSED')) = (order_id IS NOT NULL)",
        name="qualified_by_a_purchase",
    ),
    CheckConstraint("num_nulls(order_id, qualified_at, release_at) IN (0, 3)", name="qualification_whole"),
    CheckConstraint("NOT in_review OR status IN ('JOINED', 'QUALIFIED')", name="held_while_open"),
    CheckConstraint("(status IN ('REJECTED', 'REVERSED')) = (cardinality(reasons) > 0)", name="refused_for_a_reason"),
    CheckConstraint(f"reasons <@ '{{{','.join(REASONS)}}}'", name="reasons_known"),
    CheckConstraint("qualified_at >= joined_at AND release_at >= qualified_at", name="steps_in_turn"),
    CheckConstraint("(replaced_at IS NULL) = (superseded_at IS NULL)", name="closed_on_both_clocks"),
    CheckConstraint("replaced_at >= changed_at AND superseded_at >= recorded_at", name="closed_after_it_opened"),
)
_OPEN = referrals.c.superseded_at.is_(None)
Index("uq_referrals_open", referrals.c.referral_id, unique=True, postgresql_where=_OPEN)
Index(
    "uq_referrals_joined_once",
    referrals.c.referred_id,
    unique=True,
    postgresql_where=referrals.c.change == sql("'JOINED'"),
)
Index("ix_referrals_of_friend", referrals.c.referred_id, postgresql_where=_OPEN)
Index("ix_referrals_created_at", referrals.c.created_at, referrals.c.referral_id)
Index("ix_referrals_of_order", referrals.c.referred_id, referrals.c.order_id)

referral_signals = Table(
    "referral_signals",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("referral_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("signal_id", Uuid, nullable=False, unique=True),
    Column("version", Integer, nullable=False, comment="of the referral that came with it"),
    Column("weight", Double, nullable=False),
    moment("noticed_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "referral_id", "code"),
    ForeignKeyConstraint(
        ["customer_id", "referral_id", "version"],
        ["referrals.customer_id", "referrals.referral_id", "referrals.version"],
    ),
    CheckConstraint(f"code IN {SIGNALS}", name="code_known"),
    CheckConstraint("weight > 0 AND weight <= 1", name="weight_bounded"),
)

_VERSION = ("customer_id", "referral_id", "version", "referred_id", "status", "in_review")

referral_rewards = Table(
    "referral_rewards",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False, comment="who recommended"),
    Column("reward_id", Uuid, nullable=False, unique=True),
    Column("referral_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False, comment="of the referral by which it was earned"),
    Column("referred_id", Uuid, nullable=False),
    Column("status", Text, nullable=False, server_default="QUALIFIED", comment="of that version"),
    Column("in_review", Boolean, nullable=False, server_default=sql("false"), comment="of that version"),
    Column("side", Text, nullable=False),
    Column("recipient_id", ForeignKey("customers.customer_id"), nullable=False, index=True),
    given("points", BigInteger),
    given("money", Numeric),
    Column("currency", Text),
    moment("earned_at"),
    moment("release_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "reward_id"),
    UniqueConstraint("referral_id", "side"),
    UniqueConstraint("referred_id", "side"),
    ForeignKeyConstraint(list(_VERSION), [f"referrals.{name}" for name in _VERSION]),
    CheckConstraint("status = 'QUALIFIED' AND NOT in_review", name="of_a_referral_that_counts"),
    CheckConstraint(f"side IN {SIDES}", name="side_known"),
    CheckConstraint(
        "recipient_id = CASE side WHEN 'REFERRER' THEN customer_id ELSE referred_id END", name="recipient_of_its_side"
    ),
    CheckConstraint("num_nonnulls(points, money) = 1", name="one_kind"),
    CheckConstraint(f"points > 0 AND points <= {MOST_REWARD_POINTS}", name="points_bounded"),
    CheckConstraint("money > 0 AND money <= 1e9", name="money_bounded"),
    CheckConstraint("(money IS NULL) = (currency IS NULL)", name="money_in_a_currency"),
    CheckConstraint("release_at >= earned_at", name="released_after_it_was_earned"),
)
