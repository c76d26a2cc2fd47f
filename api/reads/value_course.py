"""What was known of one customer at each of many moments, and which model is in use for them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Double, Text, Uuid, bindparam, cast, column, func, select, true

from api.database import Connection, driver_errors_translated, prepare
from api.reads.agreed_terms import agreed_terms, seconds_of
from api.reads.customers import customers
from api.reads.lifetime_value_models import told_of_model
from api.reads.purchase_days import all_purchase_days, day_of, in_days_ago, purchase_days
from api.reads.relation import Lens, Row, rows
from api.reads.values import value_of_all_time

_TIME = DateTime(timezone=True)
_KEY, _NOW = bindparam("customer", type_=Uuid), bindparam("now", type_=_TIME)
_LENS = Lens(moment=_NOW, as_of=_NOW, owner=_KEY)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose course it is.

    name      to show on a page
    since     when they came to the business
    bought    the days with purchases, with their values
    model     the one they are scored by, as JSON text; None without any
    """

    name: str
    since: datetime
    bought: Sequence[tuple[date, float]]
    model: str | None


async def subject(connection: Connection, customer: UUID, now: datetime) -> Subject | None:
    """Return what is known of a customer now, None where there is no such customer."""
    given = {"customer": customer, "now": now}
    with driver_errors_translated():
        found = await connection.fetchrow(_SUBJECT.sql, *_SUBJECT.values(given))
        if found is None:
            return None
        days = await connection.fetch(_BOUGHT.sql, *_BOUGHT.values(given))
    bought = [(each["day"], each["value"]) for each in days]
    return Subject(found["name"], found["since"], bought, found["model"])


async def known_then(connection: Connection, customer: UUID, moments: Sequence[datetime]) -> list[Any]:
    """Return a row for each moment, in their order.

    returns  what `prediction_facts` tells of purchases and terms; today, the day of the moment; net, what the customer
             had brought
    """
    with driver_errors_translated():
        # Each moment is read as a look back is: so many of them may take longer than one that somebody waits for.
        await connection.execute("SET LOCAL statement_timeout = 0")
        given = {"customer": customer, "moments": moments}
        found: list[Any] = await connection.fetch(_KNOWN.sql, *_KNOWN.values(given))
    return found


def _subject() -> Any:
    row = Row(customers, Lens(moment=_NOW, owner=_KEY))
    model = told_of_model(row, lambda model: cast(model, Text))
    columns = {"name": row["display_name"], "since": row.c.created_at, "model": model}
    return rows(row, [value.label(name) for name, value in columns.items()], row.visible())


def _bought() -> Any:
    day = all_purchase_days(_LENS).subquery("purchases")
    return select(day.c.day, cast(day.c.value, Double).label("value")).order_by(day.c.day)


def _known() -> Any:
    moments = func.unnest(bindparam("moments", type_=ARRAY(_TIME)))
    then = moments.table_valued(column("moment", _TIME), with_ordinality="place").render_derived("then")
    row = Row(customers, Lens(moment=then.c.moment, as_of=then.c.moment))
    days, brought = purchase_days(row), value_of_all_time(row)
    purchases, today = in_days_ago(dict(days.c.items()), day_of(then.c.moment)), day_of(then.c.moment).label("today")
    columns = [today, agreed_terms(row).label("terms"), seconds_of(then.c.moment).label("moment"), brought.c.net]
    source = then.join(row.table, row.key == _KEY).join(days, true()).join(brought, true())
    return select(*purchases, *columns).select_from(source).order_by(then.c.place)


_SUBJECT, _BOUGHT, _KNOWN = prepare(_subject()), prepare(_bought()), prepare(_known())
