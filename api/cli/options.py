"""Options that commands share, and how they say and write what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.errors import BadUserInput
from api.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Where the embedded PostgreSQL keeps its data.", show_default=False),
]


def settings_with(data: Path | None) -> Settings:
    """Return the settings of this process, with what was said on the command line."""
    settings = Settings()
    return settings if data is None else settings.model_copy(update={"data": data})


def tell(message: str) -> None:
    """Say on standard error what is going on; standard output is for results."""
    typer.echo(message, err=True)


def check_page(page: Path) -> None:
    """Raise BadUserInput where a page cannot be written."""
    if page.is_dir() or not page.absolute().parent.is_dir():
        raise BadUserInput(f"The page cannot be written to {page}: it is a folder, or lies in none that exists.")


def write_page(html: str, page: Path) -> str:
    """Write a page and return in words where it is; raise BadUserInput where that cannot be."""
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BadUserInput(f"The page cannot be written to {page}: {error.strerror}.") from None
    return f"The page is in {page}."
