"""`regulars plot`: pictures of what is expected, over time."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import migrated
from api.cli.options import Data, check_page

__all__ = ["plot"]

# All commands are imported whenever one of them runs; a server would start later for what scores.
_WORK = "api.cli.plotted.run"

plot = typer.Typer(help="Draw what is expected, over time.", no_args_is_help=True)


@plot.command()
def customer(
    customer_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the customer, which begins with cus_.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Where the page goes.", show_default="ID.html"),
    ] = None,
    data: Data = None,
) -> None:
    """Draw how likely a customer was to come back, and what they brought and were expected to bring, day by day."""
    if output is not None:
        check_page(output)
    with migrated(data) as (settings, dsn):
        typer.echo(import_module(_WORK).run(settings, dsn, customer_id, output))
