"""What is known of customers' purchases, from the days on which they bought."""

from __future__ import annotations

import doctest
import subprocess
import sys

import numpy as np
import pytest

from api.domain.lifetime_value import calibration, statistics
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.statistics import PurchaseStatistics, weekly_rate
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR

# Customer 7 buys twice on day 10, customer 3 on days 0, 7 and 70, customer 5 after the day that is looked at.
DAYS = PurchaseDays.of([7, 3, 3, 7, 5, 3], [10, 70, 0, 10, 80, 7], [4.0, 30.0, 10.0, 6.0, 9.0, 20.0])


def test_orders_of_one_day_are_one_purchase():
    known = DAYS.histories(77)
    assert known.customers.tolist() == [3, 7]
    assert known.purchases.repeats.tolist() == [2, 0]
    assert known.purchases.last.tolist() == [10, 0]
    assert known.purchases.observed == pytest.approx([11, 67 / 7])
    assert known.spend.purchases.tolist() == [3, 1]
    assert known.spend.mean_value.tolist() == [20, 10]
    assert known.repeat_spend.purchases.tolist() == [2, 0]
    assert known.repeat_spend.mean_value.tolist() == [25, 0]


def test_a_look_at_an_earlier_day_is_a_look_at_data_that_ended_there():
    for day in (5, 9, 10, 69, 70, 90):
        early, cut = DAYS.histories(day), DAYS.until(day).histories(day)
        assert early.customers.tolist() == cut.customers.tolist()
        assert early.purchases.last.tolist() == cut.purchases.last.tolist()
        assert early.spend.mean_value.tolist() == cut.spend.mean_value.tolist()


def test_what_came_after_a_day_is_counted_for_those_known_by_then():
    known = DAYS.histories(20)
    counts, values = DAYS.between(known.customers, after=20, until=80)
    assert counts.tolist() == [1, 0]
    assert values.tolist() == [30, 0]
    assert DAYS.between(known.customers, after=20, until=70)[0].tolist() == [1, 0]
    assert DAYS.between(known.customers, after=20, until=69)[0].tolist() == [0, 0]
    assert DAYS.between(known.customers, after=70, until=80)[0].tolist() == [0, 0]


def test_no_purchases_are_nobodys():
    known = PurchaseDays.of([], [], []).histories(10)
    assert (len(known.customers), len(known.purchases), len(known.spend)) == (0, 0, 0)
    assert len(DAYS.histories(-1).purchases) == 0


def test_different_rows_stand_for_all_that_are_like_them():
    purchases = PurchaseStatistics.of([1, 0, 1, 0, 1], [2, 0, 2, 0, 3], [5, 5, 5, 6, 5])
    rows, number, row = purchases.distinct()
    assert sorted(number.tolist()) == [1, 1, 1, 2]
    assert rows.rows(row).repeats.tolist() == purchases.repeats.tolist()
    assert rows.rows(row).last.tolist() == purchases.last.tolist()
    assert rows.rows(row).observed.tolist() == purchases.observed.tolist()
    empty, number, row = PurchaseStatistics.of([], [], []).distinct()
    assert (len(empty), len(number), len(row)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("x", "last", "observed"),
    [
        ([1], [11], [10]),
        ([1], [-1], [10]),
        ([0.5], [0], [10]),
        ([-1], [0], [10]),
        ([0], [3], [10]),
        ([1], [1], [float("nan")]),
        ([1], [float("nan")], [10]),
        ([1, 2], [1], [10]),
        ([[1]], [[1]], [[10]]),
    ],
)
def test_purchases_that_cannot_be_are_refused(x, last, observed):
    with pytest.raises(ValueError, match=r"purchase|length"):
        PurchaseStatistics.of(x, last, observed)


def test_a_year_is_discounted_as_its_rate_says():
    assert np.exp(-weekly_rate(0.1) * WEEKS_IN_YEAR) == pytest.approx(1 / 1.1)


@pytest.mark.parametrize("module", [statistics, calibration], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module):
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)


def test_scoring_loads_no_more_than_it_needs():
    modules = ", ".join(f"api.domain.lifetime_value.{name}" for name in ("scoring", "intervals", "renewals", "flags"))
    program = (
        f"import sys, {modules}; print([name for name in ('scipy.optimize', 'scipy.stats') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
