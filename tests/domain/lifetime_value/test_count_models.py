"""What holds of every model of repeat buying, beside direct integration to 30 digits."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.count_model import CountModel
from api.domain.lifetime_value.nbd import NegativeBinomial
from api.domain.lifetime_value.pareto_nbd import ParetoNBD
from tests.domain.lifetime_value.golden import BG, COLUMNS, CUSTOMERS, GOLDEN, MBG, PARETO, figures, statistics

NBD = NegativeBinomial(0.385, 12.07)
MODELS: list[CountModel] = [BG, MBG, PARETO, NBD]
EDGES = [(0, 0, 0), (3, 10, 10), (1, 0.1, 0.1), (3000, 199, 200), (0, 0, 520), (1, 1, 1000)]

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


@pytest.mark.parametrize(("model", "expected"), GOLDEN, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("row", range(len(COLUMNS)), ids=COLUMNS)
def test_golden_figures_hold_in_one_batch(model: CountModel, expected: list[tuple[float, ...]], row: int):
    assert figures(model, statistics(*CUSTOMERS))[row] == pytest.approx(np.array(expected)[:, row], rel=1e-7)


@every_model
def test_a_batch_of_one_has_the_same_result_as_a_row_of_a_larger_one_in_any_order(model: CountModel):
    customers = CUSTOMERS + EDGES
    together = figures(model, statistics(*customers))
    alone = np.concatenate([figures(model, statistics(customer)) for customer in customers], axis=1)
    backwards = figures(model, statistics(*reversed(customers)))[:, ::-1]
    assert together == pytest.approx(alone, rel=1e-14)
    assert together == pytest.approx(backwards, rel=1e-14)


@every_model
def test_an_empty_batch_gives_empty_arrays(model: CountModel):
    assert figures(model, statistics()).shape == (5, 0)
    assert model.count_probabilities(statistics(), 39, 5).shape == (0, 6)
    assert model.likelihood(statistics()).slopes.shape[1] == 0


@every_model
def test_nothing_is_expected_of_no_time(model: CountModel):
    customers = statistics(*CUSTOMERS, *EDGES)
    assert (model.expected_purchases(customers, 0) == 0).all()
    assert (model.probability_active(customers, 0) == 0).all()
    assert (model.discounted_purchases(customers, 0, 0.002) == 0).all()
    assert model.count_probabilities(customers, 0, 3) == pytest.approx(np.eye(4)[[0] * len(customers)], abs=1e-12)


@every_model
def test_edges_are_finite_and_within_bounds(model: CountModel):
    customers = statistics(*EDGES)
    for weeks in (0.01, 39, 520, 2600):
        alive, active = model.probability_alive(customers), model.probability_active(customers, weeks)
        expected = model.expected_purchases(customers, weeks)
        discounted = model.discounted_purchases(customers, weeks, 0.002)
        assert ((alive >= 0) & (alive <= 1) & (active >= 0) & (active <= alive + 1e-12)).all()
        assert (active <= expected * (1 + 1e-9)).all()
        assert np.isfinite(expected).all()
        assert ((discounted >= 0) & (discounted <= expected * (1 + 1e-6))).all()


@every_model
def test_probabilities_of_counts_come_to_one_with_the_mean_that_is_expected(model: CountModel):
    customers = statistics(*CUSTOMERS[:-1], (0, 0, 0), (4, 8, 8))
    found = model.count_probabilities(customers, 26, 900)
    assert (found >= 0).all()
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert found @ np.arange(901) == pytest.approx(model.expected_purchases(customers, 26), rel=1e-6)
    assert found @ np.arange(901) ** 2 == pytest.approx(model.second_moment(customers, 26), rel=1e-6)
    assert 1 - found[:, 0] == pytest.approx(model.probability_active(customers, 26), rel=1e-9)


@every_model
def test_no_discount_changes_nothing_and_a_higher_one_leaves_less(model: CountModel):
    customers = statistics(*CUSTOMERS, *EDGES)
    expected = model.expected_purchases(customers, 52)
    assert model.discounted_purchases(customers, 52, 0) == pytest.approx(expected, rel=1e-9)
    low, high = (model.discounted_purchases(customers, 52, rate) for rate in (0.001, 0.01))
    assert ((high < low) & (low < expected)).all()


@every_model
def test_discounting_is_the_sum_over_small_steps(model: CountModel):
    customers, steps = statistics(*CUSTOMERS), 2_000
    ends = np.linspace(0, 156, steps + 1)
    risen = np.stack([model.expected_purchases(customers, float(end)) for end in ends])
    middle = np.exp(-0.002 * (ends[1:] + ends[:-1]) / 2)
    assert model.discounted_purchases(customers, 156, 0.002) == pytest.approx(middle @ np.diff(risen, axis=0), rel=1e-5)


@pytest.mark.parametrize("model", [*MODELS, ParetoNBD(0.5, 21, 0.6, 4)], ids=str)
def test_slopes_are_those_of_the_likelihood(model: CountModel):
    customers, step = statistics(*CUSTOMERS, *EDGES), 1e-6
    names = ("r", "alpha", "a", "b") if isinstance(model, BetaGeometric) else ("r", "alpha", "s", "beta")
    found = model.likelihood(customers).slopes
    for name, slopes in zip(names, found, strict=False):
        up, down = (_changed(model, name, np.exp(sign * step)).likelihood(customers).values for sign in (1, -1))
        assert slopes == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=2e-5)


def _changed(model: CountModel, name: str, factor: float) -> CountModel:
    assert isinstance(model, BetaGeometric | ParetoNBD | NegativeBinomial)
    values = {field: getattr(model, field) for field in model.__dataclass_fields__}
    return type(model)(**{**values, name: values[name] * factor})


@every_model
def test_a_new_customer_is_one_of_today(model: CountModel):
    today = statistics((0, 0, 0))
    weeks = [0.1429, 1, 39, 78]
    expected = [float(model.expected_purchases(today, week)[0]) for week in weeks]
    assert model.expected_of_new(weeks) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_parameters_are_positive_numbers(wrong: float):
    for make in (
        lambda: BetaGeometric(wrong, 1, 1, 1),
        lambda: BetaGeometric(1, 1, 1, wrong),
        lambda: ParetoNBD(1, wrong, 1, 1),
        lambda: NegativeBinomial(1, wrong),
    ):
        with pytest.raises(ValueError, match="positive"):
            make()
