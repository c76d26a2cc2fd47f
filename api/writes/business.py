"""Setting the business: once, and never silently changed."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from api.database import Connection, driver_errors_translated, prepare
from api.domain.money import is_currency
from api.errors import BadUserInput
from api.tables.business import business

__all__ = ["Business", "set_business", "the_business"]

LONGEST_NAME = 255

_THE_BUSINESS = prepare(select(business.c.name, business.c.currency, business.c.time_zone))
_SET = prepare(
    insert(business)
    .values(name=bindparam("name"), currency=bindparam("currency"), time_zone=bindparam("time_zone"))
    .on_conflict_do_nothing()
)


@dataclass(frozen=True, slots=True)
class Business:
    """Whose customers these are.

    currency   ISO 4217 code its figures are in
    time_zone  IANA name of the zone its days begin in
    """

    name: str
    currency: str
    time_zone: str

    def check(self) -> None:
        """Raise BadUserInput for a value that cannot be used."""
        if not self.name or self.name != self.name.strip() or not self.name.isprintable():
            raise BadUserInput("The business needs a name, without spaces around it and on one line.")
        if len(self.name) > LONGEST_NAME:
            raise BadUserInput(f"The name of the business has at most {LONGEST_NAME} characters.")
        if not is_currency(self.currency):
            raise BadUserInput("The currency is the code of a circulating currency of ISO 4217, such as EUR.")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadUserInput("The time zone is a name such as Europe/Berlin or America/New_York.") from None


async def the_business(connection: Connection) -> Business | None:
    """Return the business that is set, if one is."""
    rows = await connection.fetch(_THE_BUSINESS.sql)
    return Business(**rows[0]) if rows else None


async def set_business(connection: Connection, wanted: Business) -> bool:
    """Set the business and return whether this call did it; the same values again change nothing.

    Raise BadUserInput for values that cannot be used, and where others are set already.
    """
    wanted.check()
    values = {"name": wanted.name, "currency": wanted.currency, "time_zone": wanted.time_zone}
    with driver_errors_translated():
        status = await connection.execute(_SET.sql, *_SET.values(values))
        found = await the_business(connection)
    if found is not None and found != wanted:
        raise BadUserInput(
            f"The business is set already: {found.name}, {found.currency}, {found.time_zone}. "
            "Figures are kept in its currency and days counted in its time zone, so it is never changed; "
            "use another database for another business."
        )
    return status.endswith(" 1")
