"""The tables of points as classes of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Interval
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from benchmarks.idiomatic.rows import Base, part_of


class AccountRow(Base):
    """A customer's account for points."""

    __tablename__ = "loyalty_accounts"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    balance: Mapped[int]
    owed: Mapped[int]
    entries: Mapped[int]
    latest_at: Mapped[datetime | None]


class TransactionRow(Base):
    """Why points moved."""

    __tablename__ = "loyalty_transactions"

    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    source_id: Mapped[UUID]
    reason: Mapped[str]
    occurred_at: Mapped[datetime]


class EntryRow(Base):
    """A movement of points; those on customers' accounts are numbered."""

    __tablename__ = "loyalty_entries"

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    transaction_id: Mapped[UUID]
    account: Mapped[str]
    kind: Mapped[str]
    points: Mapped[int]
    owed: Mapped[int]
    counted: Mapped[int]
    counts_from: Mapped[datetime | None]
    number: Mapped[int | None]
    balance_after: Mapped[int | None]
    owed_after: Mapped[int | None]
    occurred_at: Mapped[datetime]


class LotRow(Base):
    """Points that came together."""

    __tablename__ = "loyalty_lots"

    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    remaining: Mapped[int]
    available_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class UseRow(Base):
    """Points of a lot that an entry used up."""

    __tablename__ = "loyalty_lot_uses"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    points: Mapped[int]
    occurred_at: Mapped[datetime]


class CostRow(Base):
    """What a customer cost the business."""

    __tablename__ = "customer_costs"

    cost_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    stream: Mapped[str]
    cause_id: Mapped[UUID]
    taken_back: Mapped[bool]
    amount: Mapped[Decimal]
    currency: Mapped[str]
    incurred_at: Mapped[datetime]


class TierRow(Base):
    """A tier of a version of the program."""

    __tablename__ = "loyalty_tiers"

    program_id: Mapped[UUID] = mapped_column(ForeignKey("loyalty_programs.program_id"), primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    required: Mapped[Decimal]


class ProgramRow(Base):
    """A version of the points program; the driver gives lengths of time in days, so months are counted apart."""

    __tablename__ = "loyalty_programs"

    program_id: Mapped[UUID] = mapped_column(primary_key=True)
    effective_from: Mapped[datetime]
    tier_basis: Mapped[str]
    tier_window: Mapped[timedelta] = mapped_column(Interval, deferred=True)
    window_months: Mapped[int] = column_property(part_of("tier_window", "month") + 12 * part_of("tier_window", "year"))
    window_days: Mapped[int] = column_property(part_of("tier_window", "day"))
    tier_grace: Mapped[timedelta] = mapped_column(Interval, deferred=True)
    grace_months: Mapped[int] = column_property(part_of("tier_grace", "month") + 12 * part_of("tier_grace", "year"))
    grace_days: Mapped[int] = column_property(part_of("tier_grace", "day"))
    point_value: Mapped[Decimal | None]
    tiers: Mapped[list[TierRow]] = relationship(order_by="TierRow.rank")
