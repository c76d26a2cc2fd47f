"""The embedded server as the application sees it: started, watched, stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import chain, repeat
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Self

from api.embedded.account import server_account
from api.embedded.binaries import find_binaries, usable_programs
from api.embedded.cluster import ensure_cluster
from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import open_folder
from api.embedded.lock import lock_folder
from api.embedded.postmaster import Postmaster
from api.embedded.programs import require_way_in

# Between attempts to bring a dead server back; what keeps it down, such as a full disk, may pass.
_PAUSES_SECONDS = (0.2, 1, 5, 30)


def _silence(message: str) -> None:
    """Tell nobody."""


class Server:
    """A running PostgreSQL with an empty database `regulars`; a context manager that stops it."""

    def __init__(self, postmaster: Postmaster, guard: Popen[bytes], afterwards: ExitStack) -> None:
        self._postmaster = postmaster
        self._guard = guard
        self._afterwards = afterwards
        self._process = os.getpid()
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        threading.Thread(target=self._watch, name="postgresql-watch", daemon=True).start()

    @property
    def dsn(self) -> str:
        """Address with user and password, postgresql://…@/regulars?host=…, as asyncpg and libpq take it. A secret."""
        return self._postmaster.dsn

    def stop(self) -> None:
        """Shut the server down cleanly and give the data folder free; nothing of it runs afterwards."""
        if os.getpid() != self._process:
            return  # a forked copy of the application does not own the server
        self._stopping.set()
        with self._changing, self._afterwards:
            self._postmaster.stop(self._guard)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _watch(self) -> None:
        """Start the server again, on the same address, each time it dies while the application lives."""
        while True:
            status = self._guard.wait()
            with self._changing:
                if self._stopping.is_set() or not self._start_again(status):
                    return

    def _start_again(self, status: int) -> bool:
        report = self._postmaster.report
        if status == 0:
            report("PostgreSQL was shut down from outside; restart Regulars to have it again")
            return False
        report("PostgreSQL died; starting it again")
        for pause in chain(_PAUSES_SECONDS, repeat(_PAUSES_SECONDS[-1])):
            try:
                self._postmaster.stop(self._guard)
                self._guard = self._postmaster.start()
            except (EmbeddedServerError, OSError) as error:
                report(f"PostgreSQL could not be started yet, trying on. {error}")
            else:
                return True
            if self._stopping.wait(pause):
                break
        return False


def start(
    data_dir: Path,
    *,
    report: Callable[[str], None] = _silence,
    binaries: Path | None = None,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Server:
    """Return a running PostgreSQL of our own on the data in `data_dir`, made on first use; it ends when we do.

    report       is told what takes time, one line each; later from another thread, if the server had to be restarted
    binaries     folder of PostgreSQL's programs; by default what find_binaries finds
    settings     configuration parameters of the server, over ours
    raises       EmbeddedServerError, within a second if another process uses the folder
    """
    if environment.get("REGULARS_ENV") == "production":
        raise EmbeddedServerError("The embedded server is not for production; set DATABASE_URL to a PostgreSQL server.")
    with ExitStack() as undo:
        folder = open_folder(data_dir, environment)
        undo.callback(lock_folder(folder).release)
        account = server_account(folder.cluster, environment)
        require_way_in(folder.root, account)
        programs, version = usable_programs(binaries or find_binaries(environment), account, folder.programs)
        password = ensure_cluster(folder, programs, version, report)
        postmaster = Postmaster(folder, programs, password, settings or {}, report)
        return Server(postmaster, postmaster.start(), undo.pop_all())
