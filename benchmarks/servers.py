"""Servers under measurement: each is a process of its own, asked over HTTP on a port of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

START_SECONDS = 90.0
STOP_SECONDS = 30.0
ROOT = Path(__file__).parents[1]


class ServerFailed(Exception):
    """A server did not start, or answered with an error."""


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Program:
    """How a server is started; `{port}` in the command stands for its port, which is also in PORT."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = ROOT


class Running:
    """A started server; a context manager that stops it."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
        self.program = program
        self.port = port
        self._process = process
        self._log = log

    @classmethod
    def start(cls, program: Program) -> Self:
        """Start a server, which is not ready yet."""
        port = free_port()
        command = [part.format(port=port) for part in program.command]
        environment = {**os.environ, **program.environment, "PORT": str(port)}
        # Python keeps what it compiled, as it does unless told otherwise, so that a second start finds it.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the server)
        process = subprocess.Popen(
            command, cwd=program.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        return cls(program, process, port, log)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_until_ready(self, path: str, body: bytes) -> float:
        """Wait until the server answers a request with 200 and return the seconds it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < START_SECONDS:
            if self._process.poll() is not None:
                break
            with suppress(URLError, ConnectionError, ServerFailed):
                self.ask(path, body)
                return time.monotonic() - begun
            time.sleep(0.01)
        raise ServerFailed(f"{self.program.command[0]} did not start:\n{self._said()}")

    def ask(self, path: str, body: bytes) -> Any:
        """Return the answer to a request as plain values; raise ServerFailed for a status other than 200."""
        request = Request(self.url(path), body, {"Content-Type": "application/json"})  # noqa: S310  (our own address)
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as refused:
            raise ServerFailed(f"{self.url(path)} answered {refused.code}: {refused.read(500)!r}") from None

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")
