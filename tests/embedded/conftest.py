"""Folders that the server's user can reach, a set-up cluster to copy, and applications to kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from api.embedded import start
from api.embedded.processes import servers_of
from tests.embedded.witness import Application


@pytest.fixture(scope="session")
def tried() -> Iterator[Path]:
    """A folder below /tmp that every user may pass through, which pytest's own folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="regulars-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def set_up_once(tried: Path) -> Path:
    """The data folder of a server that was set up and stopped."""
    start(tried / "set-up-once").stop()
    return tried / "set-up-once"


@pytest.fixture
def empty(tried: Path) -> Iterator[Path]:
    """A data folder that does not exist yet."""
    yield from _fresh(tried)


@pytest.fixture
def data(set_up_once: Path) -> Iterator[Path]:
    """A data folder with a stopped server, the same for all who leave it as it was."""
    yield set_up_once
    _kill_servers(set_up_once)


@pytest.fixture
def spoilt(tried: Path, set_up_once: Path) -> Iterator[Path]:
    """A data folder with a stopped server of its own, for a test that leaves it otherwise."""
    for folder in _fresh(tried):
        subprocess.run(["cp", "-a", set_up_once, folder], check=True)
        yield folder


@pytest.fixture
def launch() -> Iterator[Callable[..., Application]]:
    """Start applications as processes; what is still alive at the end is killed."""
    launched: list[Application] = []

    def launch(data: Path, **given: Any) -> Application:
        launched.append(Application(data, **given))
        return launched[-1]

    yield launch
    for application in launched:
        application.kill()


def _fresh(tried: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=tried))
    folder.rmdir()
    yield folder
    _kill_servers(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _kill_servers(folder: Path) -> None:
    for process in servers_of(folder / "postgresql"):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
