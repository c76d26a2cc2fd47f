"""Stretches of time, half open: merged where they touch, and found around a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

FOREVER = datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """From its start until before its end, which is `FOREVER` where there is none."""

    start: datetime
    end: datetime

    def contains(self, moment: datetime) -> bool:
        """Return whether a moment lies within."""
        return self.start <= moment < self.end


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as spans that do not touch, earliest first."""
    found: list[Span] = []
    for span in sorted(spans):
        if span.start >= span.end:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def around(spans: Iterable[Span], moment: datetime) -> Span | None:
    """Return the span that contains a moment."""
    return next((span for span in spans if span.contains(moment)), None)


def at_least(count: int, spans: Sequence[Span]) -> list[Span]:
    """Return when so many spans or more overlap."""
    if len(spans) < count:
        return []
    steps = sorted([(span.start, 1) for span in spans] + [(span.end, -1) for span in spans])
    found, running, begun = list[Span](), 0, None
    for moment, turns in groupby(steps, key=lambda step: step[0]):
        running += sum(step for _, step in turns)
        if running >= count and begun is None:
            begun = moment
        elif running < count and begun is not None:
            found.append(Span(begun, moment))
            begun = None
    return found
