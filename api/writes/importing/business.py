"""The business a file's orders belong to: the one that is set up, or a new one."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from api.database import Connection
from api.domain.money import is_currency
from api.tables.business import business, exchange_rates
from api.writes.importing.results import ImportRefused, NewBusiness
from api.writes.importing.staging import fetch, run

_NOT_SET_UP = (
    "No business is set up yet, and this file does not say whose it is: "
    "give a name, a currency and a time zone, or run `regulars init` first."
)


async def business_of(connection: Connection, wanted: NewBusiness | None, usual: NewBusiness | None) -> NewBusiness:
    """Return the business to import for; raise ImportRefused where the wanted one is not the one that is set up.

    usual: the business that the file's format implies, taken where none is wanted and none is set up.
    """
    found = await recorded_business(connection)
    if wanted is not None:
        _check(wanted)
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


async def recorded_business(connection: Connection) -> NewBusiness | None:
    """Return the business that is set up, if one is."""
    rows = await fetch(connection, select(business.c.name, business.c.currency, business.c.time_zone))
    return NewBusiness(**rows[0]) if rows else None


async def set_up(connection: Connection, wanted: NewBusiness) -> None:
    """Set the business up where none is; raise ImportRefused where another was set up in the meantime."""
    values = {"name": wanted.name, "currency": wanted.currency, "time_zone": wanted.time_zone}
    await run(connection, insert(business).values(**values).on_conflict_do_nothing())
    await business_of(connection, wanted, None)


async def _require_rates(connection: Connection, currency: str, books: str) -> None:
    known = await fetch(connection, select(exists().where(exchange_rates.c.currency == currency)))
    if not known[0][0]:
        raise ImportRefused(
            f"The file is in {currency} and the business keeps its books in {books}: import exchange rates of "
            f"{currency} first (--format rates), or import the file into another database."
        )


def _check(wanted: NewBusiness) -> None:
    if not wanted.name.strip():
        raise ImportRefused("The business needs a name.")
    if not is_currency(wanted.currency):
        raise ImportRefused(f"{wanted.currency!r} is not a circulating currency of ISO 4217, such as EUR.")
    try:
        ZoneInfo(wanted.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImportRefused(f"{wanted.time_zone!r} is not a time zone, such as Europe/Berlin.") from None
