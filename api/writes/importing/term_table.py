"""Any table of things with a term: one row per thing, with the columns named by the caller."""

from __future__ import annotations

from collections.abc import Mapping

from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.file_rows import Reason, RowRejected
from api.domain.term_rows import rejected
from api.errors import Rejection
from api.writes.importing.fields import Fields, NamedCells
from api.writes.importing.files import Cells
from api.writes.importing.lines import Books
from api.writes.importing.terms import NEXT, Kind, Named, Versions


class TermTable:
    """Reads rows of one kind of thing."""

    def __init__(self, columns: tuple[str, ...], books: Books, mapping: Mapping[str, str], kind: Kind) -> None:
        self._kind = kind
        self._books = books
        self._fields = Fields(columns, mapping, required=kind.required, optional=kind.optional)
        self._columns = [column.name for column in kind.staged.c]

    def line(self, row: int, cells: Cells) -> list[object]:
        """Return the row's columns of the staging table; raise RowRejected where it cannot be taken."""
        named = self._fields.row(cells)
        names = self._named(named)
        versions = self._versions(named, names)
        following = {NEXT + name: value for name, value in (versions.ended or {}).items()}
        values: dict[str, object] = {
            "row": row,
            "source": names.external_id.source,
            "external_id": names.external_id.value,
            "customer": names.customer.external_id and names.customer.external_id.value,
            "derived": sorted(versions.derived),
            **named.details(),
            **versions.first,
            **following,
            **versions.more,
        }
        return [values.get(name) for name in self._columns]

    def document(self, cells: Cells) -> None:
        """Return None: a row stands for itself."""

    def left_out(self) -> Mapping[str, int]:
        """Return how many rows had an e-mail address, telephone number or country that is none."""
        return self._fields.left_out

    def _named(self, row: NamedCells) -> Named:
        source = row.source()
        customer = ExternalKey(source, row.required("customer", Reason.NO_CUSTOMER))
        thing = ExternalKey(source, row.required(self._kind.identifier, Reason.NO_IDENTIFIER))
        return Named(thing, CustomerName(external_id=customer))

    def _versions(self, row: NamedCells, names: Named) -> Versions:
        try:
            return self._kind.read(row, names, self._books)
        except Rejection as refusal:
            raise rejected(refusal) from None
        except (ValueError, OverflowError):
            # Calendars end with the year 9999.
            raise RowRejected(Reason.BAD_TERM, "The term reaches further than can be counted.") from None
