"""The cells of a table's rows under the names of their fields, and what they say of the customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse

from api.domain import contact, file_rows
from api.domain.countries import country_code
from api.domain.file_rows import Reason
from api.domain.text import MEDIUM, SHORT
from api.errors import Rejection
from api.writes.importing.columns import Cell, cells_of_fields
from api.writes.importing.files import Cells

ABOUT_CUSTOMERS = ("source", "email", "first_name", "last_name", "phone", "country", "company")
"""Fields that any table of what customers have may have."""

SOURCE = "import"


class Fields:
    """Which cells of a row hold which fields; counts details of customers that are unusable, by field."""

    def __init__(
        self,
        columns: tuple[str, ...],
        mapping: Mapping[str, str],
        *,
        required: tuple[str, ...],
        optional: tuple[str, ...],
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self._cells = cells_of_fields(columns, mapping, required=required, optional=optional)

    def row(self, cells: Cells) -> NamedCells:
        """Return a row's cells under their names."""
        return NamedCells(self._cells, cells, self.left_out)


@dataclass(frozen=True, slots=True)
class NamedCells:
    """One row."""

    _fields: Mapping[str, Cell]
    _cells: Cells
    _left_out: Counter[str]

    def of(self, name: str) -> object:
        """Return the cell of a field, None where the file has no such field."""
        return self._fields[name](self._cells) if name in self._fields else None

    def text(self, name: str) -> str | None:
        """Return a field as text, None where it is blank."""
        return file_rows.text(self.of(name))

    def required(self, name: str, reason: Reason, most: int = MEDIUM) -> str:
        """Return a field as text; reject the row for the reason where it is blank."""
        return file_rows.required(self.of(name), reason, most)

    def source(self) -> str:
        """Return the system that the row's identifiers come from."""
        return file_rows.text(self.of("source"), SHORT) or SOURCE

    def details(self) -> dict[str, str | None]:
        """Return what the row says about its customer. What is unusable is left out: the rest matters more."""
        country = self._detail("country", country_code)
        return {
            "country": country,
            "email": self._detail("email", email_address),
            "first_name": self.text("first_name"),
            "last_name": self.text("last_name"),
            "phone": self._detail("phone", lambda number: phone_number(number, country)),
            "company": self.text("company"),
        }

    def _detail(self, name: str, understood: Callable[[str], str | None]) -> str | None:
        written = self.text(name)
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
