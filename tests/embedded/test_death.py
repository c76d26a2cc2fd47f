"""Whatever is killed, nothing acknowledged is lost, nothing is left running, and the next start works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.embedded import start
from api.embedded.account import server_account
from api.embedded.processes import servers_of
from tests.embedded.witness import (
    FIRST,
    RECORD,
    RECORDED,
    answers,
    ask,
    eventually,
    guard,
    nothing_runs,
    postmaster,
    what_runs,
)


def test_a_killed_application_takes_its_server_along(data, launch):
    application = launch(data)
    ask(application.dsn, FIRST, *RECORD)
    application.kill()
    assert eventually(lambda: nothing_runs(data))
    assert (data / "postgresql.log").read_text().endswith("database system is shut down\n")
    with start(data) as server:
        assert ask(server.dsn, RECORDED) == [1]


@pytest.mark.parametrize("delay", [0, 0.01, 0.03, 0.1, 0.2])
def test_an_application_killed_while_it_starts_leaves_nothing(data, launch, delay):
    application = launch(data)
    assert eventually((data / "regulars.lock").exists)
    time.sleep(delay)
    application.kill()
    assert eventually(lambda: nothing_runs(data))


def test_the_next_application_need_not_wait_for_the_killed_one(data, launch):
    for done in range(1, 4):
        application = launch(data)
        ask(application.dsn, *([FIRST] if done == 1 else []), *RECORD)
        application.kill()
        with start(data) as server:
            assert ask(server.dsn, RECORDED) == [done]


def test_a_terminated_application_stops_its_server(data, launch):
    application = launch(data)
    assert application.dsn
    application.process.terminate()
    application.end()
    assert eventually(lambda: nothing_runs(data))
    assert (data / "postgresql.log").read_text().endswith("database system is shut down\n")


def test_an_application_that_ends_without_stopping_stops_its_server(data):
    program = "import sys; from pathlib import Path; from api.embedded import start; start(Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", program, data], cwd=Path(__file__).parents[2], check=True)
    assert eventually(lambda: nothing_runs(data))


def test_a_server_outlives_the_thread_that_started_it_and_forked_copies_of_the_application(data):
    command = [sys.executable, "-W", "ignore", "-c", _THREADED_AND_FORKING, data]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as application:
        assert application.stdout is not None
        dsn = application.stdout.readline().strip()
        time.sleep(0.2)
        assert ask(dsn, "SELECT 1") == [1]
        application.communicate()
    assert what_runs(data) == []


def test_a_start_right_after_everything_was_killed_succeeds_beside_a_busy_orphan(data, launch):
    application = launch(data)
    ask(application.dsn, FIRST, *RECORD)
    # A backend in a loop does not notice that its postmaster is gone, and keeps the shared memory.
    busy = subprocess.Popen([sys.executable, "-c", _BUSY, application.dsn], stderr=subprocess.DEVNULL)
    busy_backends = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%LOOP%' AND state = 'active'"
    assert eventually(lambda: ask(application.dsn, busy_backends) == [1])
    watched, server = guard(data), postmaster(data)
    # Stopped first, or they would notice one death and act on it before the next.
    for pid, order in (
        (application.process.pid, signal.SIGSTOP),
        (watched, signal.SIGSTOP),
        (server, signal.SIGKILL),
        (watched, signal.SIGKILL),
        (application.process.pid, signal.SIGKILL),
    ):
        os.kill(pid, order)
    application.kill()
    assert eventually(lambda: not any(process.is_postmaster for process in servers_of(data / "postgresql")))
    assert servers_of(data / "postgresql")
    with start(data) as started:
        assert ask(started.dsn, RECORDED) == [1]
    busy.wait()
    assert eventually(lambda: nothing_runs(data))


def test_a_server_that_outlived_application_and_guard_is_replaced(data, launch):
    application = launch(data)
    ask(application.dsn, FIRST, *RECORD)
    orphan = postmaster(data)
    _kill_guards(data)
    application.kill()
    assert postmaster(data) == orphan
    with start(data) as server:
        assert postmaster(data) != orphan
        assert ask(server.dsn, RECORDED) == [1]
    assert eventually(lambda: nothing_runs(data))


def test_a_killed_guard_does_not_make_the_server_immortal(data, launch):
    application = launch(data)
    assert application.dsn
    os.kill(guard(data), signal.SIGKILL)
    assert eventually(lambda: answers(application.dsn))
    application.end()
    assert eventually(lambda: nothing_runs(data))


def test_a_pid_file_that_names_another_process_is_stale(data):
    account = server_account(data / "postgresql", {})
    # PostgreSQL takes a foreign user's process for a stale one by itself; one of its own user's fools it.
    bystander = subprocess.Popen(["sleep", "60"], user=account.uid if account else None)
    try:
        start(data).stop()
        for name in (data / "postgresql" / "postmaster.pid", data / "socket" / ".s.PGSQL.5432.lock"):
            name.write_text(f"{bystander.pid}\n{data / 'postgresql'}\n1700000000\n5432\n{data / 'socket'}\n\n")
        with start(data) as server:
            assert ask(server.dsn, "SELECT 1") == [1]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_pid_file_cut_short_is_stale(data):
    (data / "postgresql" / "postmaster.pid").touch()
    with start(data) as server:
        assert ask(server.dsn, "SELECT 1") == [1]


def test_a_set_up_that_was_killed_is_done_again(empty, launch):
    application = launch(empty)
    assert eventually(lambda: any(empty.glob("postgresql.new-*/base/1/PG_VERSION")))
    application.kill()
    assert not (empty / "postgresql").exists()
    assert any(empty.glob("postgresql.new-*"))
    with start(empty) as server:
        assert ask(server.dsn, "SELECT current_database()") == ["regulars"]
    start(empty).stop()
    assert not any(empty.glob("postgresql.new-*"))


_THREADED_AND_FORKING = """
import os, signal, sys, threading
from pathlib import Path
from api.embedded import start
servers = []
thread = threading.Thread(target=lambda: servers.append(start(Path(sys.argv[1]))))
thread.start()
thread.join()
child = os.fork()
if child == 0:
    signal.alarm(20)
    servers[0].stop()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(servers[0].dsn, flush=True)
sys.stdin.read()
servers[0].stop()
"""
_BUSY = """
import asyncio, asyncpg, sys
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    await connection.execute("DO 'BEGIN LOOP END LOOP; END'")
asyncio.run(main())
"""


def _kill_guards(data: Path) -> None:
    """Kill the guard and its watcher, as an operator who ends every `sh` would."""
    for entry in Path("/proc").glob("[0-9]*"):
        words = (entry / "cmdline").read_bytes() if (entry / "cmdline").exists() else b""
        if words.startswith(b"/bin/sh") and str(data).encode() in words:
            os.kill(int(entry.name), signal.SIGKILL)
