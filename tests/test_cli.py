"""The command as people run it: real folders, and real processes and signals where these are what counts."""

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.embedded.processes import servers_of
from tests.cli.in_process import called
from tests.folders import data_folder
from tests.given import connected
from tests.postgresql import execute, outside_any_loop

REGULARS = [sys.executable, "-c", "from api.cli import main; main()"]
PATIENCE_SECONDS = 90
INIT = ("init", "--name", "Tea & Tools", "--currency", "EUR", "--time-zone", "Europe/Berlin")
LINES = [
    ("order", "customer", "sku", "quantity", "price", "placed"),
    ("A-1", "c1", "TEA", "2", "8.50", "2026-01-15T10:30:00Z"),
    ("A-1", "c1", "POT", "1", "20.00", "2026-01-15T10:30:00Z"),
    ("A-2", "c2", "TEA", "-1", "8.50", "2026-01-16T10:30:00Z"),
]


@dataclass(frozen=True)
class Place:
    """A data folder, a folder to work in, and the environment of a fresh login."""

    data: Path
    work: Path
    more: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
        root = str(Path(__file__).parents[1])
        return {**kept, "PYTHONPATH": root, "REGULARS_DATA": str(self.data), "LC_ALL": "C.UTF-8", **self.more}

    def run(self, *words: str, fails: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and require its exit code; no failure may show a traceback."""
        return ended(called(*words, environment=self.environment, folder=self.work), fails)

    def start(self, *words: str, fails: int = 0) -> subprocess.CompletedProcess[str]:
        """Do the same in a process of its own."""
        done = subprocess.run(
            [*REGULARS, *words],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        return ended(done, fails)

    def with_variables(self, **more: str) -> "Place":
        return Place(self.data, self.work, {**self.more, **more})


def ended(done: subprocess.CompletedProcess[str], with_code: int) -> subprocess.CompletedProcess[str]:
    assert done.returncode == with_code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@dataclass(frozen=True)
class Serving:
    """A running `regulars serve`."""

    process: subprocess.Popen[bytes]
    url: str

    def ask(self, query: str) -> Any:
        answer = httpx2.post(f"{self.url}/graphql", json={"query": query}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def end(self, with_signal: int) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with data_folder() as data:
        yield Place(data, tmp_path, {})


@pytest.fixture
def elsewhere(tmp_path: Path, database_url: str) -> Place:
    """A place whose database is one that runs already."""
    return Place(tmp_path / "unused", tmp_path, {"DATABASE_URL": database_url})


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(place: Place, *words: str) -> Iterator[Serving]:
    """Run `regulars serve` until it is ready; kill what the block has not ended."""
    port = free_port()
    output = place.work / f"serve-{port}.txt"
    with output.open("wb") as sink:
        command = [*REGULARS, "serve", "--port", str(port), *words]
        process = subprocess.Popen(command, cwd=place.work, env=place.environment, stdout=sink, stderr=sink)
    running = Serving(process, f"http://127.0.0.1:{port}")
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while f"Regulars is ready at {running.url}\n" not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < until, output.read_text()
            time.sleep(0.05)
        yield running
    finally:
        process.kill()
        process.wait()


def nothing_runs(place: Place) -> bool:
    return not servers_of(place.data / "postgresql")


def wrong(place: Place) -> list[str]:
    """Return what `regulars check` finds wrong; the server of the tests keeps nothing on disk, which is all right."""
    done = called("check", environment=place.environment, folder=place.work)
    lines = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert (done.returncode, done.stderr) == (1 if lines else 0, "")
    return [line for line in lines if "keeps what it has committed" not in line]


def write_lines(place: Place) -> Path:
    file = place.work / "lines.csv"
    with file.open("w", newline="") as sink:
        csv.writer(sink).writerows(LINES)
    return file


def test_a_fresh_serve_shows_a_population_and_ends_with_its_database(place: Place):
    with serving(place) as running:
        found = running.ask(
            '{ customer(by: {email: "ada@example.com"}) { displayName } customers { totalCount { count } } }'
        )
        assert found == {"customer": {"displayName": "Ada Berger"}, "customers": {"totalCount": {"count": 1_000}}}
        assert running.end(signal.SIGTERM) == 0
        assert nothing_runs(place)


def test_serve_without_demo_is_empty_and_others_work_beside_it(place: Place):
    with serving(place, "--no-demo") as running:
        assert running.ask("{ customers { nodes { id } } }") == {"customers": {"nodes": []}}
        place.start(*INIT)
        mapping = ("--map", "unit_price=price", "--map", "placed_at=placed")
        imported = place.run("import", str(write_lines(place)), "--format", "table", *mapping)
        assert "3 rows read, 2 taken, 1 rejected." in imported.stdout
        assert running.ask("{ orders { nodes { total { amount } } } }") == {
            "orders": {"nodes": [{"total": {"amount": "37.00"}}]}
        }
        assert "WRONG" not in place.run("check").stdout
        second = place.start("serve", "--port", "0", fails=1)
        assert "is in use by process" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert running.end(signal.SIGINT) == 0
        assert nothing_runs(place)


def test_serve_may_be_told_to_end_before_it_is_ready(place: Place):
    command = [*REGULARS, "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=place.work, env=place.environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert b"Setting up PostgreSQL" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    until = time.monotonic() + 10
    while not nothing_runs(place) and time.monotonic() < until:
        time.sleep(0.1)
    assert nothing_runs(place)


def answering(running: Serving) -> set[int]:
    """Return the processes that answer for a running `regulars serve --workers`."""
    shown = subprocess.run(["ps", "-ww", "--ppid", str(running.process.pid), "-o", "pid=,args="], capture_output=True)
    return {int(line.split()[0]) for line in shown.stdout.decode().splitlines() if "spawn_main" in line}


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}/cmdline").exists()


def test_two_processes_answer_on_one_database_and_one_that_dies_is_replaced(place: Place):
    with serving(place, "--no-demo", "--workers", "2") as running:
        first = answering(running)
        assert len(first) == 2
        os.kill(min(first), signal.SIGKILL)
        until = time.monotonic() + PATIENCE_SECONDS
        while len(answering(running) - {min(first)}) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        for _ in range(10):
            assert running.ask("{ customers { nodes { id } } }") == {"customers": {"nodes": []}}
        second = answering(running)
        assert running.end(signal.SIGTERM) == 0
        assert not any(map(is_alive, second))
        assert nothing_runs(place)


def test_processes_do_not_outlive_the_one_that_started_them(elsewhere: Place):
    with serving(elsewhere, "--no-demo", "--workers", "2") as running:
        processes = answering(running)
        running.end(signal.SIGKILL)
        until = time.monotonic() + PATIENCE_SECONDS
        while any(map(is_alive, processes)):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_bodies_that_are_refused_are_not_kept(elsewhere: Place):
    with serving(elsewhere, "--no-demo") as running, httpx2.Client(base_url=running.url) as client:
        refused_bodies(client)
        before = settled_memory(running.process.pid)
        for _ in range(5):
            refused_bodies(client)
        assert memory(running.process.pid) - before < 5 * 1024
        assert running.ask("{ __typename }") == {"__typename": "Query"}


def refused_bodies(client: httpx2.Client) -> None:
    """Send 10 MB, once by length and once in chunks."""
    for content in (b" " * 10_000_000, (b" " * 65_536 for _ in range(160))):
        headers = {"content-type": "application/json"}
        assert client.post("/graphql", content=content, headers=headers).status_code == 413


def settled_memory(process: int) -> int:
    """Return the same once it has not grown for two seconds: what a server loads beside the first requests is there."""
    before = memory(process)
    time.sleep(2)
    after = memory(process)
    return after if after == before else settled_memory(process)


def memory(process: int) -> int:
    """Return the most memory a process has had, in KiB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_a_taken_port_is_said_before_anything_is_started(place: Place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = place.start("serve", "--port", port, fails=1)
    assert done.stderr == f"Port {port} on 127.0.0.1 is taken by another program; choose another one with --port.\n"
    assert not place.data.exists()


def test_init_twice_is_fine_and_another_business_is_refused(elsewhere: Place):
    assert "The business is set: Tea & Tools, EUR, Europe/Berlin." in elsewhere.run(*INIT).stdout
    assert "was set already" in elsewhere.run(*INIT).stdout
    for option, value in (("--name", "Coffee"), ("--currency", "USD"), ("--time-zone", "Europe/London")):
        changed = list(INIT)
        changed[changed.index(option) + 1] = value
        assert "never changed" in elsewhere.run(*changed, fails=1).stderr
    assert wrong(elsewhere) == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--name", " ", "needs a name"),
        ("--name", "a" * 256, "at most 255"),
        ("--currency", "ZZZ", "ISO 4217"),
        ("--time-zone", "Mars/Base", "Europe/Berlin"),
        ("--time-zone", "../etc/passwd", "Europe/Berlin"),
    ],
)
def test_init_refuses_what_is_no_business(elsewhere: Place, option: str, value: str, said: str):
    changed = list(INIT)
    changed[changed.index(option) + 1] = value
    assert said in elsewhere.run(*changed, fails=1).stderr
    assert wrong(elsewhere) == ["WRONG  the business is set: run `regulars init`"]


def test_demo_grows_and_says_by_how_much(elsewhere: Place):
    assert "Made up 20 customers" in elsewhere.run("demo", "--customers", "20", "--seed", "5").stdout
    assert "Made up 10 customers" in elsewhere.run("demo", "--customers", "30", "--seed", "5").stdout
    assert "seed 5" in elsewhere.run("demo", "--customers", "30", "--seed", "6", fails=1).stderr
    assert wrong(elsewhere) == []


def test_check_finds_what_is_wrong(elsewhere: Place, database_url: str):
    elsewhere.run("demo", "--customers", "10")
    broken = "UPDATE orders SET gross = gross + 1 WHERE ctid = (SELECT min(ctid) FROM orders WHERE currency = 'EUR')"
    # Facts cannot be changed by ordinary means.
    outside_any_loop(lambda: execute(database_url, "SET session_replication_role = replica", broken))
    assert wrong(elsewhere) == [
        "WRONG  every order's gross amount is the sum of its lines: 1 exceptions",
        "WRONG  orders in the currency of the business are worth the same in both: 1 exceptions",
    ]


def test_fit_keeps_a_version_and_writes_a_page(elsewhere: Place, database_url: str):
    elsewhere.run("demo", "--customers", "120", "--seed", "5")
    first = elsewhere.run("fit", "--segment", "kind", "--report", "page.html")
    assert "Lifetime value, version 2: " in first.stdout
    assert "By kind" in first.stdout
    assert "Fitting Pareto/NBD\n" in first.stderr
    assert "Fitting kind CONSUMER\n" in first.stderr
    assert (elsewhere.work / "page.html").read_text().startswith("<!doctype html>")
    customer = outside_any_loop(lambda: somebody(database_url))
    assert elsewhere.run("plot", "customer", customer).stdout == f"The page is in {customer}.html.\n"
    assert (elsewhere.work / f"{customer}.html").read_text().startswith("<!doctype html>")
    assert "cannot be written to no/where.html" in one_line(
        elsewhere.run("plot", "customer", customer, "--output", "no/where.html", fails=1)
    )


async def somebody(dsn: str) -> str:
    """Return the id of a customer who has bought."""
    connection = await connected(dsn)
    key = await connection.fetchval("SELECT customer_id FROM customer_standing WHERE purchase_days > 1 LIMIT 1")
    await connection.close()
    return f"cus_{key.hex}"


def test_everybody_is_ranked_with_the_first_model_after_a_fit_and_when_asked(elsewhere: Place, database_url: str):
    assert "run `regulars fit` first" in one_line(elsewhere.run("rank", fails=1))
    elsewhere.run("demo", "--customers", "120", "--seed", "5")
    assert outside_any_loop(lambda: versions_ranked_by(database_url)) == [1]
    assert "by version 2 (" in elsewhere.run("fit").stderr
    ranked = elsewhere.run("rank").stdout
    assert ranked.startswith("Ranked ")
    assert "within 12 months they are expected to bring " in ranked
    assert outside_any_loop(lambda: versions_ranked_by(database_url)) == [1, 2, 2]
    assert wrong(elsewhere) == []


async def versions_ranked_by(dsn: str) -> list[int]:
    connection = await connected(dsn)
    models = "customer_rankings JOIN lifetime_value_models USING (model_id)"
    rows = await connection.fetch(f"SELECT version FROM {models} ORDER BY scored_at")
    await connection.close()
    return [row["version"] for row in rows]


def test_fit_says_what_is_missing(elsewhere: Place):
    assert "run `regulars init`" in one_line(elsewhere.run("fit", fails=1))
    elsewhere.run(*INIT)
    assert "Nothing was bought" in one_line(elsewhere.run("fit", fails=1))


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_only_fit_loads_what_searches_for_parameters():
    searching = ("scipy.optimize", "scipy.stats", "api.domain.lifetime_value.fitting")
    loaded = f"import sys, api.cli; print([name for name in sys.modules if name.startswith({searching})])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.stdout == "[]\n"


def test_schema_is_printed_written_and_compared(elsewhere: Place):
    printed = elsewhere.run("schema").stdout
    assert "type Customer implements Node" in printed
    assert "There is no schema.graphql" in elsewhere.run("schema", "--check", fails=1).stderr
    elsewhere.run("schema", "--output", "schema.graphql")
    assert (elsewhere.work / "schema.graphql").read_text() == printed
    elsewhere.run("schema", "--check")
    (elsewhere.work / "schema.graphql").write_text(f"{printed}#")
    assert "is not current" in elsewhere.run("schema", "--check", fails=1).stderr


def test_a_database_behind_the_code_is_refused_in_production_and_not_touched(elsewhere: Place, database_url: str):
    production = elsewhere.with_variables(REGULARS_ENV="production")
    outside_any_loop(lambda: execute(database_url, "UPDATE alembic_version SET version_num = '0000'"))
    assert "run `regulars migrate`" in production.run("serve", "--port", "0", fails=1).stderr


def test_a_projection_that_is_not_there_is_refused_in_production(elsewhere: Place, database_url: str):
    elsewhere.run("demo", "--customers", "10")
    outside_any_loop(lambda: execute(database_url, "TRUNCATE customer_standing"))
    production = elsewhere.with_variables(REGULARS_ENV="production")
    assert "run `regulars migrate`" in production.run("serve", "--port", "0", fails=1).stderr
    production.run("migrate")
    assert wrong(elsewhere) == []


WRONG: dict[str, tuple[dict[str, str], tuple[str, ...], int, str]] = {
    "an unreachable database": ({"DATABASE_URL": "postgresql://u:sesame@127.0.0.1:1/x"}, ("migrate",), 1, "reached"),
    "no address": ({"DATABASE_URL": "sesame"}, ("migrate",), 1, "postgresql://user@host/name"),
    "a setting that is no number": ({"REGULARS_POOL_SIZE": "sesame"}, ("migrate",), 1, "REGULARS_POOL_SIZE"),
    "the embedded server in production": ({"REGULARS_ENV": "production"}, ("migrate",), 1, "DATABASE_URL"),
    "a folder that cannot be": ({}, ("migrate", "--data", "/proc/regulars"), 1, "--data"),
    "no such file": ({}, ("import", "nothing.csv", "--format", "table"), 1, "nothing.csv"),
    "a mapping without a column": ({}, ("import", ".", "--format", "table"), 1, "There is no file"),
    "no format": ({}, ("import", "nothing.csv"), 2, "--format"),
    "no such format": ({}, ("import", "nothing.csv", "--format", "excel"), 2, "online-retail"),
    "no such command": ({}, ("fly",), 2, "fly"),
    "no such host": ({}, ("serve", "--host", "nowhere.invalid"), 1, "nowhere.invalid"),
    "a page in no folder": ({}, ("fit", "--report", "no/where.html"), 1, "none that exists"),
    "an impossible port": ({}, ("serve", "--port", "65536"), 2, "65535"),
}


@pytest.mark.parametrize(
    ("variables", "words", "exit_code", "said"), [pytest.param(*case, id=name) for name, case in WRONG.items()]
)
def test_what_a_user_can_put_right_is_said_without_a_traceback(
    tmp_path: Path, variables: dict[str, str], words: tuple[str, ...], exit_code: int, said: str
):
    done = Place(tmp_path / "data", tmp_path, variables).run(*words, fails=exit_code)
    assert said in done.stderr
    assert "sesame" not in done.stderr
    if exit_code == 1:
        assert len(done.stderr.splitlines()) == 1
