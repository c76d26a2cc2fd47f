"""Any table of order lines: one row per line, with the columns named by the caller."""

from __future__ import annotations

from collections.abc import Mapping

from api.domain import file_rows
from api.domain.file_rows import Reason, RowRejected
from api.domain.text import SHORT
from api.writes.importing.fields import ABOUT_CUSTOMERS, Fields
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books, Line

REQUIRED = ("customer", "order", "placed_at", "sku", "quantity", "unit_price")
OPTIONAL = ("name", "currency", "discount", "category", *ABOUT_CUSTOMERS)


class OrderTable:
    """Reads rows of a table whose columns the mapping names."""

    def __init__(self, columns: tuple[str, ...], books: Books, mapping: Mapping[str, str]) -> None:
        self._books = books
        self._fields = Fields(columns, mapping, required=REQUIRED, optional=OPTIONAL)

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row."""
        named = self._fields.row(cells)
        customer = named.required("customer", Reason.NO_CUSTOMER)
        order = named.required("order", Reason.NO_ORDER)
        sku = named.required("sku", Reason.NO_PRODUCT, SHORT)
        quantity = file_rows.quantity(named.of("quantity"))
        price = file_rows.unit_price(named.of("unit_price"))
        return Line(
            row=row,
            source=named.source(),
            document=order,
            is_credit=False,
            customer=customer,
            placed_at=file_rows.moment(named.of("placed_at"), self._books.zone, now=self._books.now),
            sku=sku,
            name=named.text("name") or sku,
            quantity=quantity,
            unit_price=price,
            currency=file_rows.currency(named.of("currency")) or self._books.currency,
            discount=file_rows.discount(named.of("discount"), line_total=quantity * price),
            category=named.text("category"),
            **named.details(),
        )

    def document(self, cells: Cells) -> tuple[str, str] | None:
        """Return source and number of the order a row belongs to."""
        named = self._fields.row(cells)
        try:
            order = named.text("order")
            return (named.source(), order) if order else None
        except RowRejected:
            return None

    def left_out(self) -> Mapping[str, int]:
        """Return how many rows had an e-mail address, telephone number or country that is none."""
        return self._fields.left_out
