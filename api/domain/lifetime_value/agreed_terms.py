"""What a customer has agreed to for a time, as far as it says what is to be paid, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from api.domain.calendar import parse_duration
from api.domain.lifetime_value.plan_chains import PlanTerm, renewals_made
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.weeks import in_weeks

MOST_INSTALMENTS = 500
"""Of a term that are looked at one by one; where there are more, as many equal ones stand for them."""

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


def agreed_terms(rows: Sequence[Mapping[str, Any]]) -> tuple[AgreedTerm, ...]:
    """Return what is in force or agreed from what is on record; see `api.reads.agreed_terms` for the rows.

    Of support plans those that are over are on record, too: they tell how often the present one was renewed. One that
    the next plan has followed already is not renewed again.
    """
    named = [place for place, row in enumerate(rows) if row["name"]]
    plans = [PlanTerm(rows[place]["name"], rows[place]["begins"], rows[place]["due"]) for place in named]
    followed = dict(zip(named, renewals_made(plans), strict=True))
    return tuple(_of(row, followed.get(place, 0)) for place, row in enumerate(rows) if row["lasts"])


def _of(row: Mapping[str, Any], before: int | None) -> AgreedTerm:
    return AgreedTerm(
        Stream(row["stream"]),
        row["length"] or "P12M",
        float(row["amount"]),
        row["currency"],
        row["made"] + (before or 0),
        None if before is None else row["due"],
        row["until"],
        _committed(row),
        row["begins"],
    )


def _committed(row: Mapping[str, Any]) -> Payments:
    """Return what is still to be paid of a term that is not booked: at its start, or in instalments from then on."""
    owed_from, owed, until = row["owed_from"], row["owed"], row["until"]
    if owed_from is None:
        return ()
    between = length_in_weeks(row["billing"]) if row["billing"] else 0.0
    length = length_in_weeks(row["length"])
    number = min(max(round(length / between), 1), MOST_INSTALMENTS) if between else 1
    dues = (owed_from + place * max(between, length / number) for place in range(number))
    return tuple((due, owed / number) for due in dues if due > 0 and (until is None or due < until))
