"""What things with a term will bring: sums that can be done by hand, and laws of their mean and variance."""

from __future__ import annotations

from itertools import pairwise
from math import exp

import numpy as np
import pytest

from api.domain.lifetime_value.agreed_terms import MOST_INSTALMENTS, AgreedTerm, agreed_terms
from api.domain.lifetime_value.renewal_models import BELIEVED, RenewalModel, RenewalModels
from api.domain.lifetime_value.renewals import BetaDiscreteWeibull
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.term_forecasts import MOST_RENEWALS, TermBatch, forecasts
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

PLANS, CONTRACTS = Stream.SUPPORT_PLANS, Stream.CONTRACTS
YEARLY = RenewalModel(PLANS, "P12M", BetaDiscreteWeibull(1, 3), 500, 6, rests_on_prior=False)
DIPPING = RenewalModel(CONTRACTS, "P1M", BetaDiscreteWeibull(0.5, 1.5, 1.4), 500, 6, rests_on_prior=False)
MODELS = RenewalModels([YEARLY, DIPPING])
RATE = 0.0018266


def term(due=26.0, stream=PLANS, length="P12M", **columns) -> AgreedTerm:
    """Return a term of a year for 100 EUR that was not renewed yet, by default a support plan."""
    known = {"amount": 100.0, "currency": "EUR", "renewals": 0, "until": due}
    return AgreedTerm(stream, length, due=due, **known | columns)


def forecast(one: AgreedTerm, weeks=WEEKS_IN_YEAR, rate=0.0):
    """Return mean, variance, chance of nothing and of lasting of one thing."""
    found = forecasts([one], MODELS, weeks=weeks, rate=rate)
    return tuple(float(each[0]) for each in (found.mean, found.variance, found.nothing, found.lasting))


def test_renewals_are_expected_as_a_sum_by_hand_has_it():
    # With alpha 1 and beta 3, S(t) = 3 / (3 + t): 3/4, 3/5 and 3/6 of the plans survive one, two and three renewals.
    three_years = forecast(term(), weeks=3 * WEEKS_IN_YEAR)
    assert three_years[0] == pytest.approx(100 * (0.75 + 0.6 + 0.5), rel=1e-12)
    # The sum is 0, 100, 200 or 300 with probabilities 1/4, 3/20, 1/10 and 1/2.
    assert three_years[1] == pytest.approx(0.15 * 100**2 + 0.1 * 200**2 + 0.5 * 300**2 - 185**2, rel=1e-12)
    assert three_years[2:] == pytest.approx((0.25, 0.75), rel=1e-12)


def test_who_renewed_before_renews_more_often():
    # S(2 + k) / S(2) = 5 / (5 + k).
    assert forecast(term(renewals=2), weeks=2 * WEEKS_IN_YEAR)[0] == pytest.approx(100 * (5 / 6 + 5 / 7), rel=1e-12)


def test_each_renewal_is_discounted_from_its_own_day():
    found = forecast(term(due=10.0), weeks=2 * WEEKS_IN_YEAR, rate=RATE)[0]
    by_hand = 75 * exp(-RATE * 10) + 60 * exp(-RATE * (10 + WEEKS_IN_YEAR))
    assert found == pytest.approx(by_hand, rel=1e-12)


def test_a_month_with_changing_churn_is_counted_twelve_times_a_year():
    monthly = term(due=0.5, stream=CONTRACTS, length="P1M", renewals=3)
    by_hand = 100 * DIPPING.model.survival(range(1, 13), made=3).sum()
    assert forecast(monthly)[0] == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(
    ("due", "found"),
    [(WEEKS_IN_YEAR, 75.0), (WEEKS_IN_YEAR + 0.01, 0.0), (0.0, 75 + 60), (-3.0, 75 + 60), (None, 0.0)],
)
def test_what_is_due_by_the_end_of_the_horizon_counts(due, found):
    """One that is overdue counts as due now."""
    assert forecast(term(due=due, until=1.0))[0] == pytest.approx(found, rel=1e-12)


def test_what_is_not_renewed_brings_what_is_committed_alone_and_for_sure():
    ends = term(due=None, until=30.0, committed=((4.0, 25.0), (17.0, 25.0), (60.0, 25.0)))
    mean, variance, nothing, lasting = forecast(ends, rate=RATE)
    assert mean == pytest.approx(25 * exp(-RATE * 4) + 25 * exp(-RATE * 17), rel=1e-12)
    assert (variance, nothing, lasting) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(("until", "lasting"), [(None, 1.0), (53.0, 1.0), (52.0, 0.0)])
def test_what_runs_to_the_end_of_the_horizon_lasts(until, lasting):
    assert forecast(term(due=None, until=until)) == (0.0, 0.0, 1.0, lasting)


def test_a_length_that_was_never_seen_follows_its_stream_and_a_stream_the_belief():
    other = RenewalModel(CONTRACTS, None, BetaDiscreteWeibull(2, 2), 900, 9, rests_on_prior=False)
    models = RenewalModels([YEARLY, other])
    assert models.of(PLANS, "P12M") == (YEARLY.model, False)
    assert models.of(CONTRACTS, "P24M") == (other.model, True)
    assert models.of(PLANS, "P6M") == (BELIEVED, True)


def test_so_many_renewals_that_they_are_taken_together_bring_about_as_much():
    hourly, hours = term(due=0.0, length="PT1H", amount=1.0, renewals=5), 7 * 24 * 104
    assert hours > 4 * MOST_RENEWALS
    one_by_one = BELIEVED.survival(range(1, hours + 2), made=5).sum()
    assert forecast(hourly, weeks=104)[0] == pytest.approx(one_by_one, rel=0.01)


def test_mean_and_variance_are_those_of_thousands_of_simulated_contracts():
    draw = np.random.default_rng(3)
    left = draw.geometric(np.maximum(draw.beta(1, 3, 200_000), 1e-12)) - 1
    due = 5 + np.arange(8) * WEEKS_IN_YEAR
    paid = np.concatenate([[0.0], np.cumsum(100 * np.exp(-RATE * due))])[np.minimum(left, 8)]
    mean, variance, nothing, _ = forecast(term(due=5.0), weeks=float(due[-1]) + 1, rate=RATE)
    assert mean == pytest.approx(paid.mean(), rel=0.01)
    assert variance == pytest.approx(paid.var(), rel=0.02)
    assert nothing == pytest.approx((paid == 0).mean(), abs=0.005)


def test_a_longer_horizon_and_a_lower_rate_never_bring_less():
    rows = [forecast(term(due=3.0), weeks=weeks, rate=RATE)[0] for weeks in (2, 4, 60, 500)]
    assert all(earlier <= later for earlier, later in pairwise(rows))
    assert forecast(term(due=3.0), rate=0.01)[0] < forecast(term(due=3.0), rate=0.001)[0]


def test_a_customer_s_things_are_independent_and_other_currencies_are_apart():
    mine = (term(), term(), term(stream=CONTRACTS), term(currency="USD", due=13.0))
    batch = TermBatch([(), mine], MODELS, currency="EUR", weeks=WEEKS_IN_YEAR, rate=0.0)
    contract = float(BELIEVED.survival(1)) * 100
    assert batch.streams.tolist() == [[0.0] * 5, pytest.approx([0, 0, 0, 150, contract])]
    money = batch.money
    assert money.mean == pytest.approx([0, 150 + contract])
    assert money.zero == pytest.approx([1, 0.25**2 * (1 - contract / 100)])
    own = 2 * 0.75 * 0.25 * 100**2 + contract * (100 - contract)
    assert money.second - money.mean**2 == pytest.approx([0, own])
    assert batch.inactive == pytest.approx([1, 0.25**3 * (1 - contract / 100)])
    assert batch.elsewhere(0) == {}
    assert batch.elsewhere(1) == {"USD": pytest.approx(75)}
    assert (batch.on_prior(0), batch.on_prior(1)) == (False, True)


def test_what_begins_after_the_horizon_is_no_sign_of_life_within_it():
    later = term(due=None, until=None, begins=8.0)
    assert forecast(later, weeks=4.0)[3] == 0
    assert forecast(later, weeks=9.0)[3] == 1


def test_instalments_are_bounded_and_come_to_what_is_owed():
    row = {
        "stream": "CONTRACTS",
        "length": "P12M",
        "amount": "100",
        "currency": "EUR",
        "made": 1,
        "due": None,
        "until": None,
    }
    owed = {"owed_from": 0.0, "owed": 1_200.0, "name": None, "begins": -1.0, "lasts": True}
    (monthly,) = agreed_terms([{**row, **owed, "billing": "P1M"}], 0.0)
    (by_the_minute,) = agreed_terms([{**row, **owed, "billing": "PT1M"}], 0.0)
    assert [amount for _, amount in monthly.committed] == [100.0] * 11
    assert len(by_the_minute.committed) == MOST_INSTALMENTS - 1
    assert sum(amount for _, amount in by_the_minute.committed) == pytest.approx(1_200 * (1 - 1 / MOST_INSTALMENTS))
    assert by_the_minute.committed[-1][0] < WEEKS_IN_YEAR
