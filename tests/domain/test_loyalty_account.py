"""Whatever happens to accounts, in whatever order: every point is in a lot, and everything adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from api.domain.loyalty.account import Account, added, earned, given_back, spent, taken_back
from api.domain.loyalty.posting import MOST_POINTS, Cause, Lot
from api.errors import Rejection, UserErrorCode
from tests.domain.loyalty_walk import START, Version, Walk

SEQUENCES, VERSIONS = 10_000, 400


def test_everything_adds_up_after_each_event_of_random_histories():
    versions = [Version.drawn(seed) for seed in range(VERSIONS)]
    for seed in range(SEQUENCES):
        walk = Walk(seed, versions)
        for _ in range(walk.random.randint(2, 6)):
            walk.step()
        walk.end()


def of(*lots, **state):
    """Return an account with lots, each of them points that can be spent from a day on, until another."""
    made = [
        Lot(
            points,
            points,
            START + timedelta(days=since),
            None if until is None else START + timedelta(days=until),
            UUID(int=place),
        )
        for place, (points, since, until) in enumerate(lots)
    ]
    return Account(UUID(int=9), balance=sum(lot.points for lot in made), lots=tuple(made), **state)


def cause(kind, day=0, **more):
    return Cause(kind, "REQUEST", UUID(int=7), START + timedelta(days=day), "test", **more)


def used(posting):
    return [(use.lot_id.int, use.points) for use in posting.used]


def test_points_that_expire_first_are_spent_first():
    account = of((10, 0, None), (10, 0, 50), (10, 0, 40), (10, 20, 30))
    account = replace(account, lots=tuple(sorted(account.lots, key=lambda lot: lot.turn)))
    account, (posting,) = spent(account, cause("REDEEM", 10), 25)
    assert used(posting) == [(2, 10), (1, 10), (0, 5)]
    assert [lot.remaining for lot in account.lots] == [10, 5]


def test_a_refund_takes_from_its_own_lot_then_from_others_then_below_zero_and_the_rest_is_owed():
    account = of((10, 0, 40), (5, 90, None), (20, 0, 60), floor=-7)
    own = account.lots[2].lot_id
    account, (posting,) = taken_back(account, cause("REVERSE", 1, counts_from=START), 50, own)
    assert used(posting) == [(2, 20), (0, 10), (1, 5)]
    assert (account.balance, account.owed, posting.points, posting.counted) == (-7, 8, -42, -50)
    lot = Lot(20, 20, START, None, UUID(int=77))
    account, postings = earned(account, cause("EARN", 2, counts_from=START), lot)
    assert [(each.points, each.owed, used(each)) for each in postings] == [(20, 0, [(77, 7)]), (-8, -8, [(77, 8)])]
    assert (account.balance, account.owed, [lot.remaining for lot in account.lots]) == (5, 0, [5])


def test_points_given_back_go_to_the_lots_they_came_from_and_those_that_are_over_expire_again():
    account = of((10, 0, 20), (10, 0, 40), (10, 0, None))
    account, (spending,) = spent(account, cause("REDEEM", 10), 25)
    lots = {lot.lot_id.int: lot for lot in of((10, 0, 20), (10, 0, 40), (10, 0, None)).lots}
    taken = [(lots[use.lot_id.int], use.points) for use in spending.used]
    early, (undone,) = given_back(account, cause("REVERSE", 11), taken)
    assert (used(undone), early.balance) == ([(0, -10), (1, -10), (2, -5)], 30)
    assert [(lot.lot_id.int, lot.remaining) for lot in early.lots] == [(0, 10), (1, 10), (2, 10)]
    late, (undone, over) = given_back(account, cause("REVERSE", 30), taken)
    assert (over.cause.kind, over.points, used(over)) == ("EXPIRE", -10, [(0, 10)])
    assert [(lot.lot_id.int, lot.remaining) for lot in late.lots] == [(1, 10), (2, 10)]


def test_points_given_back_bring_the_balance_up_to_zero_and_settle_what_is_owed_before_they_expire():
    lot = Lot(10, 0, START, START + timedelta(days=5), UUID(int=3))
    account, (undone, settled, over) = given_back(
        Account(UUID(int=9), balance=-2, owed=5, floor=-2), cause("REVERSE", 9), [(lot, 10)]
    )
    assert [(each.points, each.owed, used(each)) for each in (undone, settled, over)] == [
        (10, 0, [(3, -8)]), (-5, -5, [(3, 5)]), (-3, 0, [(3, 3)]),
    ]  # fmt: skip
    assert (account.balance, account.owed, account.lots) == (0, 0, ())


def test_an_account_holds_no_more_than_a_whole_number_of_a_client():
    full = of((MOST_POINTS - 5, 0, None))
    account, (posting,) = earned(full, cause("EARN"), Lot(100, 100, START, None))
    assert (account.balance, posting.points, posting.made[0].points) == (MOST_POINTS, 5, 5)
    assert earned(account, cause("EARN"), Lot(1, 1, START, None)) == (account, [])
    with pytest.raises(Rejection) as refused:
        added(full, cause("ADJUST"), Lot(6, 6, START, None))
    assert refused.value.code == UserErrorCode.OUT_OF_RANGE


def test_only_points_that_can_be_spent_now_are_spent():
    account = of((10, 0, 20), (10, 5, 9), (10, 30, None))
    for day, most in ((1, 10), (6, 20), (10, 10), (25, 0), (30, 10)):
        with pytest.raises(Rejection) as refused:
            spent(account, cause("REDEEM", day), most + 1)
        assert refused.value.code == UserErrorCode.INSUFFICIENT_POINTS
        if most:
            assert spent(account, cause("REDEEM", day), most)[1][-1].points == -most
