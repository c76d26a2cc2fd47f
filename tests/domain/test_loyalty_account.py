"""Whatever happens to accounts, in whatever order: every point is in a lot, and everything adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from api.domain.loyalty.account import (
    Account,
    added,
    closed,
    earned,
    expired,
    given_back,
    spent,
    taken_back,
    transferred,
)
from api.domain.loyalty.posting import MOST_POINTS, Cause, Lot
from api.errors import Rejection, UserErrorCode

START = datetime(2025, 1, 1, tzinfo=UTC)
SEQUENCES = 10_000


class Ledger:
    """What was posted for some accounts, kept as a book-keeper without any cleverness would keep it."""

    def __init__(self, accounts):
        self.accounts = {account.customer_id: account for account in accounts}
        self.lots = {}
        self.points = dict.fromkeys(self.accounts, 0)
        self.owed = dict.fromkeys(self.accounts, 0)
        self.numbers = dict.fromkeys(self.accounts, 0)
        self.latest = dict.fromkeys(self.accounts, datetime.min.replace(tzinfo=UTC))
        self.causes = set()

    def post(self, accounts, postings):
        """Take postings over, checking each by itself, and then all accounts."""
        for posting in postings:
            self.check_posting(posting)
        for account in accounts:
            self.accounts[account.customer_id] = account
            self.check(account)

    def check_posting(self, posting):
        key = posting.customer_id
        before = max(self.points[key], 0)
        self.points[key] += posting.points
        self.owed[key] += posting.owed
        self.numbers[key] += 1
        assert posting.points or posting.owed
        cause = (posting.cause.kind, posting.cause.source, posting.cause.source_id, key)
        assert cause not in self.causes
        self.causes.add(cause)
        assert (posting.number, posting.balance_after) == (self.numbers[key], self.points[key])
        assert posting.owed_after == self.owed[key] >= 0
        assert posting.occurred_at >= max(self.latest[key], posting.cause.at)
        self.latest[key] = posting.occurred_at
        for lot in posting.made:
            self.lots[lot.lot_id] = [key, lot.points, lot]
        for use in posting.used:
            kept = self.lots[use.lot_id]
            assert kept[0] == key
            is_undone = posting.cause.kind == "REVERSE" and posting.points > 0
            assert use.points < 0 if is_undone else 0 < use.points <= kept[1]
            self.check_use(posting, kept[2])
            kept[1] -= use.points
            assert kept[1] <= kept[2].points
        moved = sum(lot.points for lot in posting.made) - sum(use.points for use in posting.used)
        assert moved == max(self.points[key], 0) - before
        if posting.cause.kind in ("REDEEM", "TRANSFER", "EXPIRE") and posting.points < 0:
            assert sum(use.points for use in posting.used) == -posting.points

    @staticmethod
    def check_use(posting, lot):
        if posting.cause.kind in ("REDEEM", "TRANSFER", "ADJUST") and posting.points < 0:
            assert lot.available_at <= posting.cause.at
        if posting.cause.kind == "EXPIRE" and posting.cause.reason == "Expired":
            assert lot.expires_at <= posting.occurred_at
        elif posting.cause.kind not in ("EXPIRE", "EARN") and posting.cause.source != "TRANSACTION":
            assert lot.expires_at is None or lot.expires_at > posting.occurred_at

    def check(self, account):
        key = account.customer_id
        left = {lot_id: rest for lot_id, (whose, rest, _) in self.lots.items() if whose == key and rest}
        assert (account.balance, account.owed, account.entries) == (self.points[key], self.owed[key], self.numbers[key])
        assert {lot.lot_id: lot.remaining for lot in account.lots} == left
        assert sum(left.values()) == max(account.balance, 0)
        assert account.balance >= account.floor
        assert 0 <= account.owed <= MOST_POINTS


class Walk:
    """A random program and what happens under it to two accounts."""

    def __init__(self, seed):
        self.random = Random(seed)
        floor = self.random.choice((0, 0, -30, -1_000))
        self.waits = timedelta(days=self.random.choice((0, 0, 5, 30)))
        self.lives = self.random.choice((None, timedelta(days=self.random.randint(31, 90))))
        accounts = [Account(UUID(int=number), floor=floor) for number in (1, 2)]
        self.ledger = Ledger(accounts)
        self.now = START
        self.earned = []
        self.spent = []

    def step(self):
        self.now += timedelta(days=self.random.randint(-4, 12))
        self.source = UUID(int=self.random.getrandbits(128))
        key = UUID(int=self.random.choice((1, 1, 2)))
        usual = (self.earn, self.earn, self.redeem, self.adjust, self.take_back, self.transfer)
        event = self.random.choice((*usual, self.give_back) if self.spent else usual)
        try:
            accounts, postings = event(self.ledger.accounts[key])
        except Rejection:
            # There are not as many points to spend; nothing may have happened.
            accounts, postings = [], []
        self.ledger.post(accounts, postings)

    def cause(self, kind, **more):
        return Cause(kind, "REQUEST", self.source, self.now, "test", **more)

    def lot(self):
        points = self.random.choice((1, 7, 50, 200))
        at = self.now + self.waits
        return Lot(points, points, at, at + self.lives if self.lives else None)

    def earn(self, account):
        lot, cause = self.lot(), self.cause("EARN", counts_from=self.now)
        account, postings = earned(account, cause, lot)
        self.earned.append((account.customer_id, lot, cause))
        return [account], postings

    def redeem(self, account):
        account, postings = spent(account, self.cause("REDEEM"), self.random.choice((1, 10, 100)))
        self.spent.append(postings[-1])
        return [account], postings

    def give_back(self, _):
        spending = self.spent.pop(self.random.randrange(len(self.spent)))
        taken = [(self.ledger.lots[use.lot_id][2], use.points) for use in spending.used]
        before = self.ledger.accounts[spending.customer_id]
        undone = spending.cause.transaction_id
        cause = Cause("REVERSE", "TRANSACTION", undone, self.now, "test", reverses=undone)
        account, postings = given_back(before, cause, taken)
        (undone,) = [posting for posting in postings if posting.cause is cause]
        assert undone.points == -spending.points
        back = {use.lot_id: -use.points for use in undone.used}
        assert back.items() <= {lot.lot_id: number for lot, number in taken}.items() or before.balance < 0
        assert account.owed == max(before.owed - sum(back.values()), 0)
        assert all(lot.expires_at is None or lot.expires_at > undone.occurred_at for lot in account.lots)
        return [account], postings

    def adjust(self, account):
        if self.random.random() < 0.5:
            return self.alone(spent(account, self.cause("ADJUST"), self.random.choice((1, 10, 100))))
        return self.alone(added(account, self.cause("ADJUST"), self.lot()))

    def take_back(self, account):
        mine = [each for each in self.earned if each[0] == account.customer_id]
        if not mine:
            return [], []
        _, lot, cause = each = self.random.choice(mine)
        self.earned.remove(each)
        undoing = self.cause("REVERSE", reverses=cause.transaction_id, counts_from=cause.counts_from)
        points = self.random.randint(1, lot.points)
        before = self.ledger.accounts[account.customer_id]
        account, postings = taken_back(account, undoing, points, lot.lot_id)
        reversal = postings[-1]
        assert -reversal.points + reversal.owed == points == -reversal.counted
        if reversal.owed:
            assert reversal.balance_after <= 0
            assert reversal.balance_after == before.floor or before.balance < 0
        return [account], postings

    def transfer(self, account):
        taker = next(other for key, other in self.ledger.accounts.items() if key != account.customer_id)
        giver, taker, postings = transferred(account, taker, self.cause("TRANSFER"), self.random.choice((1, 10, 60)))
        assert postings[-2].points + postings[-1].points == 0
        assert [use.points for use in postings[-2].used] == [lot.points for lot in postings[-1].made]
        return [giver, taker], postings

    @staticmethod
    def alone(step):
        account, postings = step
        return [account], postings

    def end(self):
        """Close one account and let everything else expire: nothing may be stranded."""
        one, two = self.ledger.accounts.values()
        one, postings = closed(one, self.now)
        self.ledger.post([one], postings)
        assert one.balance <= 0
        assert not one.lots
        if self.lives:
            two, postings = expired(two, self.now + self.waits + self.lives + timedelta(days=400))
            self.ledger.post([two], postings)
            assert two.balance <= 0
            assert not two.lots


def test_everything_adds_up_after_each_event_of_random_histories():
    for seed in range(SEQUENCES):
        walk = Walk(seed)
        for _ in range(walk.random.randint(2, 8)):
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
