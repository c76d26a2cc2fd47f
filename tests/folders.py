"""Data folders for embedded servers, in a place that the server's user can reach; pytest's own folders are not."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from api.embedded.processes import servers_of


@contextmanager
def data_folder() -> Iterator[Path]:
    """Give a data folder that does not exist yet; a server that is left in it is killed, and the folder removed."""
    above = Path(tempfile.mkdtemp(prefix="regulars-", dir="/tmp"))
    above.chmod(0o755)
    yield above / "data"
    for process in servers_of(above / "data" / "postgresql"):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    shutil.rmtree(above, ignore_errors=True)
