"""The file of rows that were not taken: each with its number, the reason, and its own columns.

Put right, it is imported like the file it comes from. So the rows that are still wrong then go to a file of the same
columns, under the numbers they had in the first file.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from api.domain.file_rows import Reason
from api.writes.importing.files import Cells, Unreadable
from api.writes.importing.results import ImportRefused

ROW = "row"
_ADDED = (ROW, "reason", "message", "unreadable")
"""Columns in front of a row's own; `unreadable` holds the text of a row that has no columns to be split into."""


class Rejects:
    """Writes rejected rows and counts them by reason; the first rejection makes the file."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._again = columns[: len(_ADDED)] == _ADDED
        self._columns = columns[len(_ADDED) :] if self._again else columns
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, row: int, reason: Reason, message: str, cells: Cells | Unreadable) -> None:
        """Write one row; rows are numbered from 1, without the header."""
        if self._file is None:
            self._open()
        self.counts[reason.name] += 1
        self._writer.writerow(self._written(row, reason.name, message, cells))

    def close(self) -> None:
        """Put the file's last rows on disk."""
        if self._file is not None:
            self._file.close()

    def _written(self, row: int, reason: str, message: str, cells: Cells | Unreadable) -> list[object]:
        if isinstance(cells, Unreadable):
            return [row, reason, message, cells.text.rstrip("\r\n"), *("" for _ in self._columns)]
        if self._again:
            number, _, _, unreadable, *own = cells
            return [number, reason, message, unreadable, *own]
        return [row, reason, message, "", *cells]

    def _open(self) -> None:
        try:
            # What is no text (a lone surrogate) is written as its escape, so that the file itself is good UTF-8.
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError:
            raise ImportRefused(f"The rejected rows cannot be written to {self._path}; choose another file.") from None
        self._writer = csv.writer(self._file)
        self._writer.writerow([*_ADDED, *self._columns])


@contextmanager
def rejects_file(path: Path, columns: tuple[str, ...]) -> Iterator[Rejects]:
    """Collect rejected rows in a file that is whole when the block ends."""
    rejects = Rejects(path, columns)
    try:
        yield rejects
    finally:
        rejects.close()
