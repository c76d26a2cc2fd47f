"""The points program in versions, and its ledger: accounts, transactions, entries, lots and what used them up.

Every point stands in a lot, every entry says which lots it made or used, and every transaction adds up to nothing. What
the open lots hold is the balance, or nothing while that is below zero. Only what an account and a lot have left is ever
changed; the database compares it with the entries before it commits.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Interval,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import text as sql

from api.domain.loyalty.posting import MOST_POINTS
from api.tables.schema import key, metadata, moment, recorded
from api.tables.terms import planned

ENTRY_KINDS = ("EARN", "REDEEM", "EXPIRE", "ADJUST", "REVERSE", "TRANSFER")
"""Why points move."""

ACCOUNTS = ("CUSTOMER", "ISSUED", "REDEEMED", "EXPIRED", "ADJUSTED")
"""The account of the customer, and those of the business that stand against it."""

SOURCES = ("ORDER", "REFUND", "REFERRER", "REFERRED", "LOT", "TRANSACTION", "REQUEST")
"""What makes points move, each of a kind once; a referral has two, for who recommended and who came.

The source of an opening balance is the account itself.
"""


def points(name: str, comment: str | None = None, default: str | None = None) -> Column[Any]:
    """Return a column for a number of points."""
    return Column(name, BigInteger, nullable=False, server_default=sql(default) if default else None, comment=comment)


loyalty_programs = Table(
    "loyalty_programs",
    metadata,
    key("program_id"),
    Column("version", Integer, nullable=False, unique=True),
    Column("effective_from", DateTime(timezone=True), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("rounding", Text, nullable=False, comment="of the points of one purchase"),
    Column("pending_for", Interval, nullable=False, comment="from the purchase until its points can be spent"),
    Column("expires_after", Interval, comment="from the purchase until its points expire; null for never"),
    points("floor", "how far a balance may go below zero when a purchase is paid back", "0"),
    Column("tier_basis", Text, nullable=False, comment="what a tier asks for: points earned, or money spent"),
    Column("tier_window", Interval, nullable=False, comment="how long a purchase counts towards a tier"),
    Column("tier_grace", Interval, nullable=False, comment="how long a tier stays after it is no longer reached"),
    recorded(),
    Column("point_value", Numeric, comment="what a point costs when it is spent; null where nobody said"),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("rounding IN ('DOWN', 'NEAREST', 'UP')", name="rounding_known"),
    CheckConstraint("tier_basis IN ('POINTS', 'SPEND')", name="tier_basis_known"),
    CheckConstraint("pending_for >= interval '0'", name="pending_for_not_negative"),
    CheckConstraint("expires_after > interval '0'", name="expires_after_positive"),
    CheckConstraint("tier_window > interval '0'", name="tier_window_positive"),
    CheckConstraint("tier_grace >= interval '0'", name="tier_grace_not_negative"),
    CheckConstraint(f"floor BETWEEN -{MOST_POINTS} AND 0", name="floor_bounded"),
    CheckConstraint("point_value >= 0 AND point_value <= 1e6", name="point_value_bounded"),
)

loyalty_rules = Table(
    "loyalty_rules",
    metadata,
    Column("program_id", ForeignKey("loyalty_programs.program_id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column(
        "points_per_unit", Numeric, nullable=False, comment="for each unit of the business currency, after discount"
    ),
    Column("category", Text, comment="null for all categories"),
    Column("customer_kind", Text, comment="null for all kinds"),
    Column("tier", Text, comment="null for all tiers"),
    CheckConstraint("customer_kind IN ('CONSUMER', 'BUSINESS')", name="customer_kind_known"),
    CheckConstraint("points_per_unit >= 0 AND points_per_unit <= 1e6", name="points_per_unit_bounded"),
    UniqueConstraint("program_id", "category", "customer_kind", "tier", postgresql_nulls_not_distinct=True),
    ForeignKeyConstraint(["program_id", "tier"], ["loyalty_tiers.program_id", "loyalty_tiers.code"]),
)

loyalty_tiers = Table(
    "loyalty_tiers",
    metadata,
    Column("program_id", ForeignKey("loyalty_programs.program_id"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("required", Numeric, nullable=False, comment="points, or units of the business currency, in the window"),
    Column("benefits", ARRAY(Text), nullable=False, server_default="{}"),
    CheckConstraint("rank >= 1", name="rank_positive"),
    CheckConstraint("required >= 0 AND required <= 1e15", name="required_bounded"),
    CheckConstraint("(rank = 1) = (required = 0)", name="first_asks_for_nothing"),
    UniqueConstraint("program_id", "code"),
    UniqueConstraint("program_id", "required"),
)

loyalty_accounts = Table(
    "loyalty_accounts",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), primary_key=True),
    Column("account_id", Uuid, nullable=False, unique=True),
    moment("opened_at"),
    planned("closed_at"),
    planned("closing_recorded_at"),
    points("balance", "all points that are left, pending ones too", "0"),
    points("owed", "points taken back that were spent already, to be settled by the next ones earned", "0"),
    points("floor", "how far the balance may go below zero", "0"),
    Column("entries", Integer, nullable=False, server_default="0", comment="number of the latest entry"),
    planned("latest_at", "when the latest entry happened; none happens before it"),
    recorded(),
    CheckConstraint(f"balance <= {MOST_POINTS} AND balance >= floor", name="balance_bounded"),
    CheckConstraint(f"owed BETWEEN 0 AND {MOST_POINTS}", name="owed_bounded"),
    CheckConstraint("floor <= 0", name="floor_not_positive"),
    CheckConstraint("closed_at >= opened_at", name="closed_after_it_opened"),
    CheckConstraint("closed_at IS NULL OR balance <= 0", name="closed_without_points"),
    CheckConstraint("(closed_at IS NULL) = (closing_recorded_at IS NULL)", name="closed_on_both_clocks"),
    postgresql_with={"fillfactor": 85},
)

loyalty_transactions = Table(
    "loyalty_transactions",
    metadata,
    key("transaction_id"),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    Column("reverses", ForeignKey("loyalty_transactions.transaction_id"), index=True),
    Column("reason", Text, nullable=False),
    moment("occurred_at"),
    recorded(),
    CheckConstraint(f"kind IN {ENTRY_KINDS}", name="kind_known"),
    CheckConstraint(f"source IN {SOURCES}", name="source_known"),
    CheckConstraint("kind = 'REVERSE' OR reverses IS NULL", name="only_reversals_reverse"),
    UniqueConstraint("kind", "source", "source_id"),
    UniqueConstraint("transaction_id", "kind", "occurred_at"),
)

loyalty_entries = Table(
    "loyalty_entries",
    metadata,
    Column("customer_id", ForeignKey("customers.customer_id"), nullable=False),
    Column("transaction_id", Uuid, nullable=False),
    Column("account", Text, nullable=False),
    Column("entry_id", Uuid, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    points("points"),
    points("owed", "how much more is owed, negative where it was settled", "0"),
    points("counted", "points earned that count towards a tier, negative where a purchase was paid back", "0"),
    Column("counts_from", DateTime(timezone=True), comment="from when they count; null where none do"),
    Column("number", Integer, comment="of the entry on the customer's account, from 1; null on other accounts"),
    Column("balance_after", BigInteger),
    Column("owed_after", BigInteger),
    moment("occurred_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "transaction_id", "account"),
    UniqueConstraint("customer_id", "number"),
    ForeignKeyConstraint(
        ["transaction_id", "kind", "occurred_at"],
        [f"loyalty_transactions.{name}" for name in ("transaction_id", "kind", "occurred_at")],
    ),
    ForeignKeyConstraint(["customer_id"], ["loyalty_accounts.customer_id"], name="fk_loyalty_entries_account"),
    CheckConstraint(f"account IN {ACCOUNTS}", name="account_known"),
    CheckConstraint("points <> 0 OR owed <> 0", name="moves_something"),
    CheckConstraint(
        "num_nulls(number, balance_after, owed_after) = CASE account WHEN 'CUSTOMER' THEN 0 ELSE 3 END",
        name="numbered_on_the_account",
    ),
    CheckConstraint("account = 'CUSTOMER' OR counted = 0", name="only_accounts_count"),
    CheckConstraint(
        "account IN ('CUSTOMER', CASE kind WHEN 'REDEEM' THEN 'REDEEMED' WHEN 'EXPIRE' THEN 'EXPIRED'"
        " WHEN 'ADJUST' THEN 'ADJUSTED' WHEN 'TRANSFER' THEN 'CUSTOMER'"
        " WHEN 'REVERSE' THEN CASE WHEN points < 0 THEN 'REDEEMED' ELSE 'ISSUED' END ELSE 'ISSUED' END)",
        name="account_of_its_kind",
    ),
    CheckConstraint(
        "account <> 'CUSTOMER' OR CASE kind WHEN 'EARN' THEN points > 0"
        " WHEN 'REDEEM' THEN points < 0 WHEN 'EXPIRE' THEN points < 0 ELSE true END",
        name="sign_of_its_kind",
    ),
    CheckConstraint("(counted = 0) = (counts_from IS NULL)", name="counts_from_a_moment"),
)
Index(
    "ix_loyalty_entries_counted",
    loyalty_entries.c.customer_id,
    loyalty_entries.c.counts_from,
    postgresql_where=loyalty_entries.c.counted != 0,
)
Index("ix_loyalty_entries_transaction", loyalty_entries.c.transaction_id)

_ENTRY = ("customer_id", "transaction_id", "account")

loyalty_lots = Table(
    "loyalty_lots",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("lot_id", Uuid, nullable=False, unique=True),
    Column("transaction_id", Uuid, nullable=False, comment="of the entry that made it"),
    Column("account", Text, nullable=False, server_default="CUSTOMER"),
    points("points"),
    points("remaining"),
    Column("exact", Numeric, comment="points of a purchase before they were rounded"),
    Column("program_id", ForeignKey("loyalty_programs.program_id"), comment="by whose rules a purchase earned them"),
    moment("available_at"),
    planned("expires_at", "null for never"),
    moment("occurred_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "lot_id"),
    ForeignKeyConstraint(list(_ENTRY), [f"loyalty_entries.{name}" for name in _ENTRY]),
    CheckConstraint("account = 'CUSTOMER'", name="of_a_customer"),
    CheckConstraint("points > 0 AND remaining BETWEEN 0 AND points", name="remaining_bounded"),
    CheckConstraint("expires_at > available_at", name="can_be_spent"),
    CheckConstraint("(exact IS NULL) = (program_id IS NULL)", name="earned_by_rules"),
    postgresql_with={"fillfactor": 85},
)
Index(
    "ix_loyalty_lots_open",
    loyalty_lots.c.customer_id,
    loyalty_lots.c.expires_at,
    postgresql_where=loyalty_lots.c.remaining > 0,
)
Index("ix_loyalty_lots_expires_at", loyalty_lots.c.expires_at, postgresql_where=loyalty_lots.c.remaining > 0)
Index("ix_loyalty_lots_entry", loyalty_lots.c.customer_id, loyalty_lots.c.transaction_id)

loyalty_lot_uses = Table(
    "loyalty_lot_uses",
    metadata,
    Column("customer_id", Uuid, nullable=False),
    Column("lot_id", Uuid, nullable=False),
    Column("transaction_id", Uuid, nullable=False, comment="of the entry that used it"),
    Column("account", Text, nullable=False, server_default="CUSTOMER"),
    points("points", "taken from the lot; below zero where they were given back"),
    moment("occurred_at"),
    recorded(),
    PrimaryKeyConstraint("customer_id", "lot_id", "transaction_id"),
    ForeignKeyConstraint(["customer_id", "lot_id"], ["loyalty_lots.customer_id", "loyalty_lots.lot_id"]),
    ForeignKeyConstraint(list(_ENTRY), [f"loyalty_entries.{name}" for name in _ENTRY]),
    CheckConstraint("account = 'CUSTOMER'", name="of_a_customer"),
    CheckConstraint("points <> 0", name="points_moved"),
)
Index("ix_loyalty_lot_uses_entry", loyalty_lot_uses.c.customer_id, loyalty_lot_uses.c.transaction_id)
