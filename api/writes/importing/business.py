"""The business a file's orders belong to: the one that is set up, or a new one."""

from __future__ import annotations

from sqlalchemy import exists, select

from api.database import Connection
from api.tables.business import exchange_rates
from api.writes.business import Business, the_business
from api.writes.importing.results import ImportRefused
from api.writes.importing.staging import fetch

_NOT_SET_UP = (
    "No business is set up yet, and this file does not say whose it is: "
    "give a name, a currency and a time zone, or run `regulars init` first."
)


async def business_of(connection: Connection, wanted: Business | None, usual: Business | None) -> Business:
    """Return the business to import for; raise ImportRefused where the wanted one is not the one that is set up.

    usual: the business that the file's format implies, taken where none is wanted and none is set up.
    raises BadUserInput for a wanted business that cannot be
    """
    found = await the_business(connection)
    if wanted is not None:
        wanted.check()
    if found is None:
        if (chosen := wanted or usual) is None:
            raise ImportRefused(_NOT_SET_UP)
        return chosen
    if wanted is not None and (wanted.currency, wanted.time_zone) != (found.currency, found.time_zone):
        raise ImportRefused(
            f"The business keeps its books in {found.currency} and counts days in {found.time_zone}; that is never "
            f"changed. Leave out currency and time zone, or import {wanted.currency} into another database."
        )
    if usual is not None and found.currency != usual.currency:
        await _require_rates(connection, usual.currency, found.currency)
    return found


async def _require_rates(connection: Connection, currency: str, books: str) -> None:
    known = await fetch(connection, select(exists().where(exchange_rates.c.currency == currency)))
    if not known[0][0]:
        raise ImportRefused(
            f"The file is in {currency} and the business keeps its books in {books}: import exchange rates of "
            f"{currency} first (--format rates), or import the file into another database."
        )
