"""Which operating-system user the server runs as: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from api.embedded.errors import EmbeddedServerError


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int


def server_account(cluster: Path, environment: Mapping[str, str]) -> Account | None:
    """Return the user to drop to, or None when we are a plain user and the server simply runs as us.

    REGULARS_POSTGRES_USER decides; without it whoever owns the existing cluster, then `postgres`, then `nobody`.
    """
    if os.geteuid() != 0:
        return None
    chosen = environment.get("REGULARS_POSTGRES_USER")
    if chosen:
        return _named(chosen)
    return _owner(cluster) or _first_of("postgres", "nobody")


def hand_over(path: Path, account: Account | None) -> None:
    """Make the account the owner of a file or of a folder with all it holds, if it is not yet; follow no links."""
    if account is None or path.lstat().st_uid == account.uid:
        return
    for entry in _tree(path):
        os.lchown(entry, account.uid, account.gid)


def _named(name: str) -> Account:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedServerError(
            f"There is no user {name!r} on this machine; set REGULARS_POSTGRES_USER to an existing, unprivileged user."
        ) from None
    if entry.pw_uid == 0:
        raise EmbeddedServerError("PostgreSQL never runs as root; set REGULARS_POSTGRES_USER to an unprivileged user.")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _owner(cluster: Path) -> Account | None:
    if not cluster.exists() or cluster.stat().st_uid == 0:
        return None
    owner = cluster.stat()
    try:
        return Account(pwd.getpwuid(owner.st_uid).pw_name, owner.st_uid, owner.st_gid)
    except KeyError:  # containers run under numbers that have no name
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)


def _first_of(*names: str) -> Account:
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in names:
        if name in known:
            return _named(name)
    raise EmbeddedServerError(
        "PostgreSQL never runs as root, and this machine has neither a user `postgres` nor `nobody`; "
        "set REGULARS_POSTGRES_USER to an unprivileged user."
    )


def _tree(path: Path) -> Iterator[Path]:
    # From the leaves to the root: the root's owner is what says that the whole tree is done.
    for folder, folders, files in os.walk(path, topdown=False):
        yield from (Path(folder) / name for name in (*folders, *files))
    yield path
