"""`regulars serve` as a process of its own, as clients meet it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.repository import ROOT

_READY = re.compile(r"Regulars is ready at (\S+)\n")


@contextmanager
def serving(dsn: str, **settings: str) -> Iterator[str]:
    """Serve a database while the block lasts and give the address of the API; settings are environment variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REGULARS_", "DB_"))}
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--no-demo"],
        cwd=ROOT,
        env={**kept, "DATABASE_URL": dsn, **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        ready = _READY.fullmatch(process.stdout.readline())
        assert ready, "regulars serve did not get ready"
        yield f"{ready[1]}/graphql"
    finally:
        process.terminate()
        process.communicate()
