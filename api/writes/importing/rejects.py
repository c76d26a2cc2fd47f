"""The file of rows that were not taken: each with its number, the reason, and its own columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from api.domain.file_rows import Reason
from api.writes.importing.files import Cells
from api.writes.importing.results import ImportRefused


class Rejects:
    """Writes rejected rows and counts them by reason; the first rejection makes the file."""

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._columns = columns
        self._file: IO[str] | None = None
        self._writer: Any = None

    def add(self, row: int, reason: Reason, message: str, cells: Cells | None) -> None:
        """Write one row; rows are numbered from 1, without the header."""
        if self._file is None:
            self._open()
        self.counts[reason.name] += 1
        self._writer.writerow([row, reason.name, message, *(cells or ())])

    def close(self) -> None:
        """Put the file's last rows on disk."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> None:
        try:
            # What is no text (a lone surrogate) is written as its escape, so that the file itself is good UTF-8.
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError:
            raise ImportRefused(f"The rejected rows cannot be written to {self._path}; choose another file.") from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(["row", "reason", "message", *self._columns])


@contextmanager
def rejects_file(path: Path, columns: tuple[str, ...]) -> Iterator[Rejects]:
    """Collect rejected rows in a file that is whole when the block ends."""
    rejects = Rejects(path, columns)
    try:
        yield rejects
    finally:
        rejects.close()
