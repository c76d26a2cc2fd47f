"""What the tests see of a server from outside: its answers, its processes, its application."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import asyncpg

from api.embedded.processes import servers_of

ROOT = Path(__file__).parents[2]
FIRST = "DROP TABLE IF EXISTS kept"
RECORD = ("CREATE TABLE IF NOT EXISTS kept (value int)", "INSERT INTO kept VALUES (1) RETURNING value")
RECORDED = "SELECT count(*) FROM kept"


class Application:
    """A process that keeps an embedded server."""

    def __init__(self, data: Path, **given: Any) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("application.py"), json.dumps({"data": str(data), **given})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    @cached_property
    def dsn(self) -> str:
        """Address of its server, once that answers."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said, self.process.communicate()[1]
        return said

    def kill(self) -> None:
        """Kill it the hard way."""
        self.process.kill()
        self.process.communicate()

    def end(self) -> int:
        """Let it finish; return its exit status."""
        self.process.communicate()
        return self.process.returncode


def ask(dsn: str, *statements: str) -> list[Any]:
    """Return the first column of the last statement's rows."""

    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                rows = await connection.fetch(statement)
            return [row[0] for row in rows]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def answers(dsn: str) -> bool:
    """Whether a server answers a query."""
    try:
        return ask(dsn, "SELECT 1") == [1]
    except (OSError, Exception):  # noqa: BLE001  (a server that comes up fails in many ways)
        return False


def postmaster(data: Path) -> int:
    """Return the process id of the server that works on a data folder."""
    # A backend that has only just been forked still has the postmaster's command line.
    pids = {process.pid for process in servers_of(data / "postgresql")}
    return next(pid for pid in pids if _parent(pid) not in pids)


def guard(data: Path) -> int:
    """Return the process id of the shell that watches over the server."""
    return _parent(postmaster(data))


def eventually(holds: Callable[[], bool], *, seconds: float = 15) -> bool:
    """Whether something becomes true."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def nothing_runs(data: Path) -> bool:
    """Whether no server, no guard and no watcher of a data folder is left."""
    return not what_runs(data)


def what_runs(data: Path) -> list[str]:
    """Return the command lines that name a data folder, the application's aside, and the titles of its servers."""
    return [words for words in _command_lines() if str(data) in words] + [
        str(process) for process in servers_of(data / "postgresql")
    ]


def _command_lines() -> Iterator[str]:
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
            if "application.py" not in words:
                yield words


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return pid  # it ended meanwhile
