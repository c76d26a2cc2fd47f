"""Reading three columns of a Parquet or CSV file, and writing a table whole or not at all."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from api.cli.scored.columns import found_columns
from api.errors import BadUserInput

PARQUET, CSV = ".parquet", ".csv"
ROLES = ("customer", "date", "amount")
_DELIMITERS = ",;\t|"
_LONGEST_HEADER = 1 << 16


def read(path: Path, wanted: Mapping[str, str | None]) -> pa.Table:
    """Return customer, date and amount of each row, those of CSV as texts; raise BadUserInput for any other file."""
    if not path.is_file():
        raise BadUserInput(f"There is no file {path}.")
    try:
        with path.open("rb") as file:
            start = file.read(4)
        table = _parquet(path, wanted) if start == b"PAR1" else _csv(path, wanted)
    except PermissionError:
        raise BadUserInput(f"{path} may not be read.") from None
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error):
        raise BadUserInput(f"{path} is damaged, or neither Parquet nor CSV in UTF-8.") from None
    if not table.num_rows:
        raise BadUserInput(f"{path} has no purchases.")
    return table


def _parquet(path: Path, wanted: Mapping[str, str | None]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        columns = found_columns(file.schema_arrow.names, wanted)
        return file.read(columns=list(columns)).select(list(columns)).rename_columns(list(ROLES))


def _csv(path: Path, wanted: Mapping[str, str | None]) -> pa.Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = file.readline(_LONGEST_HEADER)
    delimiter = max(_DELIMITERS, key=header.count)
    present = next(csv.reader([header], delimiter=delimiter), [])
    columns = found_columns(present, wanted)
    wrong: list[int | None] = []

    def refused(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row.number)
        return "error"

    try:
        table = arrow_csv.read_csv(
            path,
            # One after the other, so that a row that cannot be read has a number.
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=present, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refused
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        if not wrong:
            raise
        raise BadUserInput(f"{place(_row(wrong[0]))} has not as many cells as there are columns.") from None
    return table.rename_columns(list(ROLES))


def _row(number: int | None) -> int:
    """Return the row below the column names that pyarrow numbers from 1 in the file."""
    return (number or 2) - 2


def place(index: int) -> str:
    """Return how a row is called, of those below the column names."""
    return f"Row {index + 1:,} (below the column names)"


def output_of(path: Path, output: Path | None, *, force: bool) -> Path:
    """Return where a table is to be written; raise BadUserInput where that must not be."""
    into = output or path.with_name(f"{path.stem}.scored{CSV}")
    if into.suffix.lower() not in (PARQUET, CSV):
        raise BadUserInput(f"{into} ends neither in {PARQUET} nor in {CSV}.")
    if not into.absolute().parent.is_dir():
        raise BadUserInput(f"There is no folder {into.parent}.")
    if into.is_dir() or into.resolve() == path.resolve():
        raise BadUserInput(f"{into} is a folder, or the file that is read.")
    if into.exists() and not force:
        raise BadUserInput(f"{into} is there already; --force replaces it.")
    return into


def write(table: pa.Table, into: Path) -> None:
    """Write a table by the ending of a file's name; the file is there when all of it is."""
    work: Callable[[pa.Table, str], None] = pq.write_table if into.suffix.lower() == PARQUET else arrow_csv.write_csv
    with _replaced(into) as beside:
        work(table, beside)


@contextmanager
def _replaced(into: Path) -> Iterator[str]:
    """Yield the name of a file that takes the place of another if all goes well, and goes away if not."""
    try:
        handle, beside = tempfile.mkstemp(dir=into.absolute().parent, prefix=f".{into.name}.")
        os.close(handle)
    except OSError as error:
        raise BadUserInput(f"{into} cannot be written: {error.strerror or error}.") from None
    try:
        yield beside
        Path(beside).chmod(0o666 & ~_mask())
        Path(beside).replace(into)
    except OSError as error:
        raise BadUserInput(f"{into} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(FileNotFoundError):
            Path(beside).unlink()


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
