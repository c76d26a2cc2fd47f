"""UCI Online Retail and Online Retail II: a British wholesaler's invoice lines.

An invoice number that begins with C is a credit note, with negative quantities. Times are local to the shop. The
column names of both editions and of their CSV exports are understood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from api.domain import file_rows
from api.domain.countries import country_code
from api.domain.file_rows import Reason, RowRejected
from api.domain.text import SHORT
from api.writes.business import Business
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books, Line, position

SOURCE = "online-retail"
BUSINESS = Business(name="Online Retail", currency="GBP", time_zone="Europe/London")
_ZONE = ZoneInfo(BUSINESS.time_zone)


class OnlineRetail:
    """Reads rows of the data set."""

    def __init__(self, columns: tuple[str, ...], books: Books) -> None:
        self._now = books.now
        self._invoice = position(columns, "Invoice", "InvoiceNo")
        self._sku = position(columns, "StockCode")
        self._name = position(columns, "Description")
        self._quantity = position(columns, "Quantity")
        self._at = position(columns, "InvoiceDate")
        self._price = position(columns, "Price", "UnitPrice")
        self._customer = position(columns, "Customer ID", "CustomerID")
        self._country = position(columns, "Country")
        self._unknown_countries: Counter[str] = Counter()

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row."""
        customer = file_rows.required(cells[self._customer], Reason.NO_CUSTOMER).removesuffix(".0")
        invoice = file_rows.required(cells[self._invoice], Reason.NO_ORDER)
        sku = file_rows.required(cells[self._sku], Reason.NO_PRODUCT, SHORT)
        is_credit = invoice.startswith("C")
        return Line(
            row=row,
            source=SOURCE,
            document=invoice,
            is_credit=is_credit,
            customer=customer,
            placed_at=file_rows.moment(cells[self._at], _ZONE, now=self._now),
            sku=sku,
            name=file_rows.text(cells[self._name]) or sku,
            quantity=file_rows.quantity(_turned(cells[self._quantity]) if is_credit else cells[self._quantity]),
            unit_price=file_rows.unit_price(cells[self._price]),
            currency=BUSINESS.currency,
            country=self._code(cells[self._country]),
        )

    def document(self, cells: Cells) -> tuple[str, str] | None:
        """Return source and invoice number of a row."""
        try:
            invoice = file_rows.text(cells[self._invoice])
        except RowRejected:
            return None
        return (SOURCE, invoice) if invoice else None

    def left_out(self) -> Mapping[str, int]:
        """Return the number of rows whose country has no code."""
        return self._unknown_countries

    def _code(self, cell: object) -> str | None:
        name = file_rows.text(cell)
        code = name and country_code(name)
        if name and not code:
            self._unknown_countries["country"] += 1
        return code or None


def _turned(cell: object) -> object:
    """Return the quantity given back, which a credit note writes as a negative number."""
    found = file_rows.number(cell, Reason.BAD_QUANTITY)
    return None if found is None else -found
