"""Reading what was bought, fitting models to it, and keeping the best one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from api.cli.options import tell, write_page
from api.database import Connection, Database
from api.domain.lifetime_value.candidates import Segments, Trained
from api.domain.lifetime_value.fitting import NothingToFit
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.segments import SegmentBasis
from api.domain.lifetime_value.statistics import Integers
from api.domain.lifetime_value.training import FEWEST, Report, trained
from api.domain.lifetime_value.training_renewals import KeptTerms, fitted_renewals
from api.domain.lifetime_value.training_segments import trained_segments
from api.errors import BadUserInput, BusinessNotSet
from api.reads.all_purchases import all_purchases
from api.reads.customer_segments import members_of_segments
from api.reads.kept_terms import kept_terms
from api.settings import Settings
from api.writes.business import Business, the_business
from api.writes.lifetime_value_models import Frame, keep_model

_TICK = timedelta(microseconds=1)
_NEEDED = f"a model needs at least {FEWEST} customers, some of whom bought on more than one day."


@dataclass(frozen=True, slots=True)
class Seen:
    """What models are fitted to: purchases and terms up to a moment, and by what customers are divided, if at all."""

    business: Business
    moment: datetime
    days: PurchaseDays
    terms: Sequence[KeptTerms] = ()
    by: SegmentBasis | None = None
    members: Mapping[str, Integers] = field(default_factory=dict)


def run(settings: Settings, dsn: str, *, as_of: str | None, by: SegmentBasis | None, report: Path | None) -> None:
    """Fit, keep, tell, rank; raise BadUserInput or BusinessNotSet where nothing can be fitted, and keep nothing."""
    now = datetime.now(UTC)
    with progress() as say:
        told = fitted(asyncio.run(_read(settings, dsn, as_of, now, by)), say)
        version = asyncio.run(_kept(settings, dsn, told))
    typer.echo(table(told, version))
    tell(ranked.run(settings, dsn))
    if report is not None:
        typer.echo(f"\n{write_page(page(told, version), report)}")


def keep_fit(settings: Settings, dsn: str, as_of: datetime) -> None:
    """Fit to what had happened by a moment, keep the model and rank by it, without a word; raise what `run` does."""
    seen = asyncio.run(_read(settings, dsn, as_of.isoformat(), datetime.now(UTC)))
    asyncio.run(_kept(settings, dsn, fitted(seen)))
    ranked.run(settings, dsn)


def fitted(seen: Seen, say: Report = lambda _step, _steps: None) -> Told:
    """Return the models fitted to what was seen; raise BadUserInput for too few purchases."""
    moment, zone = seen.moment, ZoneInfo(seen.business.time_zone)
    if not len(seen.days.days):
        raise BadUserInput(f"Nothing was bought up to {_shown(moment, zone)}: {_NEEDED}")
    # A hold-out ends with a day that is over: one that has only begun would count as one without purchases.
    complete = ((moment + _TICK).astimezone(zone).date() - timedelta(days=1)).toordinal()
    try:
        today = moment.astimezone(zone).date().toordinal()
        found = trained(seen.days, today=today, complete=complete, report=say)
    except NothingToFit as nothing:
        raise BadUserInput(f"{nothing} up to {_shown(moment, zone)}: {_NEEDED}") from None
    found = replace(found, renewals=fitted_renewals(seen.terms))
    return Told(found, seen.business.currency, zone, moment, _segments(seen, found, complete, say))


def _segments(seen: Seen, whole: Trained, complete: int, say: Report) -> Segments | None:
    if seen.by is None:
        return None
    return trained_segments(seen.days, seen.by, seen.members, whole, complete=complete, report=say)


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


async def _read(settings: Settings, dsn: str, as_of: str | None, now: datetime, by: SegmentBasis | None = None) -> Seen:
    async with open_database(settings, dsn) as opened, opened.snapshot() as connection:
        business = await the_business(connection)
        if business is None:
            raise BusinessNotSet(BusinessNotSet.meaning)
        return await seen_by(connection, business, moment_of(as_of, ZoneInfo(business.time_zone), now), by)


async def seen_by(connection: Connection, business: Business, moment: datetime, by: SegmentBasis | None = None) -> Seen:
    """Return what had happened by a moment, all from one snapshot of the caller's."""
    days = await all_purchases(connection, moment)
    members = await members_of_segments(connection, moment, by) if by else {}
    return Seen(business, moment, days, await kept_terms(connection, moment), by, members)


async def _kept(settings: Settings, dsn: str, told: Told) -> int:
    async with open_database(settings, dsn) as opened:
        return await kept(opened, told)


async def kept(opened: Database, told: Told) -> int:
    """Keep the models and return their version."""
    async with opened.connection() as connection:
        return await keep_model(connection, told.trained, Frame(told.currency, told.zone, told.moment), told.segments)


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()
