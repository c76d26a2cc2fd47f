"""Figures worked out by direct integration to 30 digits, apart from the code under test, and simulated customers."""

from __future__ import annotations

from math import log

import numpy as np

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from api.domain.lifetime_value.quadrature import Array
from api.domain.lifetime_value.statistics import PurchaseStatistics

BG = BetaGeometric(0.243, 4.414, 0.793, 2.426, lost_after_first=False)
MBG = BetaGeometric(0.525, 6.183, 0.891, 1.614)
PARETO = ParetoNBD(0.5534, 10.5802, 0.6061, 11.6562)

CUSTOMERS = [(2, 30.43, 38.86), (1, 1.71, 38.86), (0, 0, 38.86), (7, 29.43, 38.86), (26, 30.86, 31), (10, 20, 39)]
CUSTOMERS += [(100, 50, 52)]
COLUMNS = ("alive", "expected", "active", "discounted", "likelihood")
DISCOUNT = log(1.15) / 52

GOLDEN: list[tuple[CountModel, list[tuple[float, ...]]]] = [
    (
        BG,
        [
            (0.72657857, 1.22602817, 0.554627138, 1.4619192, -9.45860631),
            (0.212100985, 0.203186987, 0.116667349, 0.243530091, -4.46909328),
            (1, 0.195098052, 0.144550541, 0.236001798, -0.55471328),
            (0.641756346, 3.33705327, 0.635642485, 3.94284085, -21.86327627),
            (0.96891565, 20.7497261, 0.968915646, 24.2286882, -37.72657947),
            (0.0381143132, 0.276653662, 0.0380606432, 0.326297095, -24.28331538),
            (0.774326111, 43.2404647, 0.774326111, 51.1812966, -47.70049148),
        ],
    ),
    (
        MBG,
        [
            (0.706202265, 1.26296062, 0.559994091, 1.49889899, -9.48555131),
            (0.170836484, 0.188836541, 0.104843554, 0.225210112, -4.46036061),
            (0.389735081, 0.154012747, 0.108829399, 0.18522823, -0.53983746),
            (0.622723814, 3.16757243, 0.617022607, 3.72521048, -21.77652225),
            (0.965566144, 19.4507227, 0.965566139, 22.594298, -38.32212695),
            (0.0401201632, 0.281687102, 0.0400627531, 0.33066957, -24.31781574),
            (0.772121375, 41.1067286, 0.772121375, 48.4329205, -49.97852916),
        ],
    ),
    (
        PARETO,
        [
            (0.869110644, 1.455092844, 0.5919047176, 1.735815006, -9.554510695),
            (0.1677952672, 0.170906976, 0.08654226826, 0.2038790135, -4.449467061),
            (0.2949614864, 0.1070289464, 0.06924571978, 0.1276773863, -0.521129196),
            (0.7494086, 3.711572418, 0.6886525341, 4.427623382, -21.59454465),
            (0.9979177666, 20.11456037, 0.9761783553, 23.88855806, -39.13212788),
            (0.08039186018, 0.5549485175, 0.07598847401, 0.6620585978, -24.67076031),
            (0.8684701011, 46.70884854, 0.8633532337, 56.04262556, -54.30915278),
        ],
    ),
]


def statistics(*rows: tuple[float, float, float]) -> PurchaseStatistics:
    """Return the statistics of customers (x, t_x, T)."""
    return PurchaseStatistics.of(*zip(*rows, strict=True)) if rows else PurchaseStatistics.of([], [], [])


def figures(model: CountModel, purchases: PurchaseStatistics) -> Array:
    """Return the golden columns of customers (5, n)."""
    return np.stack(
        [
            model.probability_alive(purchases),
            model.expected_purchases(purchases, 39),
            model.probability_active(purchases, 39),
            model.discounted_purchases(purchases, 52, DISCOUNT),
            model.likelihood(purchases).values,
        ]
    )


def simulated(
    model: BetaGeometric | ParetoNBD, customers: int, weeks: float, seed: int
) -> tuple[PurchaseStatistics, Array]:
    """Return customers who behave as a model says, seen for 10 to 90 weeks, and their purchases in the weeks after."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(model.r, 1 / model.alpha, customers)
    observed = draw.uniform(10, 90, customers)
    if isinstance(model, BetaGeometric):
        return _lost_by_chance(draw, model, rate, observed, weeks)
    lifetime = draw.exponential(1 / draw.gamma(model.s, 1 / model.beta, customers))
    lived = np.minimum(lifetime, observed)
    x = draw.poisson(rate * lived)
    last = lived * draw.uniform(size=customers) ** (1 / np.maximum(x, 1))
    after = draw.poisson(rate * np.clip(lifetime - observed, 0, weeks))
    return PurchaseStatistics.of(x, np.where(x > 0, last, 0), observed), after.astype(float)


def _lost_by_chance(
    draw: np.random.Generator, model: BetaGeometric, rate: Array, observed: Array, weeks: float
) -> tuple[PurchaseStatistics, Array]:
    customers = len(rate)
    dropout = np.maximum(draw.beta(model.a, model.b, customers), 1e-12)
    possible = draw.geometric(dropout) - int(model.lost_after_first)
    tried = draw.poisson(rate * observed)
    x = np.minimum(tried, possible)
    # The x-th of so many moments that are spread evenly over the time observed.
    last = observed * draw.beta(np.maximum(x, 1), tried - np.maximum(x, 1) + 1 + (tried == 0))
    after = np.minimum(draw.poisson(rate * weeks), np.maximum(possible - tried, 0))
    return PurchaseStatistics.of(x, np.where(x > 0, last, 0), observed), after.astype(float)
