"""`regulars rank`: all customers, by what they are expected to bring."""

from __future__ import annotations

from importlib import import_module

import typer

from api.cli.database import migrated
from api.cli.options import Data

__all__ = ["RANKED", "rank"]

# All commands are imported whenever one of them runs; a server would start later for what scores.
RANKED = "api.cli.ranked"


def rank(data: Data = None) -> None:
    """Rank all customers by what they are expected to bring, by the model in use."""
    with migrated(data) as (settings, dsn):
        typer.echo(import_module(RANKED).run(settings, dsn))
