"""What is known of a customer and of the rules, as plain values that are judged and copied into tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from api.domain.identity import public_id

CODES = ("RECENT_PURCHASE", "LOYAL", "PAID_SUPPORT_PLAN", "PRODUCT_SUBSCRIPTION", "SERVICE_SUBSCRIPTION", "CONTRACT")
"""The rules in the order of the schema."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time, as a calendar counts it."""

    months: int = 0
    days: int = 0

    def __str__(self) -> str:
        return f"P{self.months}M{self.days}D"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy; None stands for every kind of customer, or every category of product."""

    code: str
    window: Length | None = None
    count: int | None = None
    kind: str | None = None
    category: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that are in force from a moment on; without a zone of its own, that of the business counts."""

    version: int
    effective_from: datetime
    recorded_at: datetime
    zone: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Refund:
    """Money paid back."""

    amount: Decimal
    happened: datetime
    recorded: datetime


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order: the categories of its lines, what it cost, and what was paid back on it."""

    key: UUID
    happened: datetime
    recorded: datetime
    total: Decimal
    categories: tuple[str | None, ...]
    refunds: tuple[Refund, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """What was agreed about something with a term: from when it holds, when it stops, and when it rests.

    begins   from when it runs
    trial    until when it may be tried, which does not count; None without a trial
    pauses   stretches without their ends; one whose end is None has none
    ends     the first moment at which it runs no longer, None for never
    """

    happened: datetime
    recorded: datetime
    begins: datetime
    ends: datetime | None
    trial: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """Something with a term, in its versions; `code` is the rule it is about, None for a plan nobody pays for."""

    key: UUID
    prefix: str
    code: str | None
    versions: tuple[Version, ...]


@dataclass(slots=True)
class Person:
    """A customer and all that ever happened; `unlinked` are refunds that name no order."""

    key: UUID
    kind: str
    created: datetime
    recorded: datetime
    purchases: list[Purchase] = field(default_factory=list)
    unlinked: list[Refund] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The identifier that clients see."""
        return public_id("cus", self.key)

    def facts(self) -> Iterator[tuple[datetime, datetime]]:
        """Yield when each fact happened, and when it was recorded."""
        for purchase in self.purchases:
            yield purchase.happened, purchase.recorded
            yield from ((refund.happened, refund.recorded) for refund in purchase.refunds)
        yield from ((refund.happened, refund.recorded) for refund in self.unlinked)
        yield from ((version.happened, version.recorded) for term in self.terms for version in term.versions)

    def told(self) -> str:
        """Return all of it in lines to read."""
        lines = [f"{self.id}: {self.kind}, since {self.created}, recorded {self.recorded}"]
        for purchase in sorted(self.purchases, key=lambda one: one.happened):
            of = ", ".join(str(category) for category in purchase.categories)
            lines.append(f"  bought {purchase.happened} for {purchase.total}: {of}; recorded {purchase.recorded}")
            lines += [f"    back {one.happened} {one.amount}; recorded {one.recorded}" for one in purchase.refunds]
        lines += [f"  back {one.happened} {one.amount}; recorded {one.recorded}" for one in self.unlinked]
        for term in self.terms:
            lines.append(f"  {term.code or 'free plan'} {term.prefix}_{term.key.hex}")
            for one in term.versions:
                pauses = "".join(f", paused {start} to {end}" for start, end in one.pauses)
                trial = f", tried until {one.trial}" if one.trial else ""
                lines.append(f"    decided {one.happened}, recorded {one.recorded}:")
                lines.append(f"      from {one.begins} to {one.ends}{trial}{pauses}")
        return "\n".join(lines)
