"""One line of an order or of a credit note, as every format delivers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from api.writes.importing.files import Cells
from api.writes.importing.results import ImportRefused


class Line(NamedTuple):
    """A cleaned row; its fields are the columns of the staging table.

    document: the order's external id, or the credit note's. quantity and unit_price are never negative.
    name: what the line is called; product_name: what the product is, where that differs.
    """

    row: int
    source: str
    document: str
    is_credit: bool
    customer: str
    placed_at: datetime
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    currency: str
    discount: Decimal = Decimal(0)
    product_name: str | None = None
    category: str | None = None
    country: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What a row's meaning depends on besides the row: the business's currency and zone, and the moment of reading."""

    currency: str
    zone: ZoneInfo
    now: datetime


class RowReader(Protocol):
    """How one kind of file is read."""

    def line(self, row: int, cells: Cells) -> Sequence[object]:
        """Return the columns of the staging table; raise RowRejected where the row cannot be taken."""

    def document(self, cells: Cells) -> tuple[str, str] | None:
        """Return source and number of the document that a rejected row belongs to, if it can be told."""


class DetailedReader(RowReader, Protocol):
    """How one kind of file is read whose rows may have details of customers."""

    def left_out(self) -> Mapping[str, int]:
        """Return how many rows had details that could not be used, by field."""


class LineReader(DetailedReader, Protocol):
    """How the rows of one kind of file become lines."""

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row; raise RowRejected where it cannot be taken."""


def position(columns: tuple[str, ...], *names: str) -> int:
    """Return where the first of some names stands among a file's columns; raise ImportRefused where none does."""
    for name in names:
        if name in columns:
            return columns.index(name)
    raise missing(columns, names[0])


def missing(columns: tuple[str, ...], name: str) -> ImportRefused:
    """Return the refusal of a file that lacks a column."""
    return ImportRefused(f"The file has no column “{name}”. {listed(columns)}")


def listed(columns: tuple[str, ...]) -> str:
    """Return a sentence that names a file's columns, safe to print."""
    names = ", ".join(columns[:40]).encode("utf-8", "backslashreplace").decode()
    return f"Its columns are: {names}."
