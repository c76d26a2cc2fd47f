"""Golden files: a query, the SQL it becomes and its answer, side by side. UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))

pytestmark = pytest.mark.anyio


def kept(path: Path, text: str) -> str:
    """Return what a golden file says, after writing it if that is asked for."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
async def test_a_query_becomes_this_sql_and_gives_this_answer(world, name):
    answer = await world.ask((GOLDEN / f"{name}.graphql").read_text(encoding="utf-8"))
    sql = "\n".join(f"{in_lines(statement)};\n" for statement in world.ask.statements)
    told = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
    assert sql == kept(GOLDEN / f"{name}.sql", sql)
    assert told == kept(GOLDEN / f"{name}.json", told)


def in_lines(statement: str) -> str:
    """Return a statement without spaces at the ends of its lines, which no editor keeps."""
    return "\n".join(line.rstrip() for line in statement.splitlines())


def test_every_golden_file_belongs_to_a_query():
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("graphql", "json", "sql")}
    assert {path.name for path in GOLDEN.iterdir()} == expected
