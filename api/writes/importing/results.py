"""What an import is told, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

Format: TypeAlias = Literal[
    "online-retail",
    "cdnow",
    "table",
    "rates",
    "subscriptions",
    "support-plans",
    "contracts",
    "feedback",
    "loyalty",
    "referrals",
]


class ImportRefused(Exception):
    """A file, or the way it was to be read, that cannot be used; nothing of it was recorded. Safe to show."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Step(Enum):
    """What an import is doing."""

    READING = "Reading"
    RECORDING = "Recording"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, in rows of the file; the total is None where only the file's end will tell."""

    step: Step
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Records, by kind."""

    customers: int = 0
    products: int = 0
    orders: int = 0
    lines: int = 0
    refunds: int = 0
    rates: int = 0
    subscriptions: int = 0
    support_plans: int = 0
    contracts: int = 0
    feedback: int = 0
    members: int = 0
    referrals: int = 0


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file's rows.

    rows_read = rows_taken + all of `rejected`, which counts rejected rows by the name of their reason.
    known: records of this file that were there before; for refunds, credit notes. attached: refunds added to an order.
    left_out: details of new customers that could not be used, by field; their orders were taken all the same.
    """

    rows_read: int
    rows_taken: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    added: Counts = Counts()
    known: Counts = Counts()
    attached: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows_rejected(self) -> int:
        """Rows that were not taken, for any reason."""
        return sum(self.rejected.values())
