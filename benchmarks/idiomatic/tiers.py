"""The tier a member has reached, worked out in Python from what was earned when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from math import ceil
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from api.domain.calendar import Duration
from benchmarks.idiomatic.loyalty_rows import EntryRow, ProgramRow
from benchmarks.idiomatic.rows import BusinessRow
from benchmarks.idiomatic.spans import FOREVER, Span, around, merged


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier, and the points that it takes."""

    code: str
    name: str
    required: Decimal


@dataclass(frozen=True, slots=True)
class Program:
    """The program in force: its tiers, lowest first, how long points count, and how long a tier stays after that."""

    tiers: Sequence[Tier]
    window: Duration
    grace: Duration
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands: the tier and until when, the next one, the points still needed, and until when they do."""

    tier: Tier
    until: datetime | None
    following: Tier | None
    needed: int | None
    before: datetime | None


Stretch = tuple[Span, int]
"""A stretch of time, and the points that count during it."""


async def program_in_force(session: AsyncSession, moment: datetime) -> Program:
    """Return the program in force at a moment, of which tiers ask for points."""
    latest = select(ProgramRow).where(ProgramRow.effective_from <= moment).order_by(ProgramRow.effective_from.desc())
    row = (await session.scalars(latest.limit(1).options(selectinload(ProgramRow.tiers)))).one()
    if row.tier_basis != "POINTS":
        raise ValueError("Tiers of the benchmark's program ask for points.")
    zone = (await session.scalars(select(BusinessRow.time_zone))).one()
    tiers = [Tier(tier.code, tier.name, tier.required) for tier in row.tiers]
    window, grace = Duration(row.window_months, row.window_days), Duration(row.grace_months, row.grace_days)
    return Program(tiers, window, grace, ZoneInfo(zone))


def standing(program: Program, counted: Iterable[EntryRow], now: datetime) -> Standing:
    """Return how a member stands by what counts towards a tier."""
    stretches = _stretches(program, counted, now)
    total = next((points for span, points in stretches if span.contains(now)), 0)
    held = [(place, _held(program, tier, stretches, now)) for place, tier in enumerate(program.tiers)]
    place, span = max((place, span) for place, span in held if span)
    until = span.end if program.tiers[place].required else None
    following = program.tiers[place + 1] if place + 1 < len(program.tiers) else None
    needed = ceil(following.required - total) if following else None
    before = min((each.start for each, points in stretches if each.start > now and points < total), default=None)
    return Standing(program.tiers[place], until, following, needed, before)


def _stretches(program: Program, counted: Iterable[EntryRow], now: datetime) -> list[Stretch]:
    """Return how many points count when: each entry's do from its moment until the window is over."""
    steps = list[tuple[datetime, int]]()
    for entry in counted:
        if entry.counts_from is not None and entry.counts_from <= now:
            steps.append((entry.counts_from, entry.counted))
            steps.append((program.window.after(entry.counts_from, program.zone), -entry.counted))
    steps.sort()
    turns = [(at, sum(points for _, points in each)) for at, each in groupby(steps, key=lambda step: step[0])]
    ends = [end for (_, (end, _)) in pairwise(turns)] + [FOREVER]
    sums = accumulate(points for _, points in turns)
    return [(Span(at, end), points) for (at, _), end, points in zip(turns, ends, sums, strict=False)]


def _held(program: Program, tier: Tier, stretches: Sequence[Stretch], now: datetime) -> Span | None:
    """Return the span around now during which a tier is held, grace included."""
    if not tier.required:
        return Span(now, FOREVER)
    spans = [
        Span(span.start, span.end if span.end == FOREVER else program.grace.after(span.end, program.zone))
        for span, points in stretches
        if points >= tier.required
    ]
    return around(merged(spans), now)
