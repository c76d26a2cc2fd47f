"""What the database says of a subscription at a moment is what the rules in Python say, and what their words say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy import select

from api.database import prepare
from api.domain.calendar import Duration
from api.domain.subscription_timeline import Timeline
from api.reads.json import parameter
from api.reads.relation import Lens, Row
from api.reads.subscriptions import subscriptions
from tests.given import NEW_YEAR

pytestmark = pytest.mark.anyio

ZONE = ZoneInfo("Europe/Berlin")
NAMES = ("status", "due", "next_billing_at", "pause_at", "resume_at", "ended_at")
COUNT = 400


def day(number: float) -> datetime:
    """Return a moment so many days after New Year."""
    return NEW_YEAR + timedelta(days=number)


def timeline(random: Random) -> Timeline:
    """Return a subscription whose moments often fall together: all lie on one of few days."""
    start, end = day(random.randint(1, 3)), day(random.randint(4, 9))
    first, second, third, fourth = sorted(random.sample(range(1, 16), 4))
    last = random.choice((None, day(fourth)))
    pauses: list[Any] = [(), ((day(first), last),), ((day(first), day(second)), (day(third), last))]
    terms = Timeline(
        started_at=start,
        trial_ends_at=random.choice((None, None, end)),
        interval=Duration(days=5),
        grace=random.choice((Duration(), Duration(days=random.randint(1, 5)))),
        anchored_at=start,
        period_start=start,
        period_end=end,
        changed_at=day(0),
        zone=ZONE,
        cancel_at=random.choice((None, day(random.randint(3, 16)))),
    )
    for pause in random.choice(pauses):
        # What has ended is not paused any more.
        if start <= pause[0] and (terms.ends_at is None or pause[0] < terms.ends_at):
            terms = replace(terms, pauses=(*terms.pauses, pause))
    return terms


def described(terms: Timeline, moment: datetime) -> dict[str, Any]:
    """Return what the rules in Python say."""
    pause, due, ends_at = terms.pause_after(moment), terms.due, terms.ends_at
    ended_at = ends_at if ends_at is not None and ends_at <= moment else None
    is_last = ended_at or (due is not None and terms.cancel_at is not None and terms.cancel_at <= due)
    return {
        "status": terms.status(moment),
        "due": due,
        "next_billing_at": None if is_last else due,
        "pause_at": pause[0] if pause and not ended_at else None,
        "resume_at": pause[1] if pause and not ended_at else None,
        "ended_at": ended_at,
    }


def statement() -> Any:
    row = Row(subscriptions, Lens(moment=parameter("moment", "moment")))
    chosen = [row.key.label("key"), *(row[name].label(name) for name in NAMES), row.c.held.op("@>")(row.lens.moment)]
    return prepare(select(*chosen).select_from(row.table))


async def test_the_database_and_the_rules_agree_at_every_moment(given):
    random = Random(7)
    customer = await given.customer()
    known = {}
    async with given.standing_at_the_end():
        for _ in range(COUNT):
            terms = timeline(random)
            made = await given.subscription(customer, **columns(terms))
            known[made.key] = terms
    asked, seen = statement(), set()
    for moment in [day(number / 2) for number in range(2, 44)]:
        for record in await given.connection.fetch(asked.sql, *asked.values({"moment": moment})):
            terms = known[record["key"]]
            assert {name: record[name] for name in NAMES} == described(terms, moment), (terms, moment)
            assert record[-1] == (by_the_words(terms, moment) in ("ACTIVE", "PAST_DUE")), (terms, moment)
            assert terms.status(moment) == by_the_words(terms, moment), (terms, moment)
            seen.add(record["status"])
    assert len(seen) == 7, seen


def columns(terms: Timeline) -> dict[str, Any]:
    return {
        "started_at": terms.started_at,
        "trial_ends_at": terms.trial_ends_at,
        "grace": terms.grace,
        "period_end": terms.period_end,
        "changed_at": terms.changed_at,
        "pauses": [asyncpg.Range(*pause) for pause in terms.pauses],
        "cancel_at": terms.cancel_at,
        "cancellation_reason": terms.cancel_at and "OTHER",
        "ends_at": terms.ends_at,
    }


def by_the_words(terms: Timeline, moment: datetime) -> str:
    """Return the status as the documentation words it, going through time in steps of half a day."""
    status, due_since = "SCHEDULED", None
    at = terms.started_at
    while at <= moment:
        is_paused = any(start <= at and (end is None or at < end) for start, end in terms.pauses)
        if due_since is None and at >= terms.period_end and not is_paused:
            due_since = at
        if terms.cancel_at is not None and at >= terms.cancel_at:
            return "CANCELLED"
        if due_since is not None and at >= due_since + timedelta(days=terms.grace.days) and not is_paused:
            return "EXPIRED"
        is_trial = terms.trial_ends_at is not None and at < terms.trial_ends_at
        running = "TRIALING" if is_trial else "ACTIVE" if due_since is None else "PAST_DUE"
        status = "PAUSED" if is_paused else running
        at += timedelta(hours=12)
    return status
