"""Expected purchases for any parameters at all, beside a sum over a very fine grid; moments and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaln

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.posterior import Posterior
from api.domain.lifetime_value.quadrature import Array, beta_nodes
from api.domain.lifetime_value.statistics import PurchaseStatistics
from tests.domain.lifetime_value.golden import BG, CUSTOMERS, MBG, statistics

DRAWS = 1_200
ROWS = 10


def log_uniform(draw: np.random.Generator, low: float, high: float, size: int) -> Array:
    return np.exp(draw.uniform(np.log(low), np.log(high), size))


def on_a_grid(known: Posterior, weeks: float) -> float:
    """Return expected purchases of one customer as a sum over 200,000 values of the log odds of being lost."""
    [shape], [rate], a, [b] = known.shape, known.rate, known.a, known.b
    odds = np.linspace(-40 / min(a, 1) - 20, 40 / min(b, 1) + 20, 200_001)
    log_p, log_rest = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
    p = np.exp(np.maximum(log_p, -650))
    density = np.exp(a * log_p + b * log_rest - betaln(a, b))
    expected = -np.expm1(-shape * np.log1p(p * weeks / rate)) / p
    return float(density @ expected / density.sum())


def test_any_parameters_give_numbers_within_their_bounds():
    draw = np.random.default_rng(11)
    for _ in range(DRAWS):
        r, alpha, a, b = log_uniform(draw, 1e-3, 1e3, 4)
        x = np.floor(log_uniform(draw, 1, 5_001, ROWS)) - 1
        observed = log_uniform(draw, 0.1, 520, ROWS)
        purchases = PurchaseStatistics.of(x, np.where(x > 0, observed * draw.uniform(size=ROWS), 0), observed)
        [weeks] = log_uniform(draw, 0.1, 520, 1)
        for first in (False, True):
            model = BetaGeometric(r, alpha, a, b, lost_after_first=first)
            expected, discounted = model.purchases_while_alive(purchases, weeks, 0.002)
            assert (expected >= 0).all()
            assert (expected <= (r + x) * (weeks / (alpha + observed))).all()
            assert (discounted <= expected * (1 + 1e-6)).all()
            assert np.isfinite(model.likelihood(purchases).values).all()
            assert np.isfinite(model.likelihood(purchases).slopes).all()
            alive, active = model.probability_alive(purchases), model.active_while_alive(purchases, weeks)
            assert ((alive >= 0) & (alive <= 1) & (active >= 0) & (active <= 1)).all()


def test_any_parameters_give_the_mean_over_a_fine_grid():
    draw = np.random.default_rng(12)
    for number in range(60):
        r, alpha, a, b = log_uniform(draw, 1e-2, 1e3, 4)
        [x] = np.floor(log_uniform(draw, 1, 5_001, 1)) - 1
        observed, weeks = log_uniform(draw, 0.1, 520, 2)
        known = BetaGeometric(r, alpha, a, b, lost_after_first=number % 2 == 0).posterior(
            PurchaseStatistics.of([x], [0], [observed])
        )
        assert known.expected_purchases(weeks)[0] == pytest.approx(on_a_grid(known, weeks), rel=1e-8)


@pytest.mark.parametrize(
    ("model", "customer", "weeks"),
    [
        # Each loses five digits or more by one of the two closed forms.
        (BetaGeometric(0.00144248, 637.736, 1.17729, 584.873), (0, 0, 0.370585), 3.41978),
        (BetaGeometric(0.00141182, 359.821, 917.677, 0.0116302), (0, 0, 18.2773), 0.362442),
        (BetaGeometric(0.00124459, 3.09139, 195.182, 29.8638), (0, 0, 408.446), 0.221746),
        (BetaGeometric(0.243, 4.414, 0.793, 2.426), (3_000, 199, 200), 520),
        # One divides by nothing here.
        (BetaGeometric(0.243, 4.414, 0.3, 0.7, lost_after_first=False), (0, 0, 38.86), 500),
    ],
)
def test_neither_closed_form_is_taken_where_it_loses_digits(model: BetaGeometric, customer, weeks: float):
    known = model.posterior(statistics(customer))
    assert known.expected_purchases(weeks)[0] == pytest.approx(on_a_grid(known, weeks), rel=1e-9)


@pytest.mark.parametrize("weeks", [4, 39, 52])
def test_the_second_moment_is_that_of_the_distribution(weeks: float):
    customers = statistics(*CUSTOMERS[:-1], (0, 0, 0))
    for model in (BG, MBG):
        counts = model.count_probabilities(customers, weeks, 3_000)
        assert model.second_moment(customers, weeks) == pytest.approx(counts @ np.arange(3_001.0) ** 2, rel=1e-6)


def test_the_second_moment_keeps_its_limits_where_hardly_anybody_is_lost():
    # With no loss at all it is that of NBD: mean + mean ** 2 (shape + 1) / shape.
    known = Posterior(np.array([0.8, 30.0]), np.array([10.0, 60.0]), 1.0, np.array([1e12, 1e13]))
    mean = known.shape * 39 / known.rate
    assert known.second_moment(39) == pytest.approx(mean + mean**2 * (known.shape + 1) / known.shape, rel=1e-9)


def test_the_second_moment_is_never_below_the_mean():
    draw = np.random.default_rng(13)
    for _ in range(100):
        r, alpha, a, b = log_uniform(draw, 1e-3, 1e3, 4)
        observed = log_uniform(draw, 0.1, 520, 3)
        model = BetaGeometric(r, alpha, a, b)
        purchases = PurchaseStatistics.of([0, 3, 200], [0, 0, 0], observed)
        found, expected = model.second_moment(purchases, 52), model.expected_purchases(purchases, 52)
        assert np.isfinite(found).all()
        assert (found >= expected * (1 - 1e-3)).all()


@pytest.mark.parametrize(("a", "b"), [(0.8, 1.2), (0.793, 3.426), (0.5, 0.5), (3.0, 400.0), (700.0, 2.0)])
def test_nodes_give_the_moments_of_the_distribution(a: float, b: float):
    p, weight = beta_nodes(a, b, 8)
    moment = 1.0
    for power in range(1, 16):
        moment *= (a + power - 1) / (a + b + power - 1)
        assert weight @ p**power == pytest.approx(moment, rel=1e-9)
    assert (weight > 0).all()
