"""CDNOW: the purchases of 23,570 people at a shop for music, 1997 and 1998.

A row says how many discs were bought for how much in all. Their prices are not known, and the amount is often not
divisible by the number; so an order has one line over the whole amount, whose name says how many discs it was. Orders
have no numbers: theirs are made of customer, day and the how-many-eth row of that customer and day it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from api.domain import file_rows
from api.domain.file_rows import Reason
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books, Line, position
from api.writes.importing.results import NewBusiness

SOURCE = "cdnow"
BUSINESS = NewBusiness(name="CDNOW", currency="USD", time_zone="America/New_York")
_ZONE = ZoneInfo(BUSINESS.time_zone)


class Cdnow:
    """Reads rows of the master file."""

    def __init__(self, columns: tuple[str, ...], books: Books) -> None:
        self._now = books.now
        self._customer = position(columns, "customer_id")
        self._day = position(columns, "date")
        self._discs = position(columns, "number_of_cds")
        self._value = position(columns, "dollar_value")
        self._orders: Counter[tuple[str, str]] = Counter()

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row."""
        customer = file_rows.required(cells[self._customer], Reason.NO_CUSTOMER)
        day = file_rows.required(cells[self._day], Reason.BAD_DATE)
        # Counted before anything can be rejected: a row put right later must not shift the numbers of the others.
        self._orders[customer, day] += 1
        return Line(
            row=row,
            source=SOURCE,
            document=f"{customer}-{day}-{self._orders[customer, day]}",
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


def _discs(count: int) -> str:
    return "1 compact disc" if count == 1 else f"{count} compact discs"
