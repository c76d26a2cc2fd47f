"""SQL stays in the rooms of the database; import-linter checks the other borders (`make contracts`)."""

import ast
import re
from pathlib import Path

import pytest

from tests.repository import tracked_texts

ROOMS_OF_SQL = ("reads", "writes", "outbox", "tables", "database", "embedded")
DRIVERS = {"sqlalchemy", "asyncpg", "alembic", "psycopg"}

# Two words of SQL in their order; one alone is English ("select a customer", "delete the file").
STATEMENT = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\b.+\bSET\b|\bDELETE\s+FROM\b|\b(CREATE|ALTER|DROP)\s+(TABLE|INDEX|ROLE)\b",
    re.DOTALL,
)


def room(path: Path) -> str:
    return path.with_suffix("").parts[1]


def sql_in(source: str) -> list[int]:
    """Return the lines that import a database library or hold an SQL statement, docstrings aside."""
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    located = [node for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)]
    return [node.lineno for node in located if id(node) not in documentation and _speaks_sql(node)]


def _speaks_sql(node: ast.stmt | ast.expr) -> bool:
    match node:
        case ast.Import(names=names):
            return any(name.name.split(".")[0] in DRIVERS for name in names)
        case ast.ImportFrom(module=str(module)):
            return module.split(".")[0] in DRIVERS
        case ast.Constant(value=str(text)):
            return STATEMENT.search(text) is not None
    return False


def modules_outside() -> dict[Path, str]:
    texts = tracked_texts(under="api")
    return {path: text for path, text in texts.items() if path.suffix == ".py" and room(path) not in ROOMS_OF_SQL}


def test_no_statement_outside_the_rooms_of_the_database():
    found = {str(path): lines for path, text in modules_outside().items() if (lines := sql_in(text))}
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "from sqlalchemy import select",
        "import sqlalchemy.dialects.postgresql",
        "def f():\n    from asyncpg import connect",
        "rows = fetch('SELECT id\\nFROM customers')",
        "rows = fetch(f'DELETE FROM {table}')",
        "run('UPDATE customers SET name = $1')",
    ],
)
def test_sql_is_recognised(source: str):
    assert len(sql_in(source)) == 1


@pytest.mark.parametrize("source", ['"""SELECT one FROM many."""', "message = 'Select a customer from the list.'"])
def test_english_is_not_taken_for_sql(source: str):
    assert sql_in(source) == []


def test_types_of_the_schema_are_annotated_with_types():
    """Strawberry compiles an annotation that is a text three times, which made a sixth of the start."""
    texts = tracked_texts(under="api/graph")
    types = {path: text for path, text in texts.items() if "\n@strawberry." in text}
    assert len(types) > 40
    assert [str(path) for path, text in types.items() if "\nfrom __future__ import annotations\n" in text] == []
