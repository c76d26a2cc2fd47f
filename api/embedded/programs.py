"""PostgreSQL's programs, run as the server's user and with nothing of our environment that could steer them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from api.embedded.account import Account
from api.embedded.errors import EmbeddedServerError

GUARD_NAME = "regulars-guard"
# The server must die with the application, however that dies. The application holds the only writing end of a pipe;
# the kernel closes it in every kind of death, and then this script asks the server for a fast shutdown. Unlike
# PR_SET_PDEATHSIG this is bound to the process, not to the thread that happened to call start(), needs no code
# between fork and exec, and works wherever there is a shell. The request is repeated because a server that has only
# just been started does not listen to signals yet; it is not repeated for ever, because where nobody collects the
# dead a server that has ended still looks alive.
_GUARD = """
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
(read -r line <&3; tries=0; while [ "$((tries += 1))" -le 120 ] && kill -INT "$server"; do sleep 1; done) 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of PostgreSQL programs and the user they run as (None: the user we are)."""

    folder: Path
    account: Account | None

    def run(
        self, program: str, *arguments: str, given: str = "", password: str | None = None, seconds: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end with `given` as its input; raise OSError if it cannot be started."""
        return _run([str(self.folder / program), *arguments], self.account, given, password, seconds)

    def spawn_guarded(self, program: str, *arguments: str, log: int) -> subprocess.Popen[bytes]:
        """Start a server that gets a fast shutdown when the returned process's `stdin` is closed or we die.

        The returned process ends when the server has ended, with its exit status. A session of its own keeps the
        terminal's Ctrl-C from reaching the server before the application has finished with it.
        """
        return subprocess.Popen(  # noqa: S603  (our own script, no shell text from outside)
            ["/bin/sh", "-c", _GUARD, GUARD_NAME, str(self.folder / program), *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            env=_environment(None),
            start_new_session=True,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )


def require_way_in(folder: Path, account: Account | None) -> None:
    """Raise EmbeddedServerError unless the server's user can reach a folder."""
    if account is None or _can_enter(folder, account):
        return
    shut = next(place for place in (*reversed(folder.parents), folder) if not _can_enter(place, account))
    raise EmbeddedServerError(
        f"PostgreSQL never runs as root, and the user {account.name!r} cannot enter {shut}. Choose another place with "
        f"--data, for instance /var/lib/regulars; or set REGULARS_POSTGRES_USER to a user who can enter; "
        f"or allow it with: chmod o+x {shut}"
    )


def _can_enter(folder: Path, account: Account) -> bool:
    try:
        return _run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], account).returncode == 0
    except OSError:
        raise EmbeddedServerError(
            f"Root may not become the user {account.name!r} here; start Regulars as a plain user, "
            "or set REGULARS_POSTGRES_USER to a user it may become."
        ) from None


def _run(
    command: list[str],
    account: Account | None,
    given: str = "",
    password: str | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (a program of PostgreSQL, no shell)
        command,
        input=given,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
        cwd="/",
        env=_environment(password),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _environment(password: str | None) -> dict[str, str]:
    # An allow-list: PGOPTIONS, PGDATA, TZ or a secret of the application have no business in the server.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    kept |= {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"}
    return kept if password is None else kept | {"PGPASSWORD": password}
