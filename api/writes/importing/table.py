"""Any table of order lines: one row per line, with the columns named by the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

from api.domain import contact, file_rows
from api.domain.countries import country_code
from api.domain.file_rows import Reason, RowRejected
from api.domain.text import SHORT
from api.errors import Rejection
from api.writes.importing.columns import cells_of_fields
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books, Line

REQUIRED = ("customer", "order", "placed_at", "sku", "quantity", "unit_price")
OPTIONAL = (
    "name",
    "currency",
    "discount",
    "category",
    "source",
    "email",
    "first_name",
    "last_name",
    "phone",
    "country",
    "company",
)
SOURCE = "import"


class OrderTable:
    """Reads rows of a table whose columns the mapping names."""

    def __init__(self, columns: tuple[str, ...], books: Books, mapping: Mapping[str, str]) -> None:
        self._books = books
        self._cells = cells_of_fields(columns, mapping, required=REQUIRED, optional=OPTIONAL)
        self._left_out: Counter[str] = Counter()

    def line(self, row: int, cells: Cells) -> Line:
        """Return the cleaned row."""
        customer = file_rows.required(self._of("customer", cells), Reason.NO_CUSTOMER)
        order = file_rows.required(self._of("order", cells), Reason.NO_ORDER)
        sku = file_rows.required(self._of("sku", cells), Reason.NO_PRODUCT, SHORT)
        quantity = file_rows.quantity(self._of("quantity", cells))
        price = file_rows.unit_price(self._of("unit_price", cells))
        country = self._detail("country", cells, country_code)
        return Line(
            row=row,
            source=self._source(cells),
            document=order,
            is_credit=False,
            customer=customer,
            placed_at=file_rows.moment(self._of("placed_at", cells), self._books.zone, now=self._books.now),
            sku=sku,
            name=self._text("name", cells) or sku,
            quantity=quantity,
            unit_price=price,
            currency=file_rows.currency(self._of("currency", cells)) or self._books.currency,
            discount=file_rows.discount(self._of("discount", cells), line_total=quantity * price),
            category=self._text("category", cells),
            country=country,
            email=self._detail("email", cells, email_address),
            first_name=self._text("first_name", cells),
            last_name=self._text("last_name", cells),
            phone=self._detail("phone", cells, lambda number: phone_number(number, country)),
            company=self._text("company", cells),
        )

    def document(self, cells: Cells) -> tuple[str, str] | None:
        """Return source and number of the order a row belongs to."""
        try:
            order = self._text("order", cells)
            return (self._source(cells), order) if order else None
        except RowRejected:
            return None

    def left_out(self) -> Mapping[str, int]:
        """Return how many rows had an e-mail address, telephone number or country that is none."""
        return self._left_out

    def _of(self, name: str, cells: Cells) -> object:
        return self._cells[name](cells) if name in self._cells else None

    def _text(self, name: str, cells: Cells) -> str | None:
        return file_rows.text(self._of(name, cells))

    def _source(self, cells: Cells) -> str:
        return file_rows.text(self._of("source", cells), SHORT) or SOURCE

    def _detail(self, name: str, cells: Cells, understood: Callable[[str], str | None]) -> str | None:
        """Return a detail of the customer. One that is unusable is left out: the purchase matters more."""
        written = self._text(name, cells)
        found = written and understood(written)
        if written and not found:
            self._left_out[name] += 1
        return found or None


def email_address(written: str) -> str | None:
    """Return an e-mail address in its normal form, or None where it is none."""
    try:
        return contact.email(written, ("email",))
    except Rejection:
        return None


def phone_number(written: str, country: str | None) -> str | None:
    """Return a telephone number in E.164 form, or None where it is none; without `+` it is one of the country."""
    try:
        number = parse(written, country)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_possible_number(number) else None
