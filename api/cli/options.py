"""Options that commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
