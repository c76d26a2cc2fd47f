"""The data folder: what lies where, and the private folder of the socket."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.embedded.account import Account, hand_over
from api.embedded.errors import EmbeddedServerError

PORT = 5432
# sockaddr_un holds 104 bytes on macOS and 108 on Linux.
_LONGEST_SOCKET_PATH = 100
_LARGEST_LOG = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths inside one data folder. Started by root, only `cluster`, `password` and `socket` change owner."""

    root: Path
    socket: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "postgresql"

    @property
    def password(self) -> Path:
        """The file, mode 0600, that holds the password."""
        return self.root / "password"

    @property
    def lock(self) -> Path:
        """The file whose lock says that a process uses this folder."""
        return self.root / "regulars.lock"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.root / "postgresql.log"

    @property
    def programs(self) -> Path:
        """Copies of PostgreSQL's programs, one folder per version."""
        return self.root / "server"

    @property
    def socket_is_inside(self) -> bool:
        """Whether the socket's folder lies in the data folder."""
        return self.socket.parent == self.root


def default_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder used when none is named: the user's, or /var/lib/regulars for root."""
    if os.geteuid() == 0:
        return Path("/var/lib/regulars")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "regulars"
    chosen = Path(environment.get("XDG_DATA_HOME", ""))
    return (chosen if chosen.is_absolute() else Path.home() / ".local" / "share") / "regulars"


def open_folder(data_dir: Path, environment: Mapping[str, str] = os.environ) -> DataFolder:
    """Return the data folder, made if it is not there; raise EmbeddedServerError if it cannot be."""
    root = data_dir.expanduser().resolve()
    folder = DataFolder(root, _socket_folder(root, environment))
    try:
        folder.root.parent.mkdir(parents=True, exist_ok=True)
        folder.root.mkdir(mode=0o700, exist_ok=True)
        _let_server_in(folder)
    except OSError as error:
        raise EmbeddedServerError(
            f"The data folder {folder.root} cannot be used ({error.strerror}); choose another one with --data."
        ) from None
    return folder


def make_socket_folder(folder: DataFolder, account: Account | None) -> Path:
    """Return the socket's folder, mode 0700, the server's own and empty; no server of this folder may be running."""
    place = folder.socket
    is_new = not os.path.lexists(place)
    if is_new:
        place.mkdir(mode=0o700)
    if is_new or (folder.socket_is_inside and not place.is_symlink()):
        hand_over(place, account)
    # Outside the data folder somebody else may have been there first.
    if place.is_symlink() or place.stat().st_uid != (account.uid if account else os.geteuid()):
        raise EmbeddedServerError(f"{place} belongs to somebody else; delete it, or choose a shorter path for --data.")
    place.chmod(0o700)
    for leftover in place.glob(".s.PGSQL.*"):
        leftover.unlink()
    return place


def open_log(folder: DataFolder) -> int:
    """Return a descriptor that appends to the log; a log over 10 MB makes room and is kept once as `.log.1`."""
    if folder.log.exists() and folder.log.stat().st_size > _LARGEST_LOG:
        folder.log.replace(folder.log.with_suffix(".log.1"))
    return os.open(folder.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _socket_folder(root: Path, environment: Mapping[str, str]) -> Path:
    """Return where the socket goes: inside the data folder, unless the kernel or libpq cannot take that path."""
    inside = root / "socket"
    is_short = len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET_PATH
    if is_short and not set(str(inside)) & set(',"'):  # libpq and PostgreSQL take a comma for a list of folders
        return inside
    place = Path(environment.get("XDG_RUNTIME_DIR", ""))
    if os.geteuid() == 0 or not place.is_absolute() or not os.access(place, os.W_OK):
        place = Path(tempfile.gettempdir())
    return place / f"regulars-{hashlib.sha256(os.fsencode(root)).hexdigest()[:12]}"


def _let_server_in(folder: DataFolder) -> None:
    # Root's folder is root's, but the server, who is somebody else, must be able to pass through it. A folder that
    # already serves another purpose is not ours to open.
    is_ours = folder.lock.exists() or not any(folder.root.iterdir())
    if os.geteuid() == 0 and is_ours:
        folder.root.chmod(folder.root.stat().st_mode & 0o7777 | 0o011)
