"""Contracts in a table: one row per contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.domain import file_rows, term_rows
from api.domain.calendar import Duration
from api.domain.contract import NewContract, Termination, terminated
from api.domain.file_rows import Reason
from api.domain.term import EarlyEnd
from api.domain.term_rows import needed
from api.tables.contracts import contracts
from api.writes.importing.fields import ABOUT_CUSTOMERS, NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.terms import Kind, Named, Versions, early_end, staged_rows

_FIELD = ("contract",)
_TERMS = (
    *("number", "name", "value", "currency", "billing_interval", "signed_at", "starts_at", "term_ends_at"),
    *("auto_renew", "renewal_interval", "notice"),
)
_FIRST = (*_TERMS, "term_starts_at", "ends_at", "change", "changed_at")
_ENDED = ("terminate_at", "termination_reason", "penalty", "ends_at", "change", "changed_at")


def _read(row: NamedCells, named: Named, books: Books) -> Versions:
    contract = _new(row, named, books).checked(books.now, books.zone, _FIELD)
    first = contract.first_version(books.now) | {"number": contract.number}
    end = early_end(row, books, "terminated_at", lambda: row.required("termination_reason", Reason.BAD_REASON))
    told = {name: row.text(name) for name in ("number", "signed_at", "renewal_interval")}
    return Versions(
        first=first,
        ended=_ended(row, contract, first, end, books) if end else None,
        derived=frozenset(name for name, value in told.items() if value is None),
    )


def _new(row: NamedCells, named: Named, books: Books) -> NewContract:
    currency = file_rows.currency(row.of("currency")) or books.currency
    starts_at = needed(term_rows.planned(row.of("starts_at"), books.zone), Reason.BAD_DATE)
    return NewContract(
        customer=named.customer,
        external_id=named.external_id,
        number=row.text("number") or named.external_id.value,
        name=row.required("name", Reason.NO_NAME),
        value=needed(term_rows.amount(row.of("value"), currency), Reason.BAD_PRICE),
        billing_interval=term_rows.length(row.of("billing_interval")),
        starts_at=starts_at,
        ends_at=needed(term_rows.planned(row.of("ends_at"), books.zone), Reason.BAD_DATE),
        signed_at=_signed_at(row, starts_at, books),
        auto_renew=bool(term_rows.answer(row.of("auto_renew"))),
        renewal_interval=term_rows.length(row.of("renewal_interval")),
        notice=term_rows.length(row.of("notice")) or Duration(),
    )


def _signed_at(row: NamedCells, starts_at: datetime, books: Books) -> datetime:
    told = term_rows.past(row.of("signed_at"), books.zone, now=books.now)
    return min(starts_at, books.now) if told is None else told


def _ended(
    row: NamedCells, contract: NewContract, first: dict[str, Any], end: EarlyEnd, books: Books
) -> dict[str, object]:
    lengths = {"renewal_interval": contract.renewal_interval, "notice": contract.notice}
    newest = {**first, **lengths, "terminate_at": None}
    decided = end.decided(books.now, newest["changed_at"], (*_FIELD, "terminatedAt"))
    penalty = term_rows.amount(row.of("penalty"), contract.value.currency_code)
    return terminated(newest, Termination(end.ended_at, end.reason, penalty).checked(), decided, books.zone)


CONTRACTS = Kind(
    counted="contracts",
    recorded=contracts,
    key="contract_id",
    identifier="contract",
    required=("customer", "contract", "name", "value", "starts_at", "ends_at"),
    optional=(
        *("number", "currency", "billing_interval", "signed_at", "auto_renew", "renewal_interval", "notice"),
        *("terminated_at", "ended_at", "termination_reason", "penalty"),
        *ABOUT_CUSTOMERS,
    ),
    read=_read,
    first=_FIRST,
    ended=_ENDED,
    compared=(*_TERMS, "terminate_at", "termination_reason", "penalty"),
    staged=staged_rows(contracts, _FIRST, _ENDED),
)
