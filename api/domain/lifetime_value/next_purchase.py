"""When customers are due to buy again, judged from how often they bought until now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log1p

import numpy as np

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.facts import PurchaseFacts
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK, WEEKS_IN_YEAR

LEVEL = 0.8
EARLIEST, MEDIAN, LATEST = (1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2
_LONGEST = 10 * WEEKS_IN_YEAR
_LARGEST_POWER = 30.0


@dataclass(frozen=True, slots=True)
class NextPurchase:
    """The day by which the next purchase is as likely to have come as not, and the range that holds it at a level.

    It is counted from the last purchase, for a customer who is not lost: whoever is overdue may well be.
    """

    expected_on: date
    earliest_on: date
    latest_on: date
    level: float
    overdue: bool


def next_purchase(model: CountModel, facts: PurchaseFacts) -> NextPurchase | None:
    """Return when a customer who has bought is due again; None where that is more than ten years after the last time.

    Gaps between purchases of a customer whose rate is Gamma(shape, rate) are Pareto distributed:
    (rate / (rate + t)) ** shape is the chance of none within t. Fader, Hardie & Lee (2005), Marketing Science 24(2).
    """
    assert facts.first_day is not None, "nobody who never bought is due again"
    assert facts.last_day is not None
    shape = model.r + facts.days - 1
    rate = model.alpha + (facts.last_day - facts.first_day).days / DAYS_IN_WEEK
    middle, early, late = (float(_gap(shape, rate, share)) for share in (MEDIAN, EARLIEST, LATEST))
    if middle > _LONGEST:
        return None
    due, first, last = (facts.last_day + timedelta(weeks=min(weeks, 5 * _LONGEST)) for weeks in (middle, early, late))
    return NextPurchase(due, first, last, LEVEL, overdue=last < facts.today)


def _gap(shape: float | Array, rate: float | Array, probability: float) -> Array:
    """Return the weeks within which the next purchase comes with a probability, no more than e^30 rates."""
    weeks: Array = rate * np.expm1(np.minimum(-log1p(-probability) / shape, _LARGEST_POWER))
    return weeks


def due_after(model: CountModel, purchases: PurchaseStatistics, probability: float) -> Array:
    """Return the weeks (n,) from the last purchase within which the next comes; infinite where none is due.

    The next purchase is due by the median; where that is over ten years off, none is, as `next_purchase` has it.
    """
    shape, rate = model.r + purchases.repeats, model.alpha + purchases.last
    middle, found = (_gap(shape, rate, share) for share in (MEDIAN, probability))
    return np.where(middle > _LONGEST, np.inf, found)
