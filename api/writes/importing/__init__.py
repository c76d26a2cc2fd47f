"""Importing files: purchases, credit notes and exchange rates, from Parquet, CSV or JSON lines.

A file is read twice as fast as it is recorded: every row is first cleaned and staged, then set-based statements move
whole orders over, some thousands of lines a transaction. A killed import is continued by the next one of the file.

Here stands what is cheap to load; `run` and `files` load pyarrow, and every command that imports nothing would wait.
"""

from api.writes.importing.progress import progress_bar
from api.writes.importing.results import Counts, Format, ImportRefused, ImportResult, Progress, Step

__all__ = ["Counts", "Format", "ImportRefused", "ImportResult", "Progress", "Step", "progress_bar"]
