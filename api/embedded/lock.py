"""One process per data folder."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass

from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import DataFolder

# A process that has just been killed may need a moment to let go.
_PATIENCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FolderLock:
    """A lock that ends with this process at the latest; programs we start do not inherit it."""

    descriptor: int

    def release(self) -> None:
        """Give the folder free, also for forked copies of this process."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)


def lock_folder(folder: DataFolder) -> FolderLock:
    """Take the folder for this process; raise EmbeddedServerError at once if another process has it."""
    try:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise EmbeddedServerError(
            f"The data folder {folder.root} cannot be locked ({error.strerror}); "
            "run Regulars as the user who owns it, or choose another one with --data."
        ) from None
    if not _taken(descriptor):
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise EmbeddedServerError(
            f"The data folder {folder.root} is in use by {f'process {holder}' if holder else 'another process'}; "
            "stop that one first, or choose another folder with --data."
        )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return FolderLock(descriptor)


def is_locked(folder: DataFolder) -> bool:
    """Return whether another process has the folder."""
    try:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        # Shared, so that those who look at the same time do not take each other for the owner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _taken(descriptor: int) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        else:
            return True
