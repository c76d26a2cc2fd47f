"""Contracts with customers, in versions."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Interval, Numeric, Sequence, Table, Text

from api.tables.schema import amount, bounded, currency, metadata, moment
from api.tables.terms import held, identity, index_versions, planned, versioned

contract_numbers = Sequence("contract_numbers", start=100_001, metadata=metadata)
"""Numbers of contracts that come without one."""

contracts = Table(
    "contracts",
    metadata,
    *identity("contract_id"),
    Column("number", Text, nullable=False, index=True),
    Column("name", Text, nullable=False),
    amount("value"),
    currency(),
    Column("billing_interval", Interval, comment="null where it is paid at once"),
    moment("signed_at"),
    moment("starts_at"),
    moment("term_starts_at"),
    moment("term_ends_at"),
    Column("auto_renew", Boolean, nullable=False),
    Column("renewal_interval", Interval, nullable=False, comment="how long a term is when it renews"),
    Column("notice", Interval, nullable=False, comment="how long before its end it must be given notice"),
    planned("terminate_at"),
    Column("termination_reason", Text),
    Column("penalty", Numeric, comment="owed for ending it early, in the contract's currency"),
    planned("ends_at", "when it stops if nothing else happens; null while it renews by itself"),
    held("starts_at"),
    *versioned("SIGNED", "RENEWED", "TERMINATED"),
    CheckConstraint("term_starts_at >= starts_at AND term_ends_at > term_starts_at", name="term_has_a_length"),
    CheckConstraint("billing_interval > interval '0'", name="billing_interval_positive"),
    CheckConstraint("renewal_interval > interval '0'", name="renewal_interval_positive"),
    CheckConstraint("NOT auto_renew OR renewal_interval >= interval '1 day'", name="renews_for_a_day"),
    CheckConstraint("notice >= interval '0'", name="notice_not_negative"),
    CheckConstraint("terminate_at >= starts_at AND ends_at >= starts_at", name="ends_after_it_started"),
    CheckConstraint(
        "ends_at IS NOT DISTINCT FROM coalesce(terminate_at, CASE WHEN NOT auto_renew THEN term_ends_at END)",
        name="ends_with_term_or_early",
    ),
    CheckConstraint("(terminate_at IS NULL) = (termination_reason IS NULL)", name="terminated_for_a_reason"),
    CheckConstraint("penalty IS NULL OR terminate_at IS NOT NULL", name="penalty_for_termination"),
    bounded("value"),
    bounded("penalty"),
)
index_versions(contracts, "contract_id")
