"""Reading what was bought, fitting models to it, and keeping the best one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from api.app import open_database
from api.cli import ranked
from api.cli.fitted.page import page
from api.cli.fitted.progress import progress
from api.cli.fitted.table import table
from api.cli.fitted.told import Told
from api.cli.options import tell
from api.database import Database
from api.domain.lifetime_value.fitting import NothingToFit
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.training import FEWEST, Report, trained
from api.domain.lifetime_value.training_renewals import KeptTerms, fitted_renewals
from api.errors import BadUserInput, BusinessNotSet
from api.reads.all_purchases import all_purchases
from api.reads.kept_terms import kept_terms
from api.settings import Settings
from api.writes.business import Business, the_business
from api.writes.lifetime_value_models import keep_model

_TICK = timedelta(microseconds=1)
_NEEDED = f"a model needs at least {FEWEST} customers, some of whom bought on more than one day."


def run(settings: Settings, dsn: str, *, as_of: str | None, report: Path | None) -> None:
    """Fit, keep, tell, rank; raise BadUserInput or BusinessNotSet where nothing can be fitted, and keep nothing."""
    now = datetime.now(UTC)
    with progress() as say:
        business, moment, days, terms = asyncio.run(_read(settings, dsn, as_of, now))
        told = fitted(business, moment, days, say, terms)
        version = asyncio.run(_kept(settings, dsn, told))
    typer.echo(table(told, version))
    tell(ranked.run(settings, dsn))
    if report is not None:
        report.write_text(page(told, version), encoding="utf-8")
        typer.echo(f"\nThe page is in {report}.")


def keep_fit(settings: Settings, dsn: str, as_of: datetime) -> None:
    """Fit to what had happened by a moment, keep the model and rank by it, without a word; raise what `run` does."""
    business, moment, days, terms = asyncio.run(_read(settings, dsn, as_of.isoformat(), datetime.now(UTC)))
    asyncio.run(_kept(settings, dsn, fitted(business, moment, days, terms=terms)))
    ranked.run(settings, dsn)


def fitted(
    business: Business,
    moment: datetime,
    days: PurchaseDays,
    say: Report = lambda _step, _steps: None,
    terms: Sequence[KeptTerms] = (),
) -> Told:
    """Return the models fitted to purchases and terms up to a moment; raise BadUserInput for too few purchases."""
    zone = ZoneInfo(business.time_zone)
    if not len(days.days):
        raise BadUserInput(f"Nothing was bought up to {_shown(moment, zone)}: {_NEEDED}")
    try:
        # A hold-out ends with a day that is over: one that has only begun would count as one without purchases.
        complete = (moment + _TICK).astimezone(zone).date() - timedelta(days=1)
        today = moment.astimezone(zone).date()
        found = trained(days, today=today.toordinal(), complete=complete.toordinal(), report=say)
    except NothingToFit as nothing:
        raise BadUserInput(f"{nothing} up to {_shown(moment, zone)}: {_NEEDED}") from None
    return Told(replace(found, renewals=fitted_renewals(terms)), business.currency, zone, moment)


def moment_of(text: str | None, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the moment that was asked for; a day stands for its last moment on the calendar of the business.

    Raise BadUserInput for what is no moment, and for one that has not come yet.
    """
    if text is None:
        return now
    try:
        found = _parsed(text, zone)
    except (ValueError, OverflowError):
        raise BadUserInput(
            f"--as-of takes a day or a moment, such as 2025-06-30 or 2025-06-30T12:00Z, not {text!r}."
        ) from None
    if found > now:
        raise BadUserInput(f"--as-of is {text}, which has not come yet.")
    return found


def _parsed(text: str, zone: ZoneInfo) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC) - _TICK


async def _read(
    settings: Settings, dsn: str, as_of: str | None, now: datetime
) -> tuple[Business, datetime, PurchaseDays, list[KeptTerms]]:
    async with open_database(settings, dsn) as opened, opened.snapshot() as connection:
        business = await the_business(connection)
        if business is None:
            raise BusinessNotSet(BusinessNotSet.meaning)
        moment = moment_of(as_of, ZoneInfo(business.time_zone), now)
        days = await all_purchases(connection, moment)
        return business, moment, days, await kept_terms(connection, moment)


async def _kept(settings: Settings, dsn: str, told: Told) -> int:
    async with open_database(settings, dsn) as opened:
        return await kept(opened, told)


async def kept(opened: Database, told: Told) -> int:
    """Keep the models and return their version."""
    first = datetime.combine(date.fromordinal(told.trained.first), time.min, told.zone)
    async with opened.connection() as connection:
        return await keep_model(
            connection, told.trained, currency=told.currency, trained_from=first, trained_until=told.moment
        )


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()
