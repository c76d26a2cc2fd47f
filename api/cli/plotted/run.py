"""Reading what was known of a customer at each moment, and drawing what that made a model expect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from api.app import open_database
from api.cli.options import write_page
from api.cli.plotted.figures import Drawn
from api.cli.plotted.page import page
from api.database import Connection, Database
from api.domain.lifetime_value.course import Known, course, days_to_show
from api.domain.lifetime_value.prediction import Asked
from api.domain.lifetime_value.ranked_by import ANNUAL_DISCOUNT_RATE, HORIZON
from api.domain.lifetime_value.unavailable import MODEL_NOT_FITTED, PredictionUnavailable
from api.errors import BadUserInput, BusinessNotSet
from api.graph.scoring import model_of
from api.reads.customers import customers
from api.reads.identity import key_of
from api.reads.known_purchases import known_of
from api.reads.value_course import Subject, known_then, subject
from api.settings import Settings
from api.writes.business import Business, the_business

_TICK = timedelta(microseconds=1)


def run(settings: Settings, dsn: str, customer_id: str, output: Path | None) -> str:
    """Write the page and return where it is; raise BadUserInput where there is nothing to draw, and write nothing."""
    found = asyncio.run(_drawn(settings, dsn, customer_id, datetime.now(UTC)))
    return write_page(page(found), output or Path(f"{customer_id}.html"))


async def _drawn(settings: Settings, dsn: str, customer_id: str, now: datetime) -> Drawn:
    async with open_database(settings, dsn) as opened:
        return await drawn(opened, customer_id, now)


async def drawn(opened: Database, customer_id: str, now: datetime) -> Drawn:
    """Return what there is to draw of a customer; raise BadUserInput for an unknown one, or where nothing is predicted.

    Every moment is told by what had happened by then, and by the model that is in use now.
    """
    key = key_of(customers, customer_id)
    async with opened.snapshot() as connection:
        business = await the_business(connection)
        if business is None:
            raise BusinessNotSet(BusinessNotSet.meaning)
        about = await subject(connection, key, now) if key else None
        if key is None or about is None:
            raise BadUserInput(f"There is no customer {customer_id}: `customers` of the API lists the ids there are.")
        known = await _known(connection, key, about, ZoneInfo(business.time_zone), now)
    return _of(business, about, customer_id, known)


def _of(business: Business, about: Subject, customer_id: str, known: Sequence[Known]) -> Drawn:
    told: dict[str, Any] = orjson.loads(about.model) if about.model else {}
    model = model_of(told) if told else None
    found = course(known, Asked(HORIZON, ANNUAL_DISCOUNT_RATE), model, business.currency)
    if model is None or isinstance(found, PredictionUnavailable):
        why = found if isinstance(found, PredictionUnavailable) else MODEL_NOT_FITTED
        raise BadUserInput(f"There is nothing to draw. {why.message} What it takes: {why.need}")
    which = told["version"], told["method"], told.get("segment_value")
    return Drawn(about, customer_id, found, model, *which, ZoneInfo(business.time_zone))


async def _known(connection: Connection, key: UUID, about: Subject, zone: ZoneInfo, now: datetime) -> list[Known]:
    today = now.astimezone(zone).date()
    bought = [day for day, _ in about.bought if day <= today]
    first = min([about.since.astimezone(zone).date(), *bought, today - timedelta(days=1)])
    days = days_to_show(first, today, bought)
    moments = [min(_end_of(day, zone), now) for day in days]
    rows = await known_then(connection, key, moments)
    return [_then(day, row) for day, row in zip(days, rows, strict=True)]


def _then(day: date, row: Any) -> Known:
    columns = {name: [value] for name, value in row.items()}
    return Known(day, known_of(columns, row["today"]), Decimal(row["net"]))


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC) - _TICK
