"""How likely it is that customers buy nothing more, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.ranked_by import GAPS, LIKELY, POSSIBLE, SHORTEST_SILENCE
from api.domain.lifetime_value.statistics import PurchaseStatistics


class RiskBand(StrEnum):
    """How likely it is that a customer buys nothing more within the horizon, roughly."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class RiskBasis(StrEnum):
    """What a band of risk rests on."""

    MODEL = "MODEL"
    SILENCE = "SILENCE"


@dataclass(frozen=True, slots=True)
class ChurnRisk:
    """The chance of no purchase within the horizon, and its band."""

    probability: float
    band: RiskBand
    basis: RiskBasis


def bands(
    model: CountModel, purchases: PurchaseStatistics, active: Array, *, knows_losses: bool
) -> npt.NDArray[np.int64]:
    """Return how likely it is that customers buy nothing more, as places (n,) in `RiskBand`.

    active        (n,) their chance of a purchase
    knows_losses  whether the model tells lost customers from silent ones; otherwise bands go by silence
    """
    order = list(RiskBand)
    low, medium, high = (order.index(band) for band in (RiskBand.LOW, RiskBand.MEDIUM, RiskBand.HIGH))
    if not knows_losses:
        return np.where(_is_silent_too_long(model, purchases), high, low)
    return np.select([active >= LIKELY, active >= POSSIBLE], [low, medium], high)


def band_of(active: float) -> RiskBand:
    """Return the band of a chance that something more comes."""
    if active >= LIKELY:
        return RiskBand.LOW
    return RiskBand.MEDIUM if active >= POSSIBLE else RiskBand.HIGH


def _is_silent_too_long(model: CountModel, purchases: PurchaseStatistics) -> npt.NDArray[np.bool_]:
    """Return who (n,) has not bought for longer than half a year and three gaps between purchases.

    It judges better than the chance of being alive where the data cannot tell lost customers from silent ones.
    """
    longest = np.maximum(SHORTEST_SILENCE, GAPS * model.mean_gap(purchases))
    silent: npt.NDArray[np.bool_] = purchases.observed - purchases.last > longest
    return silent
