"""What a user can set, type or meet is documented; what is documented exists."""

import re
from collections.abc import Iterator

import click
import pytest
import typer

from api.cli import app
from api.errors import UserErrorCode, codes
from api.settings import Settings
from tests.repository import ROOT, tracked_texts

COMMANDS = typer.main.get_command(app)


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def settings() -> dict[str, str]:
    """Return each setting's environment variable with its one-line description."""
    prefix = Settings.model_config.get("env_prefix", "")
    return {
        str(field.validation_alias or f"{prefix}{name}".upper()): field.description or ""
        for name, field in Settings.model_fields.items()
    }


def commands(group: click.Command = COMMANDS, path: str = "regulars") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, `regulars serve`."""
    for name, command in getattr(group, "commands", {}).items():
        yield f"{path} {name}", command
        yield from commands(command, f"{path} {name}")


def section(name: str) -> str:
    """Return the part of docs/commands.md below the heading of one command; empty where there is none."""
    found = re.search(rf"^##+ `{re.escape(name)}`$(.*?)(?=^##|\Z)", page("commands.md"), re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def documented(name: str) -> set[str]:
    """Return the words in the first column of a page's tables."""
    return set(re.findall(r"^\| `([^`]+)`", page(name), re.MULTILINE))


def test_settings_and_their_page_name_the_same_variables():
    assert documented("settings.md") == set(settings())


def test_every_setting_says_what_it_is_for():
    assert [name for name, description in settings().items() if not description] == []


def test_error_codes_and_their_page_agree():
    user_errors = {code.value for code in UserErrorCode}
    assert documented("errors.md") == set(codes()) | user_errors


def test_every_error_code_says_what_it_means():
    assert [code for code, meaning in codes().items() if not meaning] == []


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])
def test_every_command_is_documented_with_its_options(name: str, command: click.Command):
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
