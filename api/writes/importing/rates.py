"""Exchange rates: a day, a currency, and what one unit of it buys of the business's currency from that day on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from api.database import Connection
from api.domain import file_rows
from api.domain.file_rows import Reason, RowRejected
from api.tables.business import exchange_rates
from api.writes.importing.columns import cells_of_fields
from api.writes.importing.files import Cells
from api.writes.importing.staging import fetch, rates, reasons, run

_OWN = "The business keeps its books in this currency, so it has no rate."


class RateTable:
    """Reads rows of exchange rates."""

    def __init__(self, columns: tuple[str, ...], mapping: Mapping[str, str], *, business_currency: str) -> None:
        self._cells = cells_of_fields(columns, mapping, required=("date", "currency", "rate"))
        self._business_currency = business_currency

    def line(self, row: int, cells: Cells) -> tuple[int, str, date, Decimal]:
        """Return the cleaned row."""
        currency = file_rows.currency(self._cells["currency"](cells))
        if currency is None:
            raise RowRejected(Reason.UNKNOWN_CURRENCY)
        if currency == self._business_currency:
            raise RowRejected(Reason.BAD_RATE, _OWN)
        rate = file_rows.exchange_rate(self._cells["rate"](cells))
        return row, currency, file_rows.day(self._cells["date"](cells)), rate

    def document(self, cells: Cells) -> None:
        """Return None: a rate stands for itself."""


async def record_rates(connection: Connection) -> int:
    """Record the staged rates that are neither known nor contradicted; return how many were added."""
    rows = _judged().subquery()
    new = (
        select(rows.c.currency, rows.c.effective_on, func.min(rows.c.rate))
        .where(~rows.c.contradicts)
        .group_by(rows.c.currency, rows.c.effective_on)
    )
    into = ["currency", "effective_on", "rate"]
    return await run(connection, insert(exchange_rates).from_select(into, new).on_conflict_do_nothing())


def contradicting(connection: Connection) -> AsyncIterator[tuple[int, Reason]]:
    """Yield rows, by number, that name another rate than is recorded for their day."""
    rows, conflict = _judged().subquery(), literal(Reason.CONFLICT.name)
    return reasons(connection, select(rows.c.row, conflict).where(rows.c.contradicts).order_by(rows.c.row))


async def known_rates(connection: Connection) -> int:
    """Return for how many days and currencies of the file a rate was recorded before."""
    same = and_(exchange_rates.c.currency == rates.c.currency, exchange_rates.c.effective_on == rates.c.effective_on)
    days = select(exchange_rates.c.currency, exchange_rates.c.effective_on).join(rates, same).distinct().subquery()
    return int((await fetch(connection, select(func.count()).select_from(days)))[0][0])


def _judged() -> Select[Any]:
    """The recorded rate of a day holds, or else the first in the file; facts are never changed."""
    same = and_(exchange_rates.c.currency == rates.c.currency, exchange_rates.c.effective_on == rates.c.effective_on)
    first = func.first_value(rates.c.rate).over(
        partition_by=(rates.c.currency, rates.c.effective_on), order_by=rates.c.row
    )
    holds = func.coalesce(exchange_rates.c.rate, first)
    return select(rates, (rates.c.rate != holds).label("contradicts")).select_from(
        rates.outerjoin(exchange_rates, same)
    )
