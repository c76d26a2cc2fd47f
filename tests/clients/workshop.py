"""A folder with our schema, our operations and the tools of other makers that judge them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.postgresql import locked
from tests.repository import ROOT

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
OLDEST_NODE = (20, 19)
_PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Workshop:
    """A folder of its own in which tools run; what they make stays there."""

    folder: Path

    @property
    def schema(self) -> Path:
        return self.folder / "schema.graphql"

    def run(self, tool: str, *words: str, fails: bool = False, **variables: str) -> str:
        """Run an installed tool, require that it succeeds or fails, and return what it printed."""
        return run_in(self.folder, str(PACKAGES / ".bin" / tool), *words, fails=fails, **variables)

    def tell(self, script: str, *words: str) -> Any:
        """Run one of our scripts on Node and return the value it printed as JSON."""
        return json.loads(run_in(self.folder, "node", script, *words))

    def copy(self, folder: Path) -> Workshop:
        """Return a copy that may be changed."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Workshop(folder)

    def rewrite_schema(self, before: str, after: str) -> None:
        """Change the schema at one place or more, and make sure that it was changed."""
        text = self.schema.read_text()
        assert before in text
        self.schema.write_text(text.replace(before, after))


def new_workshop(folder: Path) -> Workshop:
    """Return a folder with everything tracked here, the schema and the explorer's operations; nothing is built yet."""
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "*.py"))
    shutil.copytree(ROOT / "api/web/tabs", folder / "tabs")
    shutil.copy(ROOT / "schema.graphql", folder)
    (folder / "node_modules").symlink_to(PACKAGES)
    return Workshop(folder)


def node_found() -> bool:
    """Return whether this machine has npm and a Node that the tools run on."""
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def install_packages() -> None:
    """Install what the lock file says, unless it is installed."""
    lock, installed = HERE / "package-lock.json", PACKAGES / ".installed"
    with locked(lock):
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
        if not (installed.exists() and installed.read_text() == wanted):
            # No package may run anything while it is installed, and none of these has to.
            run_in(HERE, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
            installed.write_text(wanted)


def run_in(folder: Path, *command: str, fails: bool = False, **variables: str) -> str:
    """Run a program to its end, require that it succeeds or fails, and return what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE_SECONDS,
    )
    assert (done.returncode != 0) == fails, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout
