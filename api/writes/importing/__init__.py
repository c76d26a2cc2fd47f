"""Importing files: purchases, credit notes and exchange rates, from Parquet, CSV or JSON lines.

A file is read twice as fast as it is recorded: every row is first cleaned and staged, then set-based statements move
whole orders over, some thousands of lines a transaction. A killed import is continued by the next one of the file.
"""

from api.writes.importing.files import Table, open_table
from api.writes.importing.progress import progress_bar
from api.writes.importing.results import Counts, Format, ImportRefused, ImportResult, Progress, Step
from api.writes.importing.run import import_file

__all__ = [
    "Counts",
    "Format",
    "ImportRefused",
    "ImportResult",
    "Progress",
    "Step",
    "Table",
    "import_file",
    "open_table",
    "progress_bar",
]
