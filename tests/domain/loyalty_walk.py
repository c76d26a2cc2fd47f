"""Random programs with versions, and whatever happens under them to accounts for points, in whatever order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.loyalty.account import Account, added, closed, earned, expired, given_back, spent, transferred
from api.domain.loyalty.earning import Program, Purchase, Rule, exact_points, lot_of, points_left
from api.domain.loyalty.posting import Cause, Lot
from api.domain.loyalty.reversal import Brought, Reversal
from api.errors import Rejection
from tests.domain.loyalty_ledger import Ledger

START = datetime(2025, 1, 1, tzinfo=UTC)
UTC_ZONE, GOLD = ZoneInfo("UTC"), "GOLD"
CONDITIONS: tuple[tuple[str | None, str | None], ...] = ((None, None), ("Tea", None), (None, GOLD), ("Tea", GOLD))
RATES = (0, 500_000, 1_000_000, 1_000_000, 1_333_333, 4_000_000)
"""Millionths of a point for a unit of money."""
PRICES = (1, 250, 999, 3_333, 6_000)
"""In cents; discounts are thousandths."""
DISCOUNTS = (0, 0, 100, 333)
KEYS = (UUID(int=1), UUID(int=1), UUID(int=2))
EVENTS = ("earn", "take_back", "redeem", "adjust", "take_back", "transfer", "give_back")
"""The last is for those who have spent something."""
CENTS_AND_RATES = 100 * 1_000_000
WHOLE = {
    "DOWN": lambda part, whole: part // whole,
    "NEAREST": lambda part, whole: (2 * part + whole) // (2 * whole),
    "UP": lambda part, whole: -(-part // whole),
}


def money(cents):
    return Decimal(cents).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a program: how purchases earn, from how many points on customers are in the tier, and the floor.

    rates  of each category and tier, in millionths, worked out by looking
    """

    program: Program
    gold_from: int
    floor: int
    rates: Mapping[tuple[str | None, str | None], int]

    @classmethod
    def drawn(cls, seed):
        random = Random(seed)
        drawn = {conditions: random.choice(RATES) for conditions in random.sample(CONDITIONS, random.randint(1, 4))}
        rules = tuple(Rule(Decimal(rate).scaleb(-6), category, None, tier) for (category, tier), rate in drawn.items())
        waits = Duration(days=random.choice((0, 0, 0, 5, 30)))
        lives = random.choice((None, Duration(days=random.randint(31, 60))))
        program = Program(UUID(int=seed), random.choice(tuple(WHOLE)), waits, lives, rules)
        rates = {conditions: cls._rate(list(drawn.items()), *conditions) for conditions in CONDITIONS}
        return cls(program, random.choice((0, 1, 40, 150)), random.choice((0, 0, -30, -1_000)), rates)

    @staticmethod
    def _rate(rules, category, tier):
        for precision in (2, 1, 0):
            for asked, rate in rules:
                fits = asked[0] in (None, category) and asked[1] in (None, tier)
                if fits and 2 - asked.count(None) == precision:
                    return rate
        return 0

    def whole(self, part, whole):
        """Return a fraction in whole points."""
        return WHOLE[self.program.rounding](part, whole)


@dataclass(slots=True)
class Order:
    """A purchase that earned points, and what has become of it; amounts are in cents."""

    customer_id: UUID
    lot: Lot
    cause: Cause
    version: Version
    worth: tuple[int, int]
    total: int
    refunded: int = 0

    def kept(self):
        """Return how many points the rest of it is worth."""
        part, whole = self.worth
        return self.version.whole(part * (self.total - self.refunded), whole * self.total)


class Walk:
    """A random program, of which another version begins at a random moment, and what happens to two accounts."""

    def __init__(self, seed, versions):
        self.random = Random(seed)
        self.versions = self.random.choice(versions), self.random.choice(versions)
        self.begin = START + timedelta(days=self.random.randint(0, 40))
        first, _ = self.versions
        self.ledger = Ledger([Account(key, floor=first.floor) for key in KEYS[1:]])
        self.now = START
        self.orders = []
        self.spent = []

    @property
    def version(self):
        """The version in force."""
        return self.versions[self.now >= self.begin]

    def step(self):
        self.now += timedelta(days=self.random.randint(-4, 25))
        self.source = UUID(int=self.random.getrandbits(128))
        account = self.ledger.accounts[self.random.choice(KEYS)]
        event = self.random.choice(EVENTS if self.spent else EVENTS[:-1])
        try:
            accounts, postings = getattr(self, event)(account)
        except Rejection:
            # There are not as many points to spend; nothing may have happened.
            accounts, postings = [], []
        self.ledger.post(accounts, postings)

    def cause(self, kind, **more):
        return Cause(kind, "REQUEST", self.source, self.now, "test", **more)

    def lot(self):
        points = self.random.choice((1, 7, 50, 200))
        return Lot(points, points, self.now, self.version.program.expiry(self.now, UTC_ZONE))

    def earn(self, account):
        tea, other, version = self.random.choice(PRICES), self.random.choice(PRICES), self.version
        gross = tea + other
        net = gross - gross * self.random.choice(DISCOUNTS) // 1_000
        tier = GOLD if self.ledger.books[account.customer_id].counted >= version.gold_from else None
        purchase = Purchase(self.now, {"Tea": money(tea), None: money(other)}, money(gross), money(net))
        exact = exact_points(purchase, version.program.rules, "CONSUMER", tier)
        lot, cause = lot_of(purchase, version.program, exact, UTC_ZONE), self.cause("EARN", counts_from=self.now)
        worth = (version.rates["Tea", tier] * tea + version.rates[None, tier] * other) * net, gross * CENTS_AND_RATES
        assert lot.points == version.whole(*worth)
        if not lot.points:
            return [], []
        account, postings = earned(account, cause, lot)
        self.orders.append(Order(account.customer_id, lot, cause, version, worth, net))
        return [account], postings

    def redeem(self, account):
        points = self.random.choice((1, 10, max(account.balance, 1)))
        account, postings = spent(account, self.cause("REDEEM"), points)
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
        mine = [each for each in self.orders if each.customer_id == account.customer_id]
        if not mine:
            return self.earn(account)
        order = self.random.choice(mine)
        rest = order.total - order.refunded
        order.refunded += self.random.choice((rest, rest // 2, min(rest, 1)))
        undoing = self.cause("REVERSE", reverses=order.cause.transaction_id, counts_from=order.cause.counts_from)
        program, lot = order.version.program, order.lot
        kept = points_left(lot.exact, program.rounding, total=money(order.total), refunded=money(order.refunded))
        assert kept == order.kept()
        before = self.ledger.reversed[undoing.reverses]
        brought = Brought(lot.lot_id, lot.points, before + self.ledger.expired[lot.lot_id], kept)
        account, postings = Reversal().after(account, undoing, brought, floor=self.version.floor)
        self.check_reversal(account, postings, undoing, order, before)
        return [account], postings

    def check_reversal(self, account, postings, undoing, order, before):
        over = sum(
            use.points
            for each in postings
            for use in each.used
            if use.lot_id == order.lot.lot_id and each.cause.kind == "EXPIRE"
        )
        gone = before + self.ledger.expired[order.lot.lot_id] + over
        due = max(order.lot.points - order.kept() - gone, 0)
        reversals = [posting for posting in postings if posting.cause is undoing]
        assert sum(posting.owed - posting.points for posting in reversals) == due
        assert all(posting.counted == posting.points - posting.owed for posting in reversals)
        assert account.floor <= self.version.floor
        if any(posting.owed for posting in reversals):
            assert account.balance == account.floor
            assert not account.lots

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
        two, postings = expired(two, self.now + timedelta(days=400))
        self.ledger.post([two], postings)
        assert all(lot.expires_at is None for lot in two.lots)
