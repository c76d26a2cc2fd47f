"""The tools of other makers, a workshop for them, and a running server for them to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.clients.server import serving
from tests.clients.workshop import OLDEST_NODE, Workshop, install_packages, new_workshop, node_found

FOUND = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = []


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The schema, the operations and the installed tools; copy it to change anything."""
    if not node_found():
        oldest = ".".join(map(str, OLDEST_NODE))
        pytest.skip(f"no npm and Node {oldest} or newer found: no foreign client has judged the API")
    install_packages()
    return new_workshop(tmp_path_factory.mktemp("clients") / "workshop")


@pytest.fixture(scope="module")
def address(workshop: Workshop, module_database_url: str) -> Iterator[str]:
    """Where `regulars serve` answers, over the module's database."""
    with serving(module_database_url) as address:
        yield address


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line at the end of the run."""
    return request.config.stash[FOUND].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[FOUND]:
        terminalreporter.write_line(line)
