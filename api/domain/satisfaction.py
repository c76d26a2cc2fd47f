"""How content customers are: recommendation, satisfaction and effort, from numbers of answers.

NPS asks from 0 to 10 whether somebody would recommend the business: 9 and 10 are promoters, 7 and 8 passives, the rest
detractors (Reichheld 2003, "The One Number You Need to Grow", Harvard Business Review 81(12)). CSAT asks from 1 to 5
how satisfied somebody is, CES from 1 to 7 how easy something was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from math import sqrt

PROMOTERS_FROM, PASSIVES_FROM = 9, 7
"""The lowest recommendation scores of promoters and of passives."""

SATISFIED_FROM = 4
"""The lowest satisfaction score of who counts as satisfied."""

BANDS = ("PROMOTER", "PASSIVE", "DETRACTOR")

LEVEL = 0.95
_Z = 1.959963984540054
"""The standard normal quantile of (1 + LEVEL) / 2."""

_ADDED = 3.0
"""Answers that are added before an interval is worked out, a quarter of them promoters and a quarter detractors."""


@dataclass(frozen=True, slots=True)
class NetPromoterScore:
    """Percentage of promoters less that of detractors, -100 to 100, and a range around it.

    low, high  ends of a range made in such a way that the share `level` of such ranges holds the score of all customers
    """

    score: float
    low: float
    high: float
    level: float
    promoters: int
    passives: int
    detractors: int
    responses: int


@dataclass(frozen=True, slots=True)
class SatisfactionScore:
    """Share of the answers that are 4 or 5, 0 to 1, and their mean, 1 to 5."""

    satisfied: float
    mean: float
    responses: int


@dataclass(frozen=True, slots=True)
class EffortScore:
    """Mean of the answers, 1 to 7; larger is easier."""

    mean: float
    responses: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of answers by what they say, and sums of their scores."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    csat_responses: int = 0
    csat_satisfied: int = 0
    csat_sum: int = 0
    ces_responses: int = 0
    ces_sum: int = 0

    @property
    def nps(self) -> NetPromoterScore | None:
        """What is said of recommendation, None without an answer."""
        return net_promoter_score(promoters=self.promoters, passives=self.passives, detractors=self.detractors)

    @property
    def csat(self) -> SatisfactionScore | None:
        """What is said of satisfaction, None without an answer."""
        count = self.csat_responses
        return SatisfactionScore(self.csat_satisfied / count, self.csat_sum / count, count) if count else None

    @property
    def ces(self) -> EffortScore | None:
        """What is said of effort, None without an answer."""
        return EffortScore(self.ces_sum / self.ces_responses, self.ces_responses) if self.ces_responses else None

    @property
    def responses(self) -> int:
        """How many answers there are to all three questions."""
        return self.promoters + self.passives + self.detractors + self.csat_responses + self.ces_responses


@dataclass(frozen=True, slots=True)
class MonthlySatisfaction:
    """What the answers of one month say; `month` is its first day."""

    month: date
    nps: NetPromoterScore | None
    csat: SatisfactionScore | None
    ces: EffortScore | None
    responses: int


@dataclass(frozen=True, slots=True)
class BaseSatisfaction:
    """What the answers of many customers say, in all and month by month."""

    nps: NetPromoterScore | None
    csat: SatisfactionScore | None
    ces: EffortScore | None
    responses: int
    open_complaints: int
    by_month: Sequence[MonthlySatisfaction]


def net_promoter_score(*, promoters: int, passives: int, detractors: int) -> NetPromoterScore | None:
    """Return the net promoter score with its range of confidence, None without an answer.

    The score is 100 (p - d) / n. Its range is the adjusted Wald interval that Rocks found to cover best: three answers
    are added, 3/4 promoters, 3/4 detractors, the rest passives, so that n' = n + 3, p' = (p + 3/4) / n' and
    d' = (d + 3/4) / n'. Then it is 100 (p' - d' -+ z sqrt((p' + d' - (p' - d')^2) / n')), cut off at -100 and 100, with
    z = 1.96 for 95 %. Its middle lies nearer to 0 than the score, the more so the fewer answers there are.
    Rocks (2016), "Interval Estimation for the 'Net Promoter Score'", The American Statistician 70(4), 365-372.

    promoters, passives, detractors  numbers of answers, each 0 or more

    >>> found = net_promoter_score(promoters=15, passives=16, detractors=5)
    >>> round(found.score, 1), round(found.low, 1), round(found.high, 1)
    (27.8, 3.8, 47.5)
    """
    responses = promoters + passives + detractors
    if not responses:
        return None
    adjusted = responses + _ADDED
    promoting, detracting = ((count + _ADDED / 4) / adjusted for count in (promoters, detractors))
    middle = promoting - detracting
    reach = _Z * sqrt((promoting + detracting - middle**2) / adjusted)
    low, high = (100 * max(-1.0, min(1.0, end)) for end in (middle - reach, middle + reach))
    score = 100 * (promoters - detractors) / responses
    return NetPromoterScore(score, low, high, LEVEL, promoters, passives, detractors, responses)


def base_satisfaction(months: Sequence[date], tallies: Sequence[Tally], open_complaints: int) -> BaseSatisfaction:
    """Return what the answers of months say together and each: `tallies` has those of each month."""
    names = [field.name for field in fields(Tally)]
    whole = Tally(**{name: sum(getattr(tally, name) for tally in tallies) for name in names})
    each = [
        MonthlySatisfaction(month, t.nps, t.csat, t.ces, t.responses) for month, t in zip(months, tallies, strict=True)
    ]
    return BaseSatisfaction(whole.nps, whole.csat, whole.ces, whole.responses, open_complaints, each)
