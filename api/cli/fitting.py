"""`regulars fit`: models of what customers will bring."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import migrated
from api.cli.options import Data
from api.errors import BadUserInput

__all__ = ["FITTING", "fit"]

# All commands are imported whenever one of them runs; a server would start later for what searches for parameters.
FITTING = "api.cli.fitted.run"


def fit(
    as_of: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="Fit to what had happened by then: a day, to its end, or a moment."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with figures and plots as well.")
    ] = None,
    data: Data = None,
) -> None:
    """Fit models of lifetime value to all purchases, test them on time they have not seen, and keep the best."""
    if report is not None and (report.is_dir() or not report.absolute().parent.is_dir()):
        raise BadUserInput(f"The page cannot be written to {report}: it is a folder, or lies in none that exists.")
    with migrated(data) as (settings, dsn):
        import_module(FITTING).run(settings, dsn, as_of=as_of, report=report)
