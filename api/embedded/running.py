"""A server that another process of ours keeps: commands work beside it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import PORT, open_folder
from api.embedded.lock import is_locked
from api.embedded.postmaster import address

# The other process may only just be starting, and a first start takes some seconds.
_PATIENCE_SECONDS = 30


def running_server(data_dir: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the address of the server that another process runs on a data folder, or None if nobody uses the folder.

    The address is a secret. Raise EmbeddedServerError where the folder is in use and its server cannot be reached.
    """
    if not data_dir.expanduser().exists():
        return None
    folder = open_folder(data_dir, environment)
    until = time.monotonic() + _PATIENCE_SECONDS
    while is_locked(folder):
        try:
            if _listens(folder.socket / f".s.PGSQL.{PORT}"):
                return address(folder, folder.password.read_text().strip())
        except PermissionError:
            raise EmbeddedServerError(
                f"The data folder {folder.root} is in use by a process of another user; run this command as that user."
            ) from None
        if time.monotonic() > until:
            raise EmbeddedServerError(
                f"The data folder {folder.root} is in use, but no PostgreSQL answers there; "
                "stop the process that uses it, or wait until it has started."
            )
        time.sleep(0.1)
    return None


def _listens(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(place))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True
