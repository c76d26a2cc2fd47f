"""`regulars schema`: the schema as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.app import schema_text
from api.errors import BadUserInput

__all__ = ["schema"]

FILE = Path("schema.graphql")


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if the file is not current.")
    ] = False,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write to a file instead of printing.")] = None,
) -> None:
    """Print the GraphQL schema, write it to a file, or check that a file is current."""
    text = schema_text()
    if check:
        _compare(text, output or FILE)
    elif output is None:
        typer.echo(text, nl=False)
    else:
        _write(text, output)


def _compare(text: str, file: Path) -> None:
    if not file.is_file():
        raise BadUserInput(f"There is no {file}; write it with: regulars schema --output {file}")
    if file.read_text("utf-8") != text:
        raise BadUserInput(f"{file} is not current; write it anew with: regulars schema --output {file}")
    typer.echo(f"{file} is current.")


def _write(text: str, file: Path) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise BadUserInput(f"{file} cannot be written: {error.strerror}.") from None
