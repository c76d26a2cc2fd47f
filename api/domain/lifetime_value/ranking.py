"""Ranking customers by what they are expected to bring, and how far off the total of all of them may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, sqrt

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.fit import slopes_by
from api.domain.lifetime_value.forecasts import Customers, Forecasts, Horizon, forecasts, total_value
from api.domain.lifetime_value.intervals import UNKNOWN_BACK_TEST_ERROR, back_test_error
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.ranked_by import (
    ANNUAL_DISCOUNT_RATE,
    HORIZON,
    NODES,
    SMALLEST_NODE,
    SMALLEST_WEIGHT,
)
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import in_weeks

ASKED = Horizon(in_weeks(HORIZON), float(ANNUAL_DISCOUNT_RATE))
_MOST_FOR_SLOPES = 20_000
_SPEND = ("p", "q", "gamma")


@dataclass(frozen=True, slots=True, eq=False)
class RankingModel:
    """Models of repeat buying and of spend, with how well their parameters are known.

    free          names of the parameters of the first that were fitted
    covariances   (k, k) of their logarithms, and (3, 3) of those of p, q and gamma
    biases        of the total in each back-test over the same horizon: predicted over actual, less one
    knows_losses  whether the model tells lost customers from silent ones
    """

    purchases: CountModel
    spend: GammaGamma
    free: tuple[str, ...]
    covariances: tuple[Array, Array]
    biases: tuple[float, ...]
    knows_losses: bool

    def forecasts(self, customers: Customers) -> Forecasts:
        """Return what customers are expected to do within the horizon of the ranking."""
        return forecasts(self.purchases, self.spend, customers, ASKED, knows_losses=self.knows_losses)

    @property
    def model_error(self) -> float:
        """How far off the total is taken to be for what the model does not know, relative."""
        return back_test_error(self.biases)

    def parameter_error(self, customers: Customers) -> float:
        """Return the standard error of the total for how well the parameters are known, relative; the delta method.

        Where that is not known, it is taken to be as far off as a model without a test.
        """
        value = total_value(customers, ASKED, _MOST_FOR_SLOPES)
        slopes = (
            slopes_by(self.purchases, self.free, lambda model: value(model, self.spend)),
            slopes_by(self.spend, _SPEND, lambda model: value(self.purchases, model)),
        )
        variance = sum(float(each @ known @ each) for each, known in zip(slopes, self.covariances, strict=True))
        total = value(self.purchases, self.spend)
        if not total > 0:
            return 0.0
        return sqrt(variance) / total if isfinite(variance) and variance >= 0 else UNKNOWN_BACK_TEST_ERROR


@dataclass(slots=True)
class Everybody:
    """Customers who come in parts, and are looked at together in the end."""

    parts: list[Customers] = field(default_factory=list)

    def add(self, part: Customers) -> None:
        """Add some of them."""
        self.parts.append(part)

    def together(self) -> Customers:
        """Return all of them."""
        purchases, spend = ([getattr(part, name) for part in self.parts] for name in ("purchases", "spend"))
        return Customers(
            PurchaseStatistics(*_joined(purchases, ("repeats", "last", "observed"))),
            SpendStatistics(*_joined(spend, ("purchases", "mean_value"))),
        )


def _joined(parts: Sequence[object], names: Sequence[str]) -> list[Array]:
    return [np.concatenate([np.empty(0), *[getattr(part, name) for part in parts]]) for name in names]


def node_tables(model: BetaGeometric, first: int, last: int) -> Iterator[tuple[int, list[float], list[float]]]:
    """Yield numbers of repeat purchases, each with the nodes and weights by which the database scores.

    first, last  the numbers of repeat purchases, both included
    """
    numbers = np.arange(first, last + 1, dtype=float)
    nodes, weights = model.dropout_nodes(numbers, NODES)
    nodes = np.maximum(nodes, SMALLEST_NODE)
    weights = np.where(weights < SMALLEST_WEIGHT, 0.0, weights)
    yield from zip(range(first, last + 1), nodes.tolist(), weights.tolist(), strict=True)
