"""The image's recipe, as far as it can be judged without an engine to build it."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions as (word, rest), with continued lines joined and comments gone."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(word, " ".join(rest.split())) for word, rest in pairs]


def the(word: str) -> list[str]:
    return [rest for each, rest in instructions() if each == word]


def copied_from_the_repository() -> list[str]:
    sources = [shlex.split(rest)[:-1] for rest in the("COPY") if not rest.startswith("--from")]
    return [source for group in sources for source in group]


def test_everything_copied_is_tracked():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    for source in copied_from_the_repository():
        assert any(path == source or path.startswith(f"{source}/") for path in tracked), source


def test_the_build_context_holds_what_is_copied_and_little_else():
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(kept) == sorted(copied_from_the_repository())


def test_base_images_are_pinned_by_tag():
    bases = [rest.split()[0] for rest in the("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1, "the virtual environment is made with the Python it runs on"
    assert all(re.fullmatch(r"python:\d+\.\d+-slim-[a-z]+", base) for base in bases)


def test_it_runs_as_an_unprivileged_user_known_by_number():
    assert the("USER")[-1] == "10001:10001"
    after = [word for word, _ in instructions()]
    assert "RUN" not in after[after.index("USER") :]


def test_every_installation_checks_hashes_or_uses_no_index():
    for command in the("RUN"):
        for step in command.split("&&"):
            if "pip install" in step or "pip wheel" in step:
                assert (
                    "--require-hashes --only-binary :all:" in step
                    or "--no-deps --no-index" in step
                    or ("--no-build-isolation --no-index" in step)
                ), step


@pytest.mark.parametrize("word", ["CMD", "HEALTHCHECK"])
def test_commands_need_no_shell(word: str):
    command = the(word)[-1].split("CMD ")[-1]
    assert isinstance(json.loads(command), list)


def test_the_health_check_asks_for_liveness_where_the_server_listens():
    assert "http://127.0.0.1:8000/livez" in the("HEALTHCHECK")[-1]
    assert json.loads(the("CMD")[-1]) == ["regulars", "serve", "--host", "0.0.0.0"]
    assert the("EXPOSE") == ["8000"]
