"""The systems that are measured: how each is started, and how it is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from benchmarks.servers import ROOT, Program

POSTGRAPHILE = ROOT / "benchmarks" / "postgraphile"
KEY = "@KEY@"
"""Stands for a key that was never used before; the load generator puts one in its place."""


@dataclass(frozen=True, slots=True)
class System:
    """A GraphQL server under measurement.

    walk         query that gives the identifiers of $first customers after a cursor, and the cursor of the last one
    identifier   how it writes the key of a customer
    environment  what it is told besides its database
    """

    name: str
    title: str
    path: str
    command: tuple[str, ...]
    walk: str
    identifier: Callable[[UUID], str]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)

    def program(self, dsn: str, **environment: str) -> Program:
        """Return how the server is started on a database."""
        return Program(self.command, {"DATABASE_URL": dsn, **self.environment, **environment}, self.folder)


def _served_by_uvicorn(app: str) -> tuple[str, ...]:
    quiet = ("--no-access-log", "--log-level", "warning", "--no-proxy-headers")
    return (sys.executable, "-m", "uvicorn", app, "--port", "{port}", *quiet)


_WALK = "query Walk($first: Int!, $after: {cursor}) {{ customers(first: $first, after: $after{order}) {{ {items} }} }}"
_ITEMS = "nodes { id } pageInfo { endCursor }"

REGULARS = System(
    "regulars",
    "Regulars",
    "/graphql",
    (str(Path(sys.executable).with_name("regulars")), "serve", "--port", "{port}"),
    _WALK.format(cursor="String", order="", items=_ITEMS),
    lambda key: f"cus_{key.hex}",
    # Once a day everybody is ranked in the background: not while something else is measured.
    environment={"REGULARS_RANKING_PAUSE_SECONDS": "0"},
)
IDIOMATIC = System(
    "idiomatic",
    "Strawberry + SQLAlchemy ORM + data loaders",
    "/",
    _served_by_uvicorn("benchmarks.idiomatic.app:app"),
    _WALK.format(cursor="String", order="", items=_ITEMS),
    str,
)
POSTGRAPHILE_5 = System(
    "postgraphile",
    "PostGraphile 5",
    "/graphql",
    (str(POSTGRAPHILE / "node_modules" / ".bin" / "node"), "server.mjs"),
    _WALK.format(cursor="Cursor", order=", orderBy: CREATED_AT_ASC", items=_ITEMS),
    str,
    POSTGRAPHILE,
    # Without these Grafast and its parts check themselves as they do for developers.
    {"NODE_ENV": "production", "GRAPHILE_ENV": "production"},
)
LIMIT = "limit"
LIMIT_COMMAND = _served_by_uvicorn("benchmarks.limit.app:app")


def limit_program(dsn: str, variants: Path) -> Program:
    """Return how the bare server is started; it takes the statements and their parameters from a file."""
    return Program(LIMIT_COMMAND, {"DATABASE_URL": dsn, "BENCHMARK_VARIANTS": str(variants)})


def postgraphile_obstacle(tell: Callable[[str], None]) -> str | None:
    """Return why PostGraphile cannot be measured; None where it can, after installing it where it is missing."""
    if (POSTGRAPHILE / "node_modules" / ".package-lock.json").exists():
        return None
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not on the PATH"
    tell("Installing PostGraphile and Node 22 for it, once")
    installed = subprocess.run([npm, "ci", "--silent"], cwd=POSTGRAPHILE, capture_output=True, text=True, check=False)
    return None if installed.returncode == 0 else f"npm ci failed: {installed.stderr.strip()[-300:]}"
