"""Reading a file into staging: every row is cleaned and staged, or rejected with its reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice

from sqlalchemy import Table as SqlTable

from api.database import Connection
from api.domain.file_rows import Reason, RowRejected
from api.writes.importing import staging
from api.writes.importing.files import Cells, Table, Unreadable
from api.writes.importing.lines import RowReader
from api.writes.importing.rejects import Rejects
from api.writes.importing.results import ImportRefused, Progress, Step

_ROWS_A_COPY = 16_384


async def stage(
    connection: Connection,
    into: SqlTable,
    table: Table,
    reader: RowReader,
    *,
    rejects: Rejects,
    report: Callable[[Progress], None],
) -> int:
    """Stage or reject every row of a table; return how many rows it has, and raise ImportRefused if none."""
    numbered, read = enumerate(table.rows, 1), 0
    while batch := list(islice(numbered, _ROWS_A_COPY)):
        records, documents = _cleaned(batch, reader, rejects)
        await staging.copy(connection, into, records)
        await staging.copy(connection, staging.rejections, documents)
        read = batch[-1][0]
        report(Progress(Step.READING, read, table.total))
    if read == 0:
        raise ImportRefused("The file has no rows below its column names.")
    return read


async def reject_late(table: Table, late: AsyncIterator[tuple[int, Reason]], rejects: Rejects) -> None:
    """Write rows, by ascending number, to the rejects file; the table is read again, as far as the last of them."""
    numbered = enumerate(table.rows, 1)
    async for row, reason in late:
        cells = next(cells for number, cells in numbered if number == row)
        rejects.add(row, reason, reason.value, cells)


def _cleaned(
    batch: Sequence[tuple[int, Cells | Unreadable]], reader: RowReader, rejects: Rejects
) -> tuple[list[Sequence[object]], set[tuple[str, str]]]:
    records: list[Sequence[object]] = []
    documents: set[tuple[str, str]] = set()
    for row, cells in batch:
        if isinstance(cells, Unreadable):
            rejects.add(row, Reason.BAD_ROW, Reason.BAD_ROW.value, cells)
            continue
        try:
            records.append(reader.line(row, cells))
        except RowRejected as refusal:
            rejects.add(row, refusal.reason, refusal.message, cells)
            documents.update([document] if (document := reader.document(cells)) else [])
    return records, documents
