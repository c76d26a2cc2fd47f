"""Bringing the server up and down: by connecting to it, never by trusting a PID file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from api.embedded.cluster import DATABASE, USER
from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import PORT, DataFolder, make_socket_folder, open_log
from api.embedded.processes import stop_servers
from api.embedded.programs import Programs

# Without a sign of progress; crash recovery reports its progress to the log every 10 seconds.
_PATIENCE_SECONDS = 120
_STOP_SECONDS = 60

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "TimeZone": "UTC",
    "client_connection_check_interval": "500ms",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "jit": "off",
    "random_page_cost": "1.1",
    # Statements, details and error messages can hold customers' data; the application learns of its errors anyway.
    "log_statement": "none",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_startup_progress_interval": "10s",
}


@dataclass(frozen=True, slots=True)
class Postmaster:
    """How to run the server of one data folder, whose lock the caller holds."""

    folder: DataFolder
    programs: Programs
    password: str = field(repr=False)
    settings: Mapping[str, str]
    report: Callable[[str], None]

    @property
    def dsn(self) -> str:
        """Where and as whom to connect, with the password."""
        return address(self.folder, self.password)

    def start(self) -> subprocess.Popen[bytes]:
        """Return the guard of a server that answers; raise EmbeddedServerError with what the server said if not.

        Whatever is left of an earlier server is stopped first. As long as an earlier one is still letting go of its
        shared memory, the start is tried again.
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            stop_servers(self.folder.cluster)
            # We hold the lock and no server works here, so a PID file is stale, whichever process it names by now.
            (self.folder.cluster / "postmaster.pid").unlink(missing_ok=True)
            said_before = self._log_size()
            guard = self._spawn()
            if self._answers(guard):
                return guard
            self.stop(guard)
            said = self._said_since(said_before)
            if not _may_pass(said) or time.monotonic() > until:
                raise EmbeddedServerError(f"PostgreSQL did not start. It says: {said}\nAll of it: {self.folder.log}")
            time.sleep(0.2)

    def stop(self, guard: subprocess.Popen[bytes]) -> None:
        """Shut the server down fast and cleanly; return when no process of it is left."""
        if guard.stdin:
            guard.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            guard.wait(_STOP_SECONDS)
        stop_servers(self.folder.cluster)
        guard.wait()
        if not self.folder.socket_is_inside:
            with suppress(OSError):
                self.folder.socket.rmdir()

    def _spawn(self) -> subprocess.Popen[bytes]:
        socket = make_socket_folder(self.folder, self.programs.account)
        settings = {**SETTINGS, **self.settings, "unix_socket_directories": f'"{socket}"'}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(open_log(self.folder), "ab") as log:  # noqa: PTH123  (a descriptor has no path)
            return self.programs.spawn_guarded("postgres", "-D", str(self.folder.cluster), *options, log=log.fileno())

    def _answers(self, guard: subprocess.Popen[bytes]) -> bool:
        """Wait until the server answers a query; return False if it ended instead."""
        try:
            return self._wait(guard)
        except BaseException:
            self.stop(guard)
            raise

    def _wait(self, guard: subprocess.Popen[bytes]) -> bool:
        began = progressed = time.monotonic()
        said = -1
        recovering = False
        while guard.poll() is None:
            if self._is_ours():
                return True
            now = time.monotonic()
            if self._log_size() != said:
                said, progressed = self._log_size(), now
            if now - progressed > _PATIENCE_SECONDS:
                raise EmbeddedServerError(
                    f"PostgreSQL has not answered for {_PATIENCE_SECONDS} seconds; see {self.folder.log}"
                )
            if not recovering and now - began > 2:
                recovering = True
                self.report("PostgreSQL is still recovering from its last crash")
            time.sleep(0.05)
        return False

    def _is_ours(self) -> bool:
        """Whether the server on our socket takes our password and serves our data directory."""
        where = ["-h", str(self.folder.socket), "-p", str(PORT), "-U", USER, "-d", DATABASE]
        try:
            answer = self.programs.run(
                "psql", "-XAtqw", *where, "-c", "SHOW data_directory", password=self.password, seconds=10
            )
        except subprocess.TimeoutExpired:
            return False
        if "password authentication failed" in answer.stderr:
            raise EmbeddedServerError(
                f"PostgreSQL does not take the password in {self.folder.password}; "
                "delete this file, and the next start sets a new one."
            )
        return answer.returncode == 0 and Path(answer.stdout.strip()) == self.folder.cluster

    def _log_size(self) -> int:
        return self.folder.log.stat().st_size if self.folder.log.exists() else 0

    def _said_since(self, size: int) -> str:
        with self.folder.log.open("rb") as log:
            log.seek(size if size <= self._log_size() else 0)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-5:])


def address(folder: DataFolder, password: str) -> str:
    """Return where and as whom to connect to the server of a folder, with the password."""
    host = quote(str(folder.socket), safe="/")
    return f"postgresql://{USER}:{quote(password)}@/{DATABASE}?host={host}&port={PORT}"


def _may_pass(said: str) -> bool:
    """Whether a server ended only because an earlier one had not quite gone."""
    return "is still in use" in said or '"postmaster.pid" already exists' in said
