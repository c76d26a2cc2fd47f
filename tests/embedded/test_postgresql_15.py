"""PostgreSQL 15 is the floor: the same launcher runs a system's PostgreSQL 15."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.embedded import EmbeddedServerError, start
from tests.embedded.witness import ask, nothing_runs

BINARIES = Path("/usr/lib/postgresql/15/bin")

pytestmark = pytest.mark.skipif(
    not (BINARIES / "postgres").exists(), reason=f"no PostgreSQL 15 in {BINARIES}; install the package postgresql-15"
)


def test_postgresql_15_runs_and_its_data_is_for_15_only(empty):
    for _ in range(2):
        with start(empty, binaries=BINARIES) as server:
            assert ask(server.dsn, "SELECT current_setting('server_version_num')::int / 10000") == [15]
            assert ask(server.dsn, "SELECT lower('ÄŻ')") == ["äż"]
        assert nothing_runs(empty)
    with pytest.raises(EmbeddedServerError, match=r"made by PostgreSQL 15, but .* are PostgreSQL 18\. Set PG_BIN"):
        start(empty)
    with start(empty, environment={"PG_BIN": str(BINARIES)}) as server:
        assert ask(server.dsn, "SELECT 1") == [1]
