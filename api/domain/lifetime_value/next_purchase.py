"""When customers are due to buy again, judged from how often they bought until now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import expm1, log1p

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.facts import PurchaseFacts
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics
from api.domain.lifetime_value.weeks import DAYS_IN_WEEK, WEEKS_IN_YEAR

LEVEL = 0.8
MEDIAN, LATEST = 0.5, (1 + LEVEL) / 2
_LONGEST = 10 * WEEKS_IN_YEAR
_SHORTEST_SILENCE, _GAPS = 26.0, 3.0
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
    middle = _gap(shape, rate, 0.5)
    if middle > _LONGEST:
        return None
    early, late = (_gap(shape, rate, share) for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    due, first, last = (facts.last_day + timedelta(weeks=min(weeks, 5 * _LONGEST)) for weeks in (middle, early, late))
    return NextPurchase(due, first, last, LEVEL, overdue=last < facts.today)


def _gap(shape: float, rate: float, probability: float) -> float:
    """Return the weeks within which the next purchase comes with a probability, no more than e^30 rates."""
    return rate * expm1(min(-log1p(-probability) / shape, _LARGEST_POWER))


def due_after(model: CountModel, purchases: PurchaseStatistics, probability: float) -> Array:
    """Return the weeks (n,) from the last purchase within which the next comes; infinite where none is due.

    The next purchase is due by the median; where that is over ten years off, none is, as `next_purchase` has it.
    """
    shape, rate = model.r + purchases.repeats, model.alpha + purchases.last
    middle, found = (
        rate * np.expm1(np.minimum(-log1p(-share) / shape, _LARGEST_POWER)) for share in (MEDIAN, probability)
    )
    return np.where(middle > _LONGEST, np.inf, found)


def is_silent_too_long(model: CountModel, purchases: PurchaseStatistics) -> npt.NDArray[np.bool_]:
    """Return who (n,) has not bought for longer than half a year and three gaps between purchases.

    It judges better than the chance of being alive where the data cannot tell lost customers from silent ones.
    """
    shape = model.r + purchases.repeats
    few = shape <= 1
    gap = np.where(few, model.alpha / model.r, (model.alpha + purchases.observed) / np.where(few, 1.0, shape - 1))
    silent: npt.NDArray[np.bool_] = purchases.observed - purchases.last > np.maximum(_SHORTEST_SILENCE, _GAPS * gap)
    return silent
