"""The tables of Regulars as classes of SQLAlchemy's ORM."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, Integer, Interval, cast, column, extract
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship
from uuid_utils.compat import uuid7

Held = list[Range[datetime]]
"""Stretches of time during which something holds; one without an end has no upper bound."""


def part_of(name: str, unit: str) -> Any:
    """Return the years, months or days of a column with a length of time."""
    return cast(extract(unit, column(name, Interval)), Integer)


class Base(DeclarativeBase):
    """Base of the mapped classes; every moment has a time zone."""

    type_annotation_map = {datetime: DateTime(timezone=True), Held: TSTZMULTIRANGE}  # noqa: RUF012  (SQLAlchemy reads it from the class)


class CustomerRow(Base):
    """A customer."""

    __tablename__ = "customers"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    country: Mapped[str | None]
    created_at: Mapped[datetime]


class ProductRow(Base):
    """A product."""

    __tablename__ = "products"

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str]
    name: Mapped[str]


class OrderRow(Base):
    """An order of a customer."""

    __tablename__ = "orders"

    order_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    customer_id: Mapped[UUID]
    number: Mapped[str]
    placed_at: Mapped[datetime]
    currency: Mapped[str]
    gross: Mapped[Decimal]
    discount: Mapped[Decimal]
    business_gross: Mapped[Decimal]
    business_discount: Mapped[Decimal]


class LineRow(Base):
    """A line of an order."""

    __tablename__ = "order_lines"

    line_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    customer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    position: Mapped[int]
    product_id: Mapped[UUID]
    sku: Mapped[str]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal]
    currency: Mapped[str]


class RefundRow(Base):
    """Money paid back to a customer."""

    __tablename__ = "refunds"

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    amount: Mapped[Decimal]
    business_amount: Mapped[Decimal]
    refunded_at: Mapped[datetime]


class SubscriptionRow(Base):
    """A version of a subscription; the newest is not superseded."""

    __tablename__ = "subscriptions"

    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    kind: Mapped[str]
    plan_name: Mapped[str]
    started_at: Mapped[datetime]
    held: Mapped[Held]
    superseded_at: Mapped[datetime | None]


class SupportPlanRow(Base):
    """A version of a support plan; the newest is not superseded."""

    __tablename__ = "support_plans"

    support_plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    plan_name: Mapped[str]
    paid: Mapped[bool]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    held: Mapped[Held]
    superseded_at: Mapped[datetime | None]


class ContractRow(Base):
    """A version of a contract; the newest is not superseded."""

    __tablename__ = "contracts"

    contract_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    number: Mapped[str]
    name: Mapped[str]
    value: Mapped[Decimal]
    currency: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    held: Mapped[Held]
    superseded_at: Mapped[datetime | None]


class BusinessRow(Base):
    """The business; there is one."""

    __tablename__ = "business"

    name: Mapped[str] = mapped_column(primary_key=True)
    time_zone: Mapped[str]


class PolicyRow(Base):
    """A version of the policy of who counts as active."""

    __tablename__ = "active_policies"

    policy_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    effective_from: Mapped[datetime]
    time_zone: Mapped[str | None]
    rules: Mapped[list[RuleRow]] = relationship(order_by="RuleRow.position")


class RuleRow(Base):
    """A rule of a policy; the driver gives lengths of time in days, so months are counted by the database."""

    __tablename__ = "active_rules"

    policy_id: Mapped[UUID] = mapped_column(ForeignKey("active_policies.policy_id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    enabled: Mapped[bool]
    customer_kind: Mapped[str | None]
    category: Mapped[str | None]
    minimum_count: Mapped[int | None]
    window: Mapped[timedelta | None] = mapped_column(Interval, deferred=True)
    months: Mapped[int | None] = column_property(part_of("window", "month") + 12 * part_of("window", "year"))
    days: Mapped[int | None] = column_property(part_of("window", "day"))


class KeyRow(Base):
    """The key of a change, with its outcome."""

    __tablename__ = "idempotency"

    principal: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    mutation: Mapped[str]
    fingerprint: Mapped[bytes]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
