"""Support plans that follow each other count as renewals of one."""

from __future__ import annotations

from random import Random

import pytest

from api.domain.lifetime_value.plan_chains import NEAR_WEEKS, PlanTerm, renewals_made

YEAR = 52.0


def plan(begins: float, ends: float | None = None, whose="Ann, Gold") -> PlanTerm:
    return PlanTerm(whose, begins, begins + YEAR if ends is None else ends)


def test_plans_that_follow_each_other_are_renewals_of_the_first():
    assert renewals_made([plan(0), plan(YEAR), plan(2 * YEAR + 2)]) == [None, None, 2]


@pytest.mark.parametrize(
    ("second", "made"),
    [
        (plan(YEAR + NEAR_WEEKS), [None, 1]),
        (plan(YEAR + NEAR_WEEKS + 0.1), [0, 0]),
        (plan(YEAR - NEAR_WEEKS), [None, 1]),
        (plan(YEAR - NEAR_WEEKS - 0.1), [0, 0]),
        (plan(YEAR, whose="Ann, Silver"), [0, 0]),
        (plan(0.0), [0, 0]),
    ],
)
def test_only_the_same_plan_that_begins_about_when_the_last_one_ends_renews_it(second, made):
    assert renewals_made([plan(0), second]) == made


def test_a_plan_that_was_cancelled_or_has_no_end_is_not_renewed():
    assert renewals_made([PlanTerm("Ann, Gold", 0, None), plan(YEAR)]) == [0, 0]


def test_two_plans_side_by_side_are_each_renewed_once():
    assert renewals_made([plan(0), plan(1), plan(YEAR), plan(YEAR + 1)]) == [None, None, 1, 1]


def test_the_order_in_which_plans_are_told_changes_nothing():
    plans = [plan(0), plan(1), plan(YEAR), plan(2 * YEAR), plan(YEAR, whose="Bo, Gold")]
    told = dict(zip(plans, renewals_made(plans), strict=True))
    for seed in range(5):
        mixed = Random(seed).sample(plans, len(plans))
        assert dict(zip(mixed, renewals_made(mixed), strict=True)) == told
