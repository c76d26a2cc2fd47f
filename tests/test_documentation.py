"""What a user can set, type or meet is documented; what is documented exists."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import graphql
import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from api.cli import app
from api.errors import UserErrorCode, codes
from api.settings import Settings
from tests.repository import ROOT, tracked_texts

COMMANDS = typer.main.get_command(app)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def shown(default: object) -> str:
    """Return a default as one would type it."""
    return "–" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def settings() -> dict[str, str]:
    """Return each setting's environment variable with the row its page has to show."""
    prefix = Settings.model_config.get("env_prefix", "")
    return {
        (name := str(field.validation_alias or f"{prefix}{key}".upper())): (
            f"| `{name}` | {shown(field.default)} | {field.description} |"
        )
        for key, field in Settings.model_fields.items()
    }


def variables_read_elsewhere() -> set[str]:
    """Return the environment variables of ours that code reads for itself: `environment.get("REGULARS_ENV")`."""
    code = "\n".join(text for path, text in tracked_texts(under="api").items() if path.suffix == ".py")
    return set(re.findall(r"\benviron(?:ment)?(?:\.get\(|\[)\"((?:REGULARS|PG|DB|DATABASE)_\w+)\"", code))


def commands(group: Any = COMMANDS, path: str = "regulars") -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command with its full name, `regulars serve`."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def section(name: str) -> str:
    """Return the part of docs/commands.md below the heading of one command; empty where there is none."""
    found = re.search(rf"^##+ `{re.escape(name)}`$(.*?)(?=^##|\Z)", page("commands.md"), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def documented(name: str) -> set[str]:
    """Return the words in the first column of a page's tables."""
    return set(first_column(page(name)))


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_settings_and_their_page_name_the_same_variables():
    assert documented("settings.md") == set(settings()) | variables_read_elsewhere()


def test_every_setting_is_shown_with_its_default_and_its_purpose():
    assert all(field.description for field in Settings.model_fields.values())
    rows = page("settings.md").splitlines()
    assert [row for row in settings().values() if row not in rows] == []


def test_error_codes_and_their_page_agree():
    user_errors = {code.value for code in UserErrorCode}
    assert documented("errors.md") == set(codes()) | user_errors


def test_no_error_code_has_two_meanings_in_one_place():
    for table in page("errors.md").split("\n## "):
        assert [code for code, times in Counter(first_column(table)).items() if times > 1] == []


def test_every_error_code_is_shown_with_its_meaning():
    assert all(codes().values())
    rows = page("errors.md").splitlines()
    assert [code for code, meaning in codes().items() if f"| `{code}` | {meaning} |" not in rows] == []


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])
def test_every_command_is_documented_with_its_options(name: str, command: TyperCommand):
    assert command.help or command.short_help, "says what it does in --help"
    text = section(name)
    assert text.strip(), f"docs/commands.md has a section `{name}`"
    options = [parameter.opts[0] for parameter in command.params if parameter.opts[0] != "--help"]
    assert [option for option in options if option.startswith("-") and f"`{option}" not in text] == []


def test_no_command_is_documented_that_does_not_exist():
    headings = re.findall(r"^##+ `(regulars [^`]+)`$", page("commands.md"), re.MULTILINE)
    assert headings == [name for name, _ in commands()]


def test_every_relative_link_leads_somewhere():
    broken = [
        f"{path}: {target}"
        for path, text in tracked_texts().items()
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []


def graphql_examples() -> list[tuple[str, str]]:
    """Return the GraphQL documents shown to users, each with the page it is on."""
    return [
        (str(path), example)
        for path, text in tracked_texts().items()
        if path.suffix == ".md"
        for example in re.findall(r"^```graphql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize(("path", "example"), graphql_examples())
def test_every_query_shown_fits_the_schema(path: str, example: str):
    schema = graphql.build_schema((ROOT / "schema.graphql").read_text())
    assert graphql.validate(schema, graphql.parse(example)) == []
