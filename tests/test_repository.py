"""Laws about the files of the repository itself."""

import json
import re
import subprocess
import tomllib
from typing import Any

import pytest

from tests.repository import ROOT, tracked_files, tracked_texts

LOCKS = ["requirements.lock", "requirements-build.lock", "requirements-dev.lock"]
NPM_LOCKS = sorted(str(path) for path in tracked_files() if path.name == "package-lock.json")

# Spelt in pieces, so that this file does not break its own law.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "registry" + ".npmjs", "npm" + "mirror", "jsdelivr" + ".net"]
REGISTRIES += ["unpkg" + ".com", "esm" + ".sh", "arti" + "factory", "dev" + "pi", "nexus" + "/repository"]
# Anna is the person of our examples; nobody else's folder is named.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:home|root|Users|work|workspace|mnt)/(?!anna\b)\w|[A-Z]:\\\\?Users")
UNFINISHED = ["Not" + "ImplementedError", "TO" + "DO", "FIX" + "ME", "X" * 3]


def distribution() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def locked(lock: str) -> dict[str, str]:
    """Return each package of a lock file with the block that pins it."""
    blocks = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    return {block.split("==")[0]: block for block in blocks}


def lines_with(pattern: str | re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}"
        for path, text in tracked_texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_file_names_a_package_registry(host: str):
    assert lines_with(re.escape(host)) == []


def test_no_file_names_a_place_on_somebodys_machine():
    assert lines_with(MACHINE_PATHS) == []


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_unfinished(word: str):
    assert lines_with(rf"\b{word}\b") == []


def test_no_secret_or_artefact_is_tracked():
    unwanted = re.compile(r"(^|/)(\.env|__pycache__|node_modules|dist|\.venv|\.hypothesis)(/|$)|\.(pyc|log|sqlite)$")
    assert [str(path) for path in tracked_files() if unwanted.search(str(path))] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_a_hash(lock: str):
    for name, block in locked(lock).items():
        assert re.match(r"[a-z0-9-]+==[\w.]+( ; .+)? \\\n {4}--hash=sha256:[0-9a-f]{64}", block), name


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_no_address(lock: str):
    assert re.findall(r".*(?:://|--index|--find-links|@ ).*", (ROOT / lock).read_text()) == []


def test_the_tests_run_what_is_delivered():
    for smaller in ("requirements.lock", "requirements-build.lock"):
        larger = locked("requirements-dev.lock")
        assert {name: larger[name].split(" ")[0] for name in locked(smaller)} == {
            name: block.split(" ")[0] for name, block in locked(smaller).items()
        }


def test_locks_cover_every_declared_dependency():
    project, groups = distribution()["project"], distribution()["dependency-groups"]
    names = {re.split(r"[^a-z0-9-]", line)[0] for line in project["dependencies"]}
    assert names <= set(locked("requirements.lock"))
    wanted = {re.split(r"[^a-z0-9-]", line)[0] for line in groups["dev"] + groups["build"] if isinstance(line, str)}
    assert wanted <= set(locked("requirements-dev.lock"))


def test_direct_dependencies_are_few_and_bounded():
    dependencies = distribution()["project"]["dependencies"]
    assert len(dependencies) <= 19
    assert [line for line in dependencies if not re.search(r"==|>=.+,<", line)] == []


def test_the_wheel_is_built_by_the_locked_backend():
    [backend] = distribution()["build-system"]["requires"]
    assert locked("requirements-build.lock")["hatchling"].startswith(f"{backend} ")


@pytest.mark.parametrize("lock", NPM_LOCKS)
def test_npm_packages_are_locked_by_hash_without_an_address(lock: str):
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text().split()
    packages = json.loads((ROOT / lock).read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert [name for name, package in installed.items() if "resolved" in package] == []
    assert [name for name, package in installed.items() if "integrity" not in package] == []


def targets() -> set[str]:
    """Return the names people may give to `make`: all declared phony."""
    makefile = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    return set(phony.split())


def test_make_help_names_every_command_in_one_line():
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = dict(re.findall(r"^  make (\S+) +(\S.+)$", printed, re.MULTILINE))
    assert set(described) == targets()
    rules = re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(rules) == targets(), "every rule with a plain name is a command"


def test_ci_runs_what_people_run():
    assert (ROOT / ".ci/run").read_text().splitlines()[-1].startswith("make check")
    checked = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    parts = ("style lint types contracts schema", "test15 test")
    assert [f"for step in {steps};" in checked for steps in parts] == [True, True]
    ran = re.findall(r"^==> (\w+)$", checked, re.MULTILINE)
    assert ran == [*parts[0].split(), "clients", *parts[1].split()]


def test_the_licence_is_the_one_declared():
    assert distribution()["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in (ROOT / "LICENSE").read_text()
