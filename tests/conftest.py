"""A migrated database for every test that asks for one; the schema to ask, and rows to be given."""

from __future__ import annotations

import gc
import os

# As many processes test as there are processors: threads for small matrices would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from api.database import database as open_database
from tests import postgresql
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, connected

NEW_OBJECTS = 50_000
"""After so many, rubbish is looked for among them."""
_FOLDER = pytest.StashKey[Path]()
_UNTIL_END = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Find the folder of the run; the run's first process makes it."""
    # Plans are made of many small objects that stay; looking for rubbish among them took a fifth of the time.
    gc.set_threshold(NEW_OBJECTS)
    told: dict[str, Any] | None = getattr(config, "workerinput", None)
    held = config.stash[_UNTIL_END] = ExitStack()
    config.stash[_FOLDER] = Path(told["folder"]) if told else postgresql.new_folder()
    if not told:
        held.enter_context(postgresql.run_of_tests(config.stash[_FOLDER]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker the folder of the run."""
    node.workerinput["folder"] = str(node.config.stash[_FOLDER])


_LONGEST = (
    "writes/test_importing_killed.py",
    "test_cli.py",
    "web/page/test_page_tabs.py",
    "plan/test_law.py",
    "packaging/test_wheel.py",
    "ranking/test_scores.py",
    "activity/test_oracle.py",
    "graph/test_what_if.py",
    "web/page/test_page_strip.py",
    "plan/test_clocks.py",
    "web/page/test_page_looks.py",
    "web/page/test_page_panes.py",
    "writes/test_standing.py",
    "web/page/test_page_keeping.py",
    "graph/test_active_policy_preview.py",
    "web/page/test_page_keyboard.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one of them when the others are done."""
    place = {Path(__file__).parent / name: at for at, name in enumerate(_LONGEST)}
    assert all(path.is_file() for path in place)
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """Leave out what stays until the end wherever rubbish is looked for from now on."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run; the server is gone when this returns."""
    config.stash[_UNTIL_END].close()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gives the address of the run's PostgreSQL of a version."""
    return lambda version: postgresql.server(request.config.stash[_FOLDER], version)


@pytest.fixture(scope="session")
def server_url(servers: Callable[[str], str]) -> str:
    """Address of the run's PostgreSQL: the embedded one, or a system's by REGULARS_TEST_POSTGRES=15."""
    return servers(os.environ.get("REGULARS_TEST_POSTGRES", postgresql.EMBEDDED))


@pytest.fixture(scope="session")
def new_database(server_url: str, worker: str) -> Callable[[], AbstractContextManager[str]]:
    """Makes migrated, empty databases for as long as a block lasts."""
    numbers = count(1)
    return lambda: postgresql.fresh_database(server_url, f"test_{worker}_{next(numbers)}")


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """Name of this process among those of the run."""
    told: dict[str, Any] = getattr(request.config, "workerinput", {})
    return str(told.get("workerid", "alone"))


@pytest.fixture
def database_url(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Address of a migrated, empty database of this test's own."""
    with new_database() as address:
        yield address


@pytest.fixture(scope="module")
def module_database_url(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Address of a migrated, empty database of this module's own, for tests that only read."""
    with new_database() as address:
        yield address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[WatchedDatabase]:
    """The database as the application opens it, with its statements noted."""
    # Some tests ask for everything there is in one statement, on a machine that they share.
    async with open_database(database_url, pool_size=4, read_timeout=60, write_timeout=60) as opened:
        yield WatchedDatabase.of(opened)


@pytest.fixture
async def given(database_url: str) -> AsyncIterator[Given]:
    """Makes rows in the test's database."""
    connection = await connected(database_url)
    yield Given(connection)
    await connection.close()


@pytest.fixture
def ask(database: WatchedDatabase) -> Ask:
    """Executes documents on the test's database; knows the last one's errors and statements."""
    return Ask(database)
