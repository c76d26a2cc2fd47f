"""CDNOW: the purchases of 23,570 people at a shop for music, 1997 and 1998.

A row says how many discs were bought for how much in all. Their prices are not known, and the amount is often not
divisible by the number; so an order has one line over the whole amount, whose name says how many discs it was. Orders
have no numbers: theirs are made of customer, day and the how-many-eth row of that customer and day it is. A rejected
row carries its number along, so that it still has it when it is put right and imported without the rows around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from api.domain import file_rows
from api.domain.file_rows import Reason, RowRejected
from api.writes.business import Business
from api.writes.importing.files import Cells, Table, Unreadable
from api.writes.importing.lines import Books, Line, position
from api.writes.importing.rejects import ROW

SOURCE = "cdnow"
BUSINESS = Business(name="CDNOW", currency="USD", time_zone="America/New_York")
ORDER = "order"
_ZONE = ZoneInfo(BUSINESS.time_zone)


def with_order_numbers(table: Table) -> Table:
    """Return the table with a column of order numbers; empty where customer or day cannot be read.

    What has the column already are rejected rows. Those without a number get one of the row they were in the first
    file, since rows counted there may be recorded.
    """
    buyer = _buyer(table.columns)
    if ORDER in table.columns:
        return replace(table, rows=_numbered_again(table, buyer, position(table.columns, ORDER)))
    return replace(table, columns=(*table.columns, ORDER), rows=_numbered(table, buyer))


class Cdnow:
    """Reads rows of the master file, with order numbers."""

    def __init__(self, columns: tuple[str, ...], books: Books) -> None:
        self._now = books.now
        self._order = position(columns, ORDER)
        self._customer = position(columns, "customer_id")
        self._day = position(columns, "date")
        self._discs = position(columns, "number_of_cds")
        self._value = position(columns, "dollar_value")

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row."""
        customer = file_rows.required(cells[self._customer], Reason.NO_CUSTOMER)
        day = file_rows.required(cells[self._day], Reason.BAD_DATE)
        return Line(
            row=row,
            source=SOURCE,
            document=file_rows.required(cells[self._order], Reason.NO_ORDER),
            is_credit=False,
            customer=customer,
            placed_at=file_rows.moment(day, _ZONE, now=self._now),
            sku="CD",
            name=_discs(file_rows.quantity(cells[self._discs])),
            product_name="Compact disc",
            quantity=1,
            unit_price=file_rows.unit_price(cells[self._value]),
            currency=BUSINESS.currency,
        )

    def document(self, cells: Cells) -> tuple[str, str] | None:
        """Return None: an order is one row, so no other row waits for a rejected one."""
        return None

    def left_out(self) -> Mapping[str, int]:
        """Return nothing: there are no details in the file."""
        return {}


_Buyer = Callable[[Cells], str | None]


def _buyer(columns: tuple[str, ...]) -> _Buyer:
    """Return how to tell whose order of which day a row is."""
    customer, day = position(columns, "customer_id"), position(columns, "date")

    def told(cells: Cells) -> str | None:
        try:
            who, when = file_rows.text(cells[customer]), file_rows.text(cells[day])
        except RowRejected:
            return None
        return f"{who}-{when}" if who and when else None

    return told


def _numbered(table: Table, buyer: _Buyer) -> Iterator[Cells | Unreadable]:
    """Number the rows, also those that will be rejected: put right later, they must not shift the others."""
    seen: Counter[str] = Counter()
    for cells in table.rows:
        if isinstance(cells, Unreadable):
            yield cells
            continue
        found = buyer(cells)
        seen.update([found] if found else [])
        yield [*cells, f"{found}-{seen[found]}" if found else ""]


def _numbered_again(table: Table, buyer: _Buyer, order: int) -> Iterator[Cells | Unreadable]:
    row = position(table.columns, ROW)
    for cells in table.rows:
        if isinstance(cells, Unreadable) or cells[order] not in (None, ""):
            yield cells
            continue
        found = buyer(cells)
        yield [*cells[:order], f"{found}-row{cells[row]}" if found else "", *cells[order + 1 :]]


def _discs(count: int) -> str:
    return "1 compact disc" if count == 1 else f"{count} compact discs"
