"""While the application lives, its server is brought back whenever it dies."""

from __future__ import annotations

import os
import signal

from api.embedded import start
from tests.embedded.witness import (
    FIRST,
    RECORD,
    RECORDED,
    answers,
    ask,
    eventually,
    postmaster,
    what_runs,
)


def test_a_killed_postmaster_comes_back_on_the_same_address(data):
    said: list[str] = []
    with start(data, report=said.append) as server:
        for done in range(1, 4):
            ask(server.dsn, *([FIRST] if done == 1 else []), *RECORD)
            killed = postmaster(data)
            os.kill(killed, signal.SIGKILL)
            assert eventually(lambda: answers(server.dsn))
            assert postmaster(data) != killed
            assert ask(server.dsn, RECORDED) == [done]
    assert "PostgreSQL died; starting it again" in said
    assert what_runs(data) == []


def test_a_server_that_cannot_come_back_at_once_comes_back_later(data):
    said: list[str] = []
    needed = data / "postgresql" / "global" / "pg_control"
    with start(data, report=said.append) as server:
        needed.rename(needed.with_name("away"))
        os.kill(postmaster(data), signal.SIGKILL)
        try:
            assert eventually(lambda: any("trying on" in line for line in said))
        finally:
            needed.with_name("away").rename(needed)
        assert eventually(lambda: answers(server.dsn))
    assert what_runs(data) == []


def test_stopping_ends_the_attempts_to_bring_a_server_back(data):
    said: list[str] = []
    needed = data / "postgresql" / "global" / "pg_control"
    server = start(data, report=said.append)
    needed.rename(needed.with_name("away"))
    try:
        os.kill(postmaster(data), signal.SIGKILL)
        assert eventually(lambda: sum("trying on" in line for line in said) == 2)
        server.stop()
    finally:
        needed.with_name("away").rename(needed)
    assert what_runs(data) == []
    start(data).stop()


def test_a_server_shut_down_from_outside_stays_down(data):
    said: list[str] = []
    with start(data, report=said.append):
        os.kill(postmaster(data), signal.SIGINT)
        assert eventually(lambda: bool(said))
        assert what_runs(data) == []
    assert said == ["PostgreSQL was shut down from outside; restart Regulars to have it again"]
