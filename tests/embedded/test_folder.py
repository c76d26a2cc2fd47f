"""The data folder: any path will do, and nobody else gets in between."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from api.embedded import EmbeddedServerError, default_data_dir, start
from tests.embedded.witness import ask


@pytest.mark.parametrize("name", ["with space", 'comma, "quote"', "%41?&=#", "ünïcode", "long" * 30])
def test_any_path_will_do(spoilt, name):
    spoilt.rename(spoilt.with_name(name))
    moved = spoilt.with_name(name)
    try:
        with start(moved) as server:
            socket = Path(ask(server.dsn, "SHOW unix_socket_directories")[0].strip('"'))
            assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert socket == moved / "socket" or not socket.exists()
    finally:
        moved.rename(spoilt)


def test_a_socket_folder_that_somebody_else_made_is_refused(spoilt):
    elsewhere = spoilt.with_name("," + spoilt.name)
    spoilt.rename(elsewhere)
    try:
        with start(elsewhere) as server:
            socket = Path(ask(server.dsn, "SHOW unix_socket_directories")[0].strip('"'))
        socket.symlink_to(elsewhere / "socket")
        with pytest.raises(EmbeddedServerError, match="belongs to somebody else"):
            start(elsewhere)
        socket.unlink()
    finally:
        elsewhere.rename(spoilt)


def test_the_log_makes_room_at_ten_megabytes(data):
    log = data / "postgresql.log"
    log.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    start(data).stop()
    assert log.stat().st_size < 10_000
    assert (data / "postgresql.log.1").stat().st_size == 10 * 1024 * 1024 + 1


def test_the_default_folder_is_the_users(monkeypatch):
    assert os.geteuid() != 0 or default_data_dir({}) == Path("/var/lib/regulars")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/anna")
    assert default_data_dir({"XDG_DATA_HOME": "/data"}) == Path("/data/regulars")
    assert default_data_dir({"XDG_DATA_HOME": "not/absolute"}) == Path("/home/anna/.local/share/regulars")
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_data_dir({}) == Path("/home/anna/Library/Application Support/regulars")
