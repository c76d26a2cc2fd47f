"""One import from the first byte to the last chunk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy import Table as SqlTable

from api.database import Connection, driver_errors_translated
from api.domain.file_rows import Reason
from api.writes.business import Business, set_business
from api.writes.importing import brought, cdnow, documents, online_retail, staging, things
from api.writes.importing.brought import Brought, BroughtTable
from api.writes.importing.business import business_of
from api.writes.importing.cdnow import Cdnow, with_order_numbers
from api.writes.importing.contracts import CONTRACTS
from api.writes.importing.feedback import FEEDBACK
from api.writes.importing.files import Table, open_table
from api.writes.importing.lines import Books, DetailedReader, LineReader
from api.writes.importing.loyalty import LOYALTY
from api.writes.importing.online_retail import OnlineRetail
from api.writes.importing.rates import RateTable, contradicting, known_rates, record_rates
from api.writes.importing.reading import reject_late, stage
from api.writes.importing.recording import record
from api.writes.importing.referrals import REFERRALS
from api.writes.importing.rejects import Rejects, rejects_file
from api.writes.importing.results import Counts, Format, ImportRefused, ImportResult, Progress
from api.writes.importing.subscriptions import SUBSCRIPTIONS
from api.writes.importing.support_plans import SUPPORT_PLANS
from api.writes.importing.table import OrderTable
from api.writes.importing.term_recording import record as record_things
from api.writes.importing.term_table import TermTable
from api.writes.importing.terms import Kind
from api.writes.importing.transactions import in_chunk

_USUAL = {"online-retail": online_retail.BUSINESS, "cdnow": cdnow.BUSINESS}
KINDS: Mapping[str, Kind] = {
    "subscriptions": SUBSCRIPTIONS,
    "support-plans": SUPPORT_PLANS,
    "contracts": CONTRACTS,
    "feedback": FEEDBACK,
}
BROUGHT: Mapping[str, Brought] = {"loyalty": LOYALTY, "referrals": REFERRALS}
_THINGS_A_CHUNK = 5_000
# Sorting and joining a whole file wants more memory than a request does; no statement of an import has a time limit.
_SESSION = {"TimeZone": "UTC", "jit": "off", "synchronous_commit": "on", "work_mem": "64MB", "temp_buffers": "64MB"}
_SESSION |= {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "lock_timeout": "60000"}
_SESSION |= {"client_min_messages": "warning", "application_name": "regulars import"}


async def import_file(
    dsn: str,
    path: Path,
    *,
    format: Format,  # noqa: A002  (the word on the command line)
    rejects: Path,
    mapping: Mapping[str, str] | None = None,
    business: Business | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    lines_a_chunk: int = 20_000,
) -> ImportResult:
    """Import a file into a migrated database, and return what became of its rows.

    dsn       a direct connection: staging lives in the session, which a pooler in transaction mode does not keep
    mapping   column of each field, for formats whose columns are not known
    business  set up where none is yet; where one is, it must have this currency and time zone
    rejects   CSV file for the rows that are not taken; written only if there are such
    report    called after every batch and every chunk
    lines_a_chunk  rows that are recorded in one transaction, in whole orders; of things with a term at most 5,000
    raises    ImportRefused for a file that cannot be used; BadUserInput for a business that cannot be;
              Unavailable where the database is lost
    """
    _check(path, format, rejects, mapping)
    with driver_errors_translated():
        async with _connected(dsn) as connection:
            books = await business_of(connection, business, _USUAL.get(format))
            job = _Import(connection, path, format, mapping or {}, books, report)
            things_a_chunk = min(lines_a_chunk, _THINGS_A_CHUNK)
            if format in KINDS:
                return await job.things(KINDS[format], rejects, things_a_chunk)
            if format in BROUGHT:
                return await job.brought(BROUGHT[format], rejects, things_a_chunk)
            return await (job.rates(rejects) if format == "rates" else job.lines(rejects, lines_a_chunk))


def _check(path: Path, format: Format, rejects: Path, mapping: Mapping[str, str] | None) -> None:  # noqa: A002
    if mapping and format in _USUAL:
        raise ImportRefused(f"The columns of {format} files are known; --map is for other formats.")
    if path.exists() and rejects.exists() and path.samefile(rejects):
        raise ImportRefused("The rejected rows would overwrite the file they come from; choose another file for them.")


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(dsn, server_settings=_SESSION)
    try:
        await staging.create(connection)
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class _Import:
    connection: Connection
    path: Path
    format: Format
    mapping: Mapping[str, str]
    business: Business
    report: Callable[[Progress], None]

    async def rates(self, rejects_path: Path) -> ImportResult:
        connection = self.connection
        with self._open() as table, rejects_file(rejects_path, table.columns) as rejects:
            reader = RateTable(table.columns, self.mapping, business_currency=self.business.currency)
            read = await stage(connection, staging.rates, table, reader, rejects=rejects, report=self.report)
            await set_business(connection, self.business)
            known = await known_rates(connection)
            added = await in_chunk(connection, lambda: record_rates(connection))
            await self._reject_late(contradicting(connection), rejects)
        taken = read - rejects.counts.total()
        return ImportResult(read, taken, dict(rejects.counts), Counts(rates=added), Counts(rates=known))

    async def lines(self, rejects_path: Path, lines_a_chunk: int) -> ImportResult:
        return await self._whole(
            rejects_path,
            staging.lines,
            self._reader,
            gather=lambda: documents.gather(self.connection, self.business, lines_a_chunk=lines_a_chunk),
            late=lambda: documents.rejected_late(self.connection),
            record=lambda staged: record(self.connection, self.business, staged, self.report),
        )

    async def things(self, kind: Kind, rejects_path: Path, things_a_chunk: int) -> ImportResult:
        return await self._whole(
            rejects_path,
            kind.staged,
            lambda table: TermTable(table.columns, self._books(), self.mapping, kind),
            gather=lambda: things.gather(self.connection, kind, things_a_chunk=things_a_chunk),
            late=lambda: things.rejected_late(self.connection),
            record=lambda staged: record_things(self.connection, self.business, kind, staged, self.report),
        )

    async def brought(self, kind: Brought, rejects_path: Path, rows_a_chunk: int) -> ImportResult:
        return await self._whole(
            rejects_path,
            kind.staged,
            lambda table: BroughtTable(table.columns, self._books(), self.mapping, kind),
            gather=lambda: brought.gather(self.connection, kind, rows_a_chunk=rows_a_chunk),
            late=lambda: brought.rejected_late(self.connection, kind),
            record=lambda staged: brought.record(self.connection, kind, staged, self.report),
        )

    async def _whole(
        self,
        rejects_path: Path,
        into: SqlTable,
        reader_of: Callable[[Table], DetailedReader],
        *,
        gather: Callable[[], Awaitable[None]],
        late: Callable[[], AsyncIterator[tuple[int, Reason]]],
        record: Callable[[ImportResult], Awaitable[ImportResult]],
    ) -> ImportResult:
        """Stage rows, make of them what is recorded as a whole, and record it."""
        with self._open() as table, rejects_file(rejects_path, table.columns) as rejects:
            reader = reader_of(table)
            read = await stage(self.connection, into, table, reader, rejects=rejects, report=self.report)
            await gather()
            await self._reject_late(late(), rejects)
            result = await record(ImportResult(read, read - rejects.counts.total(), left_out=reader.left_out()))
            # Another writer may have recorded something otherwise in the meantime.
            await self._reject_late(late(), rejects)
        return replace(result, rows_taken=read - rejects.counts.total(), rejected=dict(rejects.counts))

    @contextmanager
    def _open(self) -> Iterator[Table]:
        is_cdnow = self.format == "cdnow"
        with open_table(self.path, whitespace=is_cdnow) as table:
            yield with_order_numbers(table) if is_cdnow else table

    async def _reject_late(self, late: AsyncIterator[tuple[int, Reason]], rejects: Rejects) -> None:
        with self._open() as table:
            await reject_late(table, late, rejects)

    def _reader(self, table: Table) -> LineReader:
        books = self._books()
        if self.format == "online-retail":
            return OnlineRetail(table.columns, books)
        if self.format == "cdnow":
            return Cdnow(table.columns, books)
        return OrderTable(table.columns, books, self.mapping)

    def _books(self) -> Books:
        return Books(self.business.currency, ZoneInfo(self.business.time_zone), datetime.now(UTC))
