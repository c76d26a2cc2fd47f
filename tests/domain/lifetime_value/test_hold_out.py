"""What is held out, what was known before it, and what a model says of it in sums."""

from __future__ import annotations

import numpy as np
import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.fitting import NothingToFit
from api.domain.lifetime_value.hold_out import SETTLING, HoldOut, hold_outs
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.tracking import MOST_REPEATS, by_repeats, tracking
from api.domain.lifetime_value.training import check_enough, trained
from benchmarks.cohorts import CDNOW_SAMPLE, cdnow, day, missing
from benchmarks.holdout import BEGIN, CUT, END

# Customer 1 buys on days 1, 8, 15 and 25, customer 2 on day 10, customer 3 on day 28 for the first time.
DAYS = PurchaseDays.of([1, 1, 1, 1, 2, 3], [1, 8, 15, 25, 10, 28], [10.0, 0.0, 30.0, 5.0, 7.0, 9.0])


def test_a_hold_out_knows_what_came_before_it_and_what_came():
    found = HoldOut.of(DAYS, until=30, length=10)
    assert found.cut == 20
    assert found.known.repeats.tolist() == [2, 0]
    assert found.known.observed.tolist() == [19 / 7, 10 / 7]
    assert (found.purchases.tolist(), found.value.tolist()) == ([1, 0], [5, 0])
    assert (found.last_purchases.tolist(), found.last_value.tolist()) == ([1, 0], [30, 0])
    assert found.repeated_value().bias == 5


def test_only_days_on_which_something_was_worth_anything_are_days_of_spend():
    spend = DAYS.until(20).spend()
    assert (spend.purchases.tolist(), spend.mean_value.tolist()) == ([2, 1], [20, 7])


@pytest.mark.parametrize(("history", "lengths"), [(361, []), (362, [90]), (911, [90]), (912, [365, 90])])
def test_what_is_held_out_is_half_a_year_shorter_than_the_history_before_it(history: int, lengths: list[int]):
    assert 90 + 90 + SETTLING == 362
    days = PurchaseDays.of([1, 1, 1], [1, history - 1, history], [1, 1, 1])
    assert [found.length for found in hold_outs(days, history)] == lengths


def test_time_in_which_nothing_came_is_not_held_out():
    assert list(hold_outs(PurchaseDays.of([1, 1], [1, 100], [1, 1]), 800)) == []


def test_purchases_a_week_are_those_by_each_customer_known_by_then():
    assert DAYS.per_known_customer(28).tolist() == [2 / 2, 1 / 2, 2 / 3]
    assert DAYS.per_known_customer(0).tolist() == []


def test_equal_purchases_have_one_fingerprint_and_others_another():
    again = PurchaseDays.of([3, 2, 1, 1, 1, 1], [28, 10, 25, 15, 8, 1], [9.0, 7.0, 5.0, 30.0, 0.0, 10.0])
    assert again.fingerprint == DAYS.fingerprint
    assert len({DAYS.fingerprint, DAYS.until(27).fingerprint, DAYS.of_customers(np.array([1, 3])).fingerprint}) == 3


def test_groups_say_what_their_customers_did():
    repeats, expected = np.array([0, 0, 2, 7, 9]), np.array([0.1, 0.3, 1.0, 4.0, 6.0])
    found = by_repeats(repeats, expected, np.array([0.0, 1.0, 2.0, 3.0, 9.0]))
    assert [(each.repeats, each.customers, each.actual) for each in found] == [
        (0, 2, 0.5),
        (2, 1, 2.0),
        (MOST_REPEATS, 2, 6.0),
    ]
    assert [each.expected for each in found] == pytest.approx([0.2, 1.0, 5.0])


def test_tracking_counts_the_repeat_purchases_of_the_known():
    found = tracking(DAYS, BetaGeometric(0.5, 6, 0.8, 2), known=np.array([1, 2]), until=30)
    assert found.weeks.tolist() == [1, 2, 3, 4]
    assert found.actual.tolist() == [0, 1, 2, 3]
    assert (np.diff(found.expected) > 0).all()


@pytest.mark.skipif(bool(missing(CDNOW_SAMPLE)), reason=str(missing(CDNOW_SAMPLE)))
def test_tracking_of_cdnow_is_what_the_field_has():
    days, model = cdnow(CDNOW_SAMPLE), BetaGeometric(0.525, 6.183, 0.891, 1.614)
    assert days.days.min() == day(BEGIN)
    known = days.until(day(CUT)).customers
    found = tracking(days, model, known=known, until=day(END))
    assert (found.actual[38], found.actual[77]) == (2_457, 4_339)
    assert (found.expected[38], found.expected[77]) == (pytest.approx(2_483, abs=2), pytest.approx(4_054.6, abs=3))


@pytest.mark.parametrize("customers", [0, 49])
def test_too_few_customers_are_not_fitted(customers: int):
    numbers = list(range(customers))
    days = PurchaseDays.of(
        numbers + numbers[:3], [1] * customers + [2] * len(numbers[:3]), [1.0] * (customers + len(numbers[:3]))
    )
    with pytest.raises(NothingToFit):
        check_enough(days)


def test_fifty_customers_of_whom_one_came_back_are_fitted_and_every_step_is_told():
    days = PurchaseDays.of([*range(50), 0], [*range(1, 51), 90], [5.0] * 51)
    told: list[tuple[str, int]] = []
    found = trained(days, today=95, complete=95, report=lambda step, steps: told.append((step, steps)))
    assert (found.winner, found.trials, found.repeaters) == ("MBG/NBD", (), 1)
    assert {steps for _, steps in told} == {len(told)}
