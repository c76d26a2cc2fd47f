"""Pareto/NBD: figures that are printed in packages, and an integral that loses nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from api.domain.lifetime_value.power_integral import PowerIntegral
from tests.domain.lifetime_value.golden import statistics

VIGNETTE = ParetoNBD(0.55339714, 10.58019854, 0.6060625, 11.65622367)
ROUNDED = ParetoNBD(0.553397, 10.580199, 0.606063, 11.656224)


def test_a_new_customers_year_is_that_of_the_vignette():
    assert VIGNETTE.expected_of_new(52)[0] == pytest.approx(1.473434, rel=5e-4)


def test_customer_1516_of_the_sample_is_that_of_the_vignette():
    customer = statistics((26, 30.857142857, 31))
    assert VIGNETTE.expected_purchases(customer, 52) == pytest.approx(25.45647, rel=1e-4)
    assert VIGNETTE.probability_alive(customer) == pytest.approx(0.997874, rel=1e-6)


def test_who_bought_often_and_stopped_is_expected_to_buy_less_the_more_often_it_was():
    customers = statistics(*((x, 20, 39) for x in (10, 15, 20, 25)))
    published = [0.7062289, 0.1442396, 0.02250658, 0.00309267]
    assert VIGNETTE.expected_purchases(customers, 52) == pytest.approx(published, rel=5e-4)


def test_discounting_without_end_is_that_of_direct_integration():
    customers = statistics((26, 30.857143, 31), (2, 30.43, 38.86), (0, 0, 38.86), (7, 35, 38.86))
    expected = [86.03112, 6.48293, 0.476878, 20.654737]
    assert ROUNDED.discounted_without_end(customers, 0.0027) == pytest.approx(expected, rel=1e-6)


def test_a_long_horizon_comes_close_to_no_end():
    customers = statistics((26, 30.857143, 31), (0, 0, 38.86))
    within = ROUNDED.discounted_purchases(customers, 5_200, 0.0027)
    assert within == pytest.approx(ROUNDED.discounted_without_end(customers, 0.0027), rel=1e-6)


def test_nobody_was_lost_before_a_purchase_of_today():
    assert VIGNETTE.probability_alive(statistics((3, 10, 10), (0, 0, 0))).tolist() == [1, 1]


@pytest.mark.parametrize("s", [1.0, 1 + 1e-9, 1 - 1e-9])
def test_a_power_of_one_has_its_limit(s: float):
    customers = statistics((2, 30.43, 38.86), (0, 0, 0))
    near = [ParetoNBD(0.5, 10, other, 12).expected_purchases(customers, 39) for other in (1 - 1e-4, 1 + 1e-4)]
    assert ParetoNBD(0.5, 10, s, 12).expected_purchases(customers, 39) == pytest.approx(np.mean(near, axis=0), rel=1e-6)


def test_extreme_parameters_give_numbers():
    draw = np.random.default_rng(3)
    for _ in range(300):
        model = ParetoNBD(*np.exp(draw.uniform(np.log(1e-3), np.log(1e3), 4)))
        x = np.array([0, 1, 20, 5_000])
        observed = np.exp(draw.uniform(np.log(0.1), np.log(520), 4))
        customers = statistics(*zip(x, np.where(x > 0, observed * draw.uniform(size=4), 0), observed, strict=True))
        alive, expected = model.probability_alive(customers), model.expected_purchases(customers, 52)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert ((expected >= 0) & (expected <= (model.r + x) / (model.alpha + observed) * 52)).all()
        assert np.isfinite(model.likelihood(customers).slopes).all()
        active = model.probability_active(customers, 52)
        assert ((active >= 0) & (active <= 1)).all()


def test_the_integral_is_that_of_adaptive_steps():
    draw = np.random.default_rng(4)
    for _ in range(60):
        first, second = np.exp(draw.uniform(np.log(1e-2), np.log(1e3), 2))
        p, q = np.exp(draw.uniform(np.log(0.05), np.log(200))), np.exp(draw.uniform(np.log(0.05), np.log(50)))
        begin = float(draw.choice([0, draw.uniform(0, 50)]))
        end = begin + draw.uniform(0.1, 200)
        found = PowerIntegral(*(np.array([value]) for value in (first, p, second, q, begin, end)))
        assert found.logarithm()[0] == pytest.approx(_in_steps(first, p, second, q, begin, end), abs=1e-9)
        assert found.means().logarithm[0] == found.logarithm()[0]


def _in_steps(first: float, p: float, second: float, q: float, begin: float, end: float) -> float:
    near, width = min(first, second) + begin, np.log((end + min(first, second)) / (begin + min(first, second)))
    one, other = first + begin, second + begin

    def integrand(v: float) -> float:
        u = near * np.expm1(v)
        return float(np.exp(v - p * np.log1p(u / one) - q * np.log1p(u / other)))

    edges = [0, *(width * np.logspace(-6, 0, 25))]
    parts = [quad(integrand, low, high, epsabs=0, epsrel=1e-12)[0] for low, high in pairwise(edges)]
    return float(np.log(sum(parts)) + np.log(near) - p * np.log(one) - q * np.log(other))
