"""What a customer has agreed to for a time, as far as it says what is to be paid, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from api.domain.calendar import parse_duration
from api.domain.lifetime_value.plan_chains import PlanTerm, renewals_made
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK, in_weeks

MOST_INSTALMENTS = 500
"""Of a term that are looked at one by one; where there are more, as many equal ones stand for them."""

_SECONDS_IN_WEEK = DAYS_IN_WEEK * 24 * 60 * 60
_STREAMS = {str(stream): stream for stream in Stream}

Payments = tuple[tuple[float, float], ...]
"""When each is due, in weeks from the moment, and how much it is."""


class AgreedTerm(NamedTuple):
    """A subscription, a support plan or a contract that is in force at a moment, or agreed for later.

    length     of a term, in ISO 8601
    amount     that each renewal brings, in units of `currency`
    renewals   made so far
    due        weeks to the next renewal, None where there will be none
    until      weeks to its end if nobody renews it, None where it has none
    committed  payments that are agreed, not due yet, and not booked as value
    begins     weeks to its beginning, below 0 where it has begun
    """

    stream: Stream
    length: str
    amount: float
    currency: str
    renewals: int
    due: float | None
    until: float | None
    committed: Payments = ()
    begins: float = 0.0

    @property
    def weeks(self) -> float:
        """The length of a term in weeks."""
        return length_in_weeks(self.length)


@lru_cache(maxsize=256)
def length_in_weeks(text: str) -> float:
    """Return a length of time in ISO 8601 in weeks."""
    return in_weeks(parse_duration(text))


def agreed_terms(rows: Sequence[Mapping[str, Any]], moment: float) -> tuple[AgreedTerm, ...]:
    """Return what is in force or agreed from what is on record; see `api.reads.agreed_terms` for the rows.

    Of support plans those that are over are on record, too: they tell how often the present one was renewed. One that
    the next plan has followed already is not renewed again.

    moment  to count from, in seconds since 1970
    """
    followed = _followed(rows)
    return tuple(_of(row, followed.get(place, 0), moment) for place, row in enumerate(rows) if row["lasts"])


def _followed(rows: Sequence[Mapping[str, Any]]) -> Mapping[int, int | None]:
    """Return by the places of plans how many others each follows; None for one that was renewed itself."""
    named = [place for place, row in enumerate(rows) if row["name"]]
    if len(named) < 2:
        return {}
    plans = [
        PlanTerm(row["name"], row["begins"] / _SECONDS_IN_WEEK, _weeks(row["due"], 0.0))
        for row in (rows[place] for place in named)
    ]
    return dict(zip(named, renewals_made(plans), strict=True))


def _weeks(until: float | None, moment: float) -> float | None:
    return None if until is None else (until - moment) / _SECONDS_IN_WEEK


def _of(row: Mapping[str, Any], before: int | None, moment: float) -> AgreedTerm:
    until = _weeks(row["until"], moment)
    return AgreedTerm(
        _STREAMS[row["stream"]],
        row["length"] or "P12M",
        float(row["amount"]),
        row["currency"],
        row["made"] + (before or 0),
        None if before is None else _weeks(row["due"], moment),
        until,
        _committed(row, _weeks(row["owed_from"], moment), until),
        (row["begins"] - moment) / _SECONDS_IN_WEEK,
    )


def _committed(row: Mapping[str, Any], owed_from: float | None, until: float | None) -> Payments:
    """Return what is still to be paid of a term that is not booked: at its start, or in instalments from then on."""
    if owed_from is None:
        return ()
    owed = row["owed"]
    between = length_in_weeks(row["billing"]) if row["billing"] else 0.0
    length = length_in_weeks(row["length"])
    number = min(max(round(length / between), 1), MOST_INSTALMENTS) if between else 1
    dues = (owed_from + place * max(between, length / number) for place in range(number))
    return tuple((due, owed / number) for due in dues if due > 0 and (until is None or due < until))
