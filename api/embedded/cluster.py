"""The database cluster: made whole or not at all, with a password only its owner can read."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from api.embedded.account import hand_over
from api.embedded.errors import EmbeddedServerError
from api.embedded.folder import DataFolder
from api.embedded.programs import Programs

USER = DATABASE = "regulars"
_UNFINISHED = "postgresql.new-"
# Letters beyond ASCII need a UTF-8 character type, and not every system has the same one.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "C")


def ensure_cluster(folder: DataFolder, programs: Programs, version: str, report: Callable[[str], None]) -> str:
    """Return the password of the folder's cluster, which is made first if there is none.

    A cluster grows in a sibling folder and gets its name when it is complete, so one that was interrupted is never
    taken for one. Raise EmbeddedServerError for a cluster of another PostgreSQL version.
    """
    for unfinished in folder.root.glob(f"{_UNFINISHED}*"):
        # Its initdb may have outlived the application and may still write; then the next start gets the rest.
        shutil.rmtree(unfinished, ignore_errors=True)
    if not folder.cluster.exists():
        report(f"Setting up PostgreSQL {version} in {folder.root}")
        return _create(folder, programs, int(version.split(".")[0]))
    _require_version(folder.cluster, version)
    hand_over(folder.cluster, programs.account)
    if not folder.password.exists():
        report("The password file is gone; setting a new password")
        return _replace_password(folder, programs)
    hand_over(folder.password, programs.account)
    return folder.password.read_text().strip()


def _create(folder: DataFolder, programs: Programs, major: int) -> str:
    password = _write_password(folder, programs, secrets.token_urlsafe(32))
    cluster = _initialised(folder, programs, major)
    _alone(programs, cluster, f"CREATE DATABASE {DATABASE}")
    cluster.rename(folder.cluster)
    _flush(folder.root)
    return password


def _initialised(folder: DataFolder, programs: Programs, major: int) -> Path:
    said = ""
    for character_type in _CHARACTER_TYPES:
        # A new name for each attempt: an orphan of an earlier one must not write into this one.
        cluster = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.root))
        hand_over(cluster, programs.account)
        answer = programs.run("initdb", *_options(folder, cluster, major, character_type))
        if answer.returncode == 0:
            return cluster
        shutil.rmtree(cluster, ignore_errors=True)
        said = answer.stderr.strip()
        if "invalid locale" not in said:
            break
    raise EmbeddedServerError(f"PostgreSQL could not be set up in {folder.root}. It says: {said}")


def _options(folder: DataFolder, cluster: Path, major: int, character_type: str) -> list[str]:
    options = ["-D", str(cluster), "-U", USER, f"--pwfile={folder.password}", "--data-checksums", "--encoding=UTF8"]
    options += ["--auth-local=scram-sha-256", "--auth-host=reject", "--locale=C", f"--lc-ctype={character_type}"]
    # The built-in provider sorts and folds case the same way on every machine and in every release.
    return [*options, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else options


def _replace_password(folder: DataFolder, programs: Programs) -> str:
    password = secrets.token_urlsafe(32)
    _alone(programs, folder.cluster, f"ALTER ROLE {USER} PASSWORD '{password}'")
    return _write_password(folder, programs, password)


def _alone(programs: Programs, cluster: Path, statement: str) -> None:
    """Run one statement without a server, in PostgreSQL's single-user mode."""
    quiet = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
    answer = programs.run("postgres", "--single", "-D", str(cluster), *quiet, "postgres", given=f"{statement}\n")
    if answer.returncode != 0:
        raise EmbeddedServerError(f"PostgreSQL could not be set up in {cluster}. It says: {answer.stderr.strip()}")


def _write_password(folder: DataFolder, programs: Programs, password: str) -> str:
    descriptor, name = tempfile.mkstemp(prefix="password.new-", dir=folder.root)  # mode 0600
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{password}\n")
        file.flush()
        os.fsync(descriptor)
    hand_over(Path(name), programs.account)
    Path(name).replace(folder.password)
    _flush(folder.root)
    return password


def _require_version(cluster: Path, version: str) -> None:
    major = version.split(".")[0]
    try:
        made_by = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedServerError(
            f"{cluster} is not a PostgreSQL data directory; move it away, or choose another folder with --data."
        ) from None
    if made_by != major:
        raise EmbeddedServerError(
            f"The data in {cluster} was made by PostgreSQL {made_by}, but the programs at hand are PostgreSQL {major}. "
            f"Set PG_BIN to the program folder of a PostgreSQL {made_by}, or move the data with pg_dump."
        )


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
