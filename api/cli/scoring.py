"""`regulars score`: what customers will bring, from a file of purchases alone."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["score"]

# All commands are imported whenever one of them runs; a server would start later for what fits and reads Parquet.
_WORK = "api.cli.scored.run"


def score(  # noqa: PLR0913  (the options of a command are its arguments)
    file: Annotated[Path, typer.Argument(help="Parquet or CSV with one row for each purchase.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the forecasts go: .parquet or .csv.", show_default="NAME.scored.csv"),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The last day that is looked at.", show_default="that of the last purchase"),
    ] = None,
    horizon: Annotated[str, typer.Option(metavar="P12M", help="How far ahead is looked.")] = "P12M",
    annual_discount_rate: Annotated[
        float, typer.Option(min=0, max=1, help="By how much less later money counts, per year.")
    ] = 0.1,
    customer: Annotated[str | None, typer.Option(metavar="COLUMN", help="Which column holds the customer.")] = None,
    date: Annotated[str | None, typer.Option(metavar="COLUMN", help="Which one the day or the moment.")] = None,
    amount: Annotated[str | None, typer.Option(metavar="COLUMN", help="Which one the amount.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an output that is there already.")] = False,
) -> None:
    """Say what each customer in a file of purchases will bring; needs no database."""
    import_module(_WORK).run(
        file,
        output,
        force=force,
        until=until,
        horizon=horizon,
        annual_discount_rate=annual_discount_rate,
        columns={"customer": customer, "date": date, "amount": amount},
    )
