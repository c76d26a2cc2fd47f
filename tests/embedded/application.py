"""An application of its own process that keeps a server until its input ends: python application.py '{"data": …}'."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from api.embedded import start


def _tell(said: str) -> None:
    sys.stderr.write(f"{said}\n")


def main() -> None:
    """Print the server's address, then wait; `uid` makes it the application of that plain user."""
    given = json.loads(sys.argv[1])
    if given.get("uid"):
        os.setgroups([])
        os.setgid(given["gid"])
        os.setuid(given["uid"])
        os.environ.pop("HOME", None)
    binaries = Path(given["binaries"]) if given.get("binaries") else None
    with start(Path(given["data"]), binaries=binaries, report=_tell) as server:
        sys.stdout.write(f"{server.dsn}\n")
        sys.stdout.flush()
        sys.stdin.read()


main()
