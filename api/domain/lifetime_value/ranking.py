"""Ranking customers by what they are expected to bring, and how far off the total of all of them may be.

How far off the renewals of things with a term may be as a whole is not known: no model of them was tested on time that
it had not seen, and how well its parameters are known is not kept. Only their chance is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite, sqrt

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.fit import slopes_by
from api.domain.lifetime_value.forecasts import Customers, Horizon, total_value
from api.domain.lifetime_value.intervals import UNKNOWN_BACK_TEST_ERROR, back_test_error
from api.domain.lifetime_value.prediction import Asked
from api.domain.lifetime_value.prospects import Prospects, prospects
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.ranked_by import (
    ANNUAL_DISCOUNT_RATE,
    HORIZON,
    NODES,
    SMALLEST_NODE,
    SMALLEST_WEIGHT,
)
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import in_weeks

ASKED = Horizon(in_weeks(HORIZON), float(ANNUAL_DISCOUNT_RATE))
_MOST_FOR_SLOPES = 20_000
_SPEND = ("p", "q", "gamma")


@dataclass(frozen=True, slots=True, eq=False)
class RankingModel:
    """Models of what customers do, with how well the parameters of those of orders are known.

    free          names of the parameters of repeat buying that were fitted
    covariances   (k, k) of their logarithms, and (3, 3) of those of p, q and gamma
    biases        of the total in each back-test over the same horizon: predicted over actual, less one
    """

    fitted: FittedModel
    free: tuple[str, ...]
    covariances: tuple[Array, Array]
    biases: tuple[float, ...]

    def prospects(self, known: PurchaseTable) -> Prospects:
        """Return what customers are expected to bring within the horizon of the ranking."""
        return prospects(known, Asked(HORIZON, ANNUAL_DISCOUNT_RATE), self.fitted)

    @property
    def model_error(self) -> float:
        """How far off the total of orders is taken to be for what the model does not know, relative."""
        return back_test_error(self.biases)

    def parameter_error(self, customers: Customers) -> float:
        """Return the standard error of the total of orders for how well the parameters are known, relative.

        It is that of the delta method. Where that is not known, it is taken to be as far off as a model without a test.
        """
        if not len(customers):
            return 0.0
        purchases, spend = self.fitted.purchases, self.fitted.spend
        value = total_value(customers, ASKED, _MOST_FOR_SLOPES)
        slopes = (
            slopes_by(purchases, self.free, lambda model: value(model, spend)),
            slopes_by(spend, _SPEND, lambda model: value(purchases, model)),
        )
        variance = sum(float(each @ known @ each) for each, known in zip(slopes, self.covariances, strict=True))
        total = value(purchases, spend)
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
