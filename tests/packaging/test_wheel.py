"""The wheel, installed alone with its locked dependencies into an empty environment, is the whole product.

Building and installing takes half a minute and is done once: the tests of a file stay with one worker (`make test`).
"""

import os
import signal
import socket
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from tests.folders import data_folder
from tests.repository import ROOT, tracked_files

# initdb, migrations and start on a busy machine; usually three seconds.
START_SECONDS = 120


@dataclass(frozen=True)
class Installation:
    """An environment that holds the wheel, and an empty folder to work in, away from the repository."""

    binaries: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what a fresh login has: no variable of the test run reaches the installed program."""
        return {"PATH": f"{self.binaries}{os.pathsep}{os.defpath}", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [str(self.binaries / command[0]), *command[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@dataclass(frozen=True)
class Server:
    """A running `regulars serve` and where it answers."""

    process: subprocess.Popen[bytes]
    url: str
    output: Path


def pip(binaries: Path, *arguments: str | Path) -> str:
    """Let the pip of this environment work on another; one of its own would take as long to install as all the rest."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(binaries / "python")]
    done = subprocess.run([*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "environment")
    binaries = folder / "environment" / "bin"
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock"]
    pip(binaries, "install", "--no-compile", *locked)
    pip(binaries, "install", "--no-compile", "--no-deps", "--no-index", wheel)
    # Started by root, PostgreSQL runs as somebody else, who cannot enter pytest's own folders.
    with data_folder() as elsewhere:
        elsewhere.mkdir()
        yield Installation(binaries, elsewhere)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def server(installed: Installation) -> Iterator[Server]:
    port = str(free_port())
    command = ["serve", "--host", "127.0.0.1", "--port", port, "--data", "data", "--no-demo"]
    output = installed.folder / "serve.txt"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [str(installed.binaries / "regulars"), *command],
            cwd=installed.folder,
            env=installed.environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    running = Server(process, f"http://127.0.0.1:{port}", output)
    try:
        wait_until_ready(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=START_SECONDS)


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while f"Regulars is ready at {server.url}" not in server.output.read_text():
        assert server.process.poll() is None, server.output.read_text()
        assert time.monotonic() < deadline, server.output.read_text()
        time.sleep(0.1)


class Assets(HTMLParser):
    """Collects the addresses of the scripts and style sheets a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"script": "src", "link": "href"}.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


def test_it_holds_the_package_the_migrations_and_the_page_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    tracked = [str(path) for path in tracked_files()]
    package = {path for path in tracked if path.startswith("api/")}
    migrations = {
        path.replace("migrations/", "api/_migrations/", 1) for path in tracked if path.startswith("migrations/")
    }
    assert held == package | migrations
    assert "api/_migrations/env.py" in held
    assert any(name.startswith("api/web/page/") for name in held)


def test_it_carries_its_licence_and_its_command(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        [licence] = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        [commands] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
        assert archive.read(commands).decode().split() == ["[console_scripts]", "regulars", "=", "api.cli:main"]


def test_the_installed_package_is_not_the_repository(installed: Installation):
    place = installed.run("python", "-c", "import api; print(api.__file__)")
    assert Path(place.strip()).is_relative_to(installed.binaries.parent)


def test_its_dependencies_agree_with_each_other(installed: Installation):
    assert pip(installed.binaries, "check").strip() == "No broken requirements found."


def test_help_names_the_commands(installed: Installation):
    printed = installed.run("regulars", "--help")
    for command in ("serve", "init", "migrate", "import", "demo", "check", "schema"):
        assert f" {command} " in printed


def test_migrate_brings_a_new_database_to_the_newest_schema_and_is_safe_to_repeat(installed: Installation):
    for _ in range(2):
        installed.run("regulars", "migrate", "--data", "migrated")


def test_the_page_and_all_it_loads_are_served(server: Server):
    page = httpx2.get(f"{server.url}/")
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    assets = Assets()
    assets.feed(page.text)
    assert len(assets.found) >= 2
    for address in assets.found:
        assert httpx2.get(urljoin(f"{server.url}/", address)).status_code == 200, address


def test_a_query_is_answered(server: Server):
    query = {"query": "{ __typename customers(first: 1) { nodes { id } } }"}
    answer = httpx2.post(f"{server.url}/graphql", json=query)
    assert answer.status_code == 200
    assert answer.json() == {"data": {"__typename": "Query", "customers": {"nodes": []}}}


def test_it_stops_cleanly_when_told_to(server: Server):
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0, server.output.read_text()
