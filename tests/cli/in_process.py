"""The command as its own process would run it, in the process of the tests: starting one takes two seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from api.cli import main


def called(*words: str, environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a folder and an environment; return what it printed and its exit code."""
    told, complained = StringIO(), StringIO()
    with _surrounded(words, environment, folder), redirect_stdout(told), redirect_stderr(complained):
        try:
            main()
            ended: object = 0
        except SystemExit as end:
            ended = end.code or 0
    assert isinstance(ended, int), ended
    return subprocess.CompletedProcess(words, ended, told.getvalue(), complained.getvalue())


@contextmanager
def _surrounded(words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Have nothing but an environment, a folder and words on the command line for as long as a block lasts."""
    kept = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as here:
        for name in os.environ.keys() - environment.keys():
            here.delenv(name)
        for name, value in environment.items():
            here.setenv(name, value)
        here.chdir(folder)
        here.setattr(sys, "argv", ["regulars", *words])
        yield
    signal.signal(signal.SIGTERM, kept)
