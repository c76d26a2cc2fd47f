"""Things with a term from a seed: scheduled, tried, paused, renewed, ended early; in versions known late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.activity.facts import Term, Version

if TYPE_CHECKING:
    from tests.activity.histories import Histories

KINDS = (
    ("sub", "PRODUCT_SUBSCRIPTION"),
    ("sub", "PRODUCT_SUBSCRIPTION"),
    ("sub", "SERVICE_SUBSCRIPTION"),
    ("sup", "PAID_SUPPORT_PLAN"),
    ("sup", None),
    ("con", "CONTRACT"),
)


def a_term(histories: Histories, known: list[datetime]) -> Term:
    """Return something with a term; what happens to it is added to the moments known."""
    random = histories.random
    prefix, code = random.choice(KINDS)
    versions = [_first(histories, known, may_be_tried=prefix == "sub")]
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        versions.append(_next(histories, versions[-1], known, may_pause=prefix == "sub"))
    known += [moment for one in versions for moment in (one.begins, one.ends, one.trial) if moment]
    return Term(histories.key(), prefix, code, tuple(versions))


def _first(histories: Histories, known: Sequence[datetime], *, may_be_tried: bool) -> Version:
    random = histories.random
    begins = histories.planned(known)
    # What was agreed later than it began, or long before it begins.
    happened = min(histories.moment(known), begins) if random.random() < 0.7 else histories.moment(known)
    tried = may_be_tried and random.random() < 0.3
    trial = begins + random.choice((timedelta(days=14), timedelta(microseconds=1))) if tried else None
    return Version(happened, histories.recorded(happened), begins, _end(histories, begins, known), trial)


def _end(histories: Histories, begins: datetime, known: Sequence[datetime]) -> datetime | None:
    if histories.random.random() < 0.2:
        return None
    end = histories.planned([begins, *known])
    return max(end, begins + histories.random.choice((timedelta(0), timedelta(microseconds=1), timedelta(days=30))))


def _next(histories: Histories, before: Version, known: Sequence[datetime], *, may_pause: bool) -> Version:
    """Return the version after another: paused, resumed, or with another end."""
    random = histories.random
    happened = max(before.happened, histories.moment([before.happened, *known]))
    recorded = histories.recorded(happened, before.recorded)
    changed = replace(before, happened=happened, recorded=recorded)
    if may_pause and random.random() < 0.6:
        return _rested(histories, changed, known)
    return replace(changed, ends=_end(histories, before.begins, known))


def _rested(histories: Histories, version: Version, known: Sequence[datetime]) -> Version:
    """Return a version with one pause more, or with the one that has no end ended."""
    random, pauses = histories.random, version.pauses
    if pauses and pauses[-1][1] is None:
        start = pauses[-1][0]
        end = max(start + timedelta(days=random.choice((1, 30))), version.happened)
        ends = _end(histories, version.begins, known)
        return replace(version, pauses=(*pauses[:-1], (start, end)), ends=ends)
    start = max(version.happened, pauses[-1][1] + timedelta(days=1) if pauses and pauses[-1][1] else version.happened)
    if random.random() < 0.3:
        return replace(version, pauses=(*pauses, (start, None)), ends=None)
    return replace(version, pauses=(*pauses, (start, start + timedelta(days=random.choice((1, 30, 90))))))
