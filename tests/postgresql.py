"""One PostgreSQL of each version for a whole run of the tests, however many processes run them.

The run's first process makes a folder and holds its lock for as long as the run lasts. Whichever test first needs a
server starts a keeper beside the run; the keeper waits for that lock, so it stops the server and removes the folder
when the run has ended, however it ended.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from api.embedded import start
from api.tables.migration import upgrade

T = TypeVar("T")

TEMPLATE = "migrated"
_PREFIX = "regulars-tests-"
EMBEDDED = "embedded"
"""The version that travels with the application; others are named by number, such as "15"."""
# Nothing of a test's data outlives the run, so nothing needs to reach the disk.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
}
_PATIENCE_SECONDS = 180
# Making a database takes a tenth of the time in memory.
_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 3 * 1024**3


def new_folder() -> Path:
    """Return a folder that the server's user can reach, which pytest's own folders are not; in memory if it fits."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    place = _MEMORY if has_room else Path("/tmp")
    _remove_left_over(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    folder.chmod(0o755)
    return folder


def _remove_left_over(place: Path) -> None:
    """Remove the folders of runs that were killed before they had a server; with one, its keeper does it."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):
            is_bare = {entry.name for entry in folder.iterdir()} <= {"run.lock"}
            if is_bare and time.time() - folder.stat().st_mtime > _PATIENCE_SECONDS and _is_free(folder / "run.lock"):
                shutil.rmtree(folder, ignore_errors=True)


def _is_free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for a lock that ends with this process at the latest, and hold it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def run_of_tests(folder: Path) -> Iterator[None]:
    """Hold the folder of a run; at its end wait until the keeper has cleaned up."""
    with locked(folder / "run.lock"):
        yield
    for version in list(folder.iterdir()):
        if version.is_dir():
            with locked(version / "keeper.lock"):
                shutil.rmtree(version, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def binaries(version: str) -> Path | None:
    """Return the folder of a system's PostgreSQL, None for the embedded one."""
    return None if version == EMBEDDED else Path(f"/usr/lib/postgresql/{version}/bin")


def server(run: Path, version: str) -> str:
    """Return the address of the run's server as postgresql://…, starting it if nobody has yet."""
    folder = run / version
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with locked(folder / "start.lock"):
        if not (folder / "address").exists():
            _start_keeper(folder)
    return (folder / "address").read_text()


def _start_keeper(folder: Path) -> None:
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.postgresql", str(folder)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (folder / "address").exists():
        if keeper.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"The tests' PostgreSQL did not start: {(folder / 'keeper.log').read_text()}")
        time.sleep(0.02)
    keeper.returncode = 0  # it outlives this process on purpose


def keep(folder: Path) -> None:
    """Run the server of a folder, which is named by its version, until the run of tests around it has ended."""
    with locked(folder / "keeper.lock"):
        with start(folder / "data", binaries=binaries(folder.name), settings=_SETTINGS) as running:
            outside_any_loop(lambda: execute(running.dsn, f"CREATE DATABASE {TEMPLATE}"))
            upgrade(database_address(running.dsn, TEMPLATE))
            (folder / "address.new").write_text(running.dsn)
            (folder / "address.new").rename(folder / "address")
            with locked(folder.parent / "run.lock"):
                pass
        shutil.rmtree(folder, ignore_errors=True)


def database_address(server: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@contextmanager
def fresh_database(server: str, name: str, template: str = TEMPLATE) -> Iterator[str]:
    """Make a copy of a database and return its address; it is gone at the end, whoever is still connected."""
    # Files that need not reach the disk are copied in half the time that it takes to log them.
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield database_address(server, name)
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


_ADMINISTRATORS: dict[str, asyncpg.Connection[asyncpg.Record]] = {}
"""This process's connections for making databases, by the address of the server; they end with the process."""


def _administer(server: str, statement: str) -> None:
    """Run a statement on the connection that is kept for it: most tests make a database, and drop it."""
    asyncio.run_coroutine_threadsafe(_on_kept_connection(server, statement), _loop_beside()).result()


async def _on_kept_connection(server: str, statement: str) -> None:
    kept = _ADMINISTRATORS.get(server)
    if kept is None or kept.is_closed():
        kept = _ADMINISTRATORS[server] = await asyncpg.connect(server)
    await kept.execute(statement)


@cache
def _loop_beside() -> asyncio.AbstractEventLoop:
    """Return a loop that runs in a thread for as long as the process does."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, daemon=True).start()
    return loop


async def execute(dsn: str, *statements: str) -> None:
    """Run statements on a connection of their own."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def outside_any_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a thread: a test with a browser has a loop that runs all the time."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(work())).result()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
