"""PostgreSQL processes that already work on a data directory, recognised by what they run and never by a PID file."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from api.embedded.errors import EmbeddedServerError
from api.embedded.programs import GUARD_NAME

_PROC = Path("/proc")
_FAST_SHUTDOWN_SECONDS = 60
_PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A living process of a PostgreSQL server."""

    pid: int
    is_postmaster: bool


def servers_of(cluster: Path) -> list[ServerProcess]:
    """Return the living PostgreSQL processes of a data directory; its postmaster's orphans too where /proc tells."""
    return list(listed_in_proc(cluster) if (_PROC / "self" / "cmdline").exists() else listed_by_ps(cluster))


def stop_servers(cluster: Path) -> None:
    """Stop every PostgreSQL that works on a data directory and return when none is left.

    The caller holds the folder's lock, so whatever runs was left behind. A postmaster gets a fast shutdown, and an
    immediate one if it has not ended after 60 seconds; backends whose postmaster was killed leave at once.
    Raise EmbeddedServerError after 120 seconds.
    """
    began = asked = time.monotonic()
    while found := servers_of(cluster):
        now = time.monotonic()
        if now - began > _PATIENCE_SECONDS:
            raise EmbeddedServerError(
                f"An earlier PostgreSQL still works on {cluster} and does not stop; end its process {found[0].pid}."
            )
        if asked == began or now - asked > 1:  # again and again: a server that is only just starting does not listen
            asked = now
            _ask_to_stop(found, hurry=now - began > _FAST_SHUTDOWN_SECONDS)
        time.sleep(0.05)


def _ask_to_stop(found: list[ServerProcess], *, hurry: bool) -> None:
    postmasters = [process for process in found if process.is_postmaster]
    for process in postmasters or found:
        try:
            os.kill(process.pid, signal.SIGINT if postmasters and not hurry else signal.SIGQUIT)
        except ProcessLookupError:
            continue
        except PermissionError:
            raise EmbeddedServerError(
                f"An earlier PostgreSQL, process {process.pid} of another user, still works on this data folder; "
                "stop it first."
            ) from None


def listed_in_proc(cluster: Path) -> Iterator[ServerProcess]:
    """Yield what Linux tells."""
    for entry in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if _runs_postgres(words) and _works_on(cluster, entry, words):
                yield ServerProcess(int(entry.name), not words[0].startswith(b"postgres:"))


def listed_by_ps(cluster: Path) -> Iterator[ServerProcess]:
    """Yield what every Unix tells: the postmaster, which names its data directory; backends do not."""
    listing = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=False)  # noqa: S607
    for line in listing.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        program, named, arguments = command.partition(" -D ")
        is_server = program.endswith("/postgres") and GUARD_NAME not in program  # a guard names the server it runs
        if pid.isdigit() and is_server and named and f"{arguments} ".startswith(f"{cluster} "):
            yield ServerProcess(int(pid), is_postmaster=True)


def _runs_postgres(words: list[bytes]) -> bool:
    # A zombie's command line is empty: it is dead, whatever PID file names it. Backends are titled "postgres: …".
    return words[0].startswith(b"postgres:") or words[0].rsplit(b"/", 1)[-1] == b"postgres"


def _works_on(cluster: Path, entry: Path, words: list[bytes]) -> bool:
    try:
        # PostgreSQL's working directory is its data directory.
        return (entry / "cwd").readlink() == cluster
    except PermissionError:
        # Root in a container without CAP_SYS_PTRACE may not look at another user's process; arguments are public.
        return (b"-D", os.fsencode(cluster)) in pairwise(words)
