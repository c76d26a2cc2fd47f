"""What a batch of customers will do, from the parameters of the models and what is known of the customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics, weekly_rate


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What n customers are expected to do within a horizon, counted from the moment of the statistics.

    probability_alive      (n,) of not having been lost yet; not to be shown as the probability of being active
    probability_active     (n,) of a purchase within the horizon
    expected_purchases     (n,) within the horizon
    discounted_purchases   (n,) each discounted from its moment to now
    expected_order_value   (n,) of one purchase, currency units
    """

    probability_alive: Array
    probability_active: Array
    expected_purchases: Array
    discounted_purchases: Array
    expected_order_value: Array

    @property
    def discounted_share(self) -> Array:
        """What remains of the expected purchases (n,) when they are discounted, 1 where none are expected."""
        some = self.expected_purchases > 0
        share: Array = np.where(some, self.discounted_purchases / np.where(some, self.expected_purchases, 1.0), 1.0)
        return share

    @property
    def discounted_value(self) -> Array:
        """Present value (n,) of the purchases within the horizon, currency units, before any margin."""
        return self.discounted_purchases * self.expected_order_value

    def of_buyers(self, bought: npt.NDArray[np.bool_]) -> Score:
        """Return the same of those who have bought, and nothing of the others, of whom nothing is known."""
        return Score(
            self.probability_alive * bought,
            self.probability_active * bought,
            self.expected_purchases * bought,
            self.discounted_purchases * bought,
            self.expected_order_value,
        )


def score(
    model: CountModel,
    values: GammaGamma,
    purchases: PurchaseStatistics,
    spend: SpendStatistics,
    *,
    weeks: float,
    annual_discount_rate: float,
) -> Score:
    """Return what customers will do; each row is what it would be in any other batch.

    purchases, spend       of the same n customers
    weeks                  the horizon, ≥ 0
    annual_discount_rate   such as 0.1
    raises                 ValueError for a horizon or a rate below 0, or where purchases and spend differ in length
    """
    if not (weeks >= 0 and annual_discount_rate >= 0):
        raise ValueError("A horizon and a discount rate are not negative.")
    if len(purchases) != len(spend):
        raise ValueError("Purchases and spend are those of the same customers.")
    alive = model.probability_alive(purchases)
    active = alive * model.active_while_alive(purchases, weeks)
    both = model.purchases_while_alive(purchases, weeks, weekly_rate(annual_discount_rate))
    expected, discounted = (alive * each for each in both)
    return Score(alive, active, expected, discounted, values.expected_value(spend))
