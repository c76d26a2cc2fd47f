"""`regulars init`: saying what the business is."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from api.app import open_database
from api.cli.database import migrated
from api.cli.options import Data
from api.settings import Settings
from api.writes.business import Business, set_business

__all__ = ["init"]


def init(
    name: Annotated[str, typer.Option(help="What the business is called.")],
    currency: Annotated[str, typer.Option(metavar="CODE", help="ISO 4217 code of the currency its figures are in.")],
    time_zone: Annotated[str, typer.Option(metavar="ZONE", help="Time zone its days begin in, such as Europe/Berlin.")],
    data: Data = None,
) -> None:
    """Set the business: name, currency, time zone. They are never changed; saying the same again is fine."""
    wanted = Business(name, currency.upper(), time_zone)
    wanted.check()
    with migrated(data) as (settings, dsn):
        is_new = asyncio.run(_set(settings, dsn, wanted))
    done = "is set" if is_new else "was set already"
    typer.echo(f"The business {done}: {wanted.name}, {wanted.currency}, {wanted.time_zone}.")


async def _set(settings: Settings, dsn: str, wanted: Business) -> bool:
    async with open_database(settings, dsn) as opened, opened.connection() as connection:
        return await set_business(connection, wanted)
