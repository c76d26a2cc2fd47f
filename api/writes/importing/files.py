"""Files of rows: Parquet, CSV and JSON lines, compressed or not, read row by row in bounded memory.

CSV and JSON are read by the standard library: a damaged row costs that row, where a columnar reader refuses the file
(or guesses a column's type from the first block and fails on the thousandth).
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from api.writes.importing.results import ImportRefused

Cells: TypeAlias = Sequence[object]

_LONGEST_LINE = 1 << 20
_BATCH = 16_384
_ROWS_THAT_NAME_COLUMNS = 1_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be read, as it is written in the file."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns and rows; `total` is None where only the end will tell.

    Cells are texts, numbers, times or None; what is nested in Parquet or JSON arrives as its text.
    """

    columns: tuple[str, ...]
    total: int | None
    rows: Iterator[Cells | Unreadable] = field(repr=False)


@contextmanager
def open_table(path: Path, *, whitespace: bool = False) -> Iterator[Table]:
    """Open a file by what is in it, whatever it is called; raise ImportRefused where it cannot be read.

    whitespace: the cells of a text file are separated by runs of blanks, unless its header names a delimiter.
    """
    if path.exists() and not path.is_file():
        raise ImportRefused(f"{path} is no file; an import reads its file twice, so it cannot be a folder or a pipe.")
    with _refusing(path), path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ImportRefused(f"{path} is UTF-16 text; save it as UTF-8.")
        if start == b"PAR1":
            yield _parquet(path, file)
            return
        content = gzip.GzipFile(fileobj=file) if start.startswith(b"\x1f\x8b") else file
        with io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="") as text:
            yield _text(path, text, whitespace)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ImportRefused(f"There is no file {path}.") from None
    except PermissionError:
        raise ImportRefused(f"{path} may not be read.") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ImportRefused(f"{path} is damaged: its compression ends too early or is no gzip.") from None
    except (pa.ArrowException, csv.Error):
        raise ImportRefused(f"{path} is damaged, or not of the kind its first bytes promise.") from None


def _parquet(path: Path, file: IO[bytes]) -> Table:
    opened = pq.ParquetFile(file)
    rows = chain.from_iterable(zip(*map(_cells, batch.columns), strict=True) for batch in _batches(path, opened))
    return Table(tuple(opened.schema_arrow.names), opened.metadata.num_rows, rows)


def _batches(path: Path, file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=_BATCH)
    except OSError:
        raise ImportRefused(f"{path} is damaged: its pages cannot be unpacked.") from None


def _cells(column: pa.Array) -> list[object]:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_nested(kind):
        return [cell if cell is None else str(cell) for cell in column.to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _decoded(column)
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return _decoded(column.cast(pa.large_binary()))


def _decoded(column: pa.Array) -> list[object]:
    return [cell if cell is None else cell.decode(errors="surrogateescape") for cell in column.to_pylist()]


def _text(path: Path, file: io.TextIOWrapper, whitespace: bool) -> Table:
    lines = _lines(path, file)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise ImportRefused(f"{path} is empty.")
    if first.startswith("PK\x03\x04"):
        raise ImportRefused(f"{path} is a ZIP archive or an Excel workbook; save it as CSV first.")
    if first.lstrip().startswith("["):
        raise ImportRefused(f"{path} is one JSON array; write one JSON object a line instead.")
    everything = chain([first], lines)
    if whitespace and not any(delimiter in first for delimiter in _DELIMITERS):
        return _table((line.split(), line) for line in everything)
    if first.lstrip().startswith("{"):
        return _json(everything)
    return _table(_separated(everything, _delimiter(first)))


def _lines(path: Path, file: io.TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise ImportRefused(f"{path} has a line of more than {_LONGEST_LINE:,} characters; it is not a table.")
        yield line


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _separated(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Yield the rows of CSV, each with the lines that it stands on: a quoted cell may hold ends of lines."""
    seen: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            seen.append(line)
            yield line

    for row in csv.reader(noted(), delimiter=delimiter):
        yield row, seen[0] if len(seen) == 1 else "".join(seen)
        seen.clear()


def _table(rows: Iterator[tuple[list[str], str]]) -> Table:
    columns = tuple(name.strip() for name in next(rows)[0])
    found = (row if len(row) == len(columns) else Unreadable(text) for row, text in rows if row)
    return Table(columns, None, found)


def _json(lines: Iterator[str]) -> Table:
    """Read objects; their columns are the names in the first thousand, since a first object may lack some."""
    objects = (_object(line) for line in lines if line.strip())
    start = list(islice(objects, _ROWS_THAT_NAME_COLUMNS))
    columns = tuple(dict.fromkeys(name for found in start if isinstance(found, dict) for name in found))
    rows = (
        found if isinstance(found, Unreadable) else [found.get(name) for name in columns]
        for found in chain(start, objects)
    )
    return Table(columns, None, rows)


def _object(line: str) -> dict[str, object] | Unreadable:
    try:
        found = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError):
        return Unreadable(line)
    if not isinstance(found, dict) or not found:
        return Unreadable(line)
    return {name: str(cell) if isinstance(cell, dict | list) else cell for name, cell in found.items()}
