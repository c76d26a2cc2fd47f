"""Histories of customers from a seed: all that makes time hard, and often at the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.activity.clock import later, when_shown
from tests.activity.facts import Length, Person, Purchase, Refund
from tests.activity.oracle import INSTANT, World
from tests.activity.terms import a_term

FIRST_DAY = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 1_520
NOW = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
"""Everything happens before this, and nothing later."""

HOURS = [timedelta(hours=hour) for hour in (0, 1.5, 2, 2.5, 3, 12, 23.75)] + [timedelta(days=1) - INSTANT]
CATEGORIES = (None, "Furniture", "Tea", "Gift cards")


@dataclass
class Histories:
    """Makes customers of a world; `moments` are those at which things like to happen."""

    random: Random
    world: World
    start: int = 0
    made: int = 0
    moments: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        zones = {self.world.zone, *(policy.zone for policy in self.world.policies if policy.zone)}
        for zone in sorted(zones):
            self.moments += awkward(ZoneInfo(zone))

    @property
    def lengths(self) -> list[Length]:
        """The windows of all rules."""
        return [rule.window for policy in self.world.policies for rule in policy.rules if rule.window]

    def key(self) -> UUID:
        """Return the next key; those made later need not be larger."""
        self.made += 1
        return UUID(f"0194{self.random.randrange(16**4):04x}-0000-7000-8000-{self.start + self.made:012x}")

    def person(self) -> Person:
        """Return a customer with a history."""
        random = self.random
        created = self.moment()
        person = Person(self.key(), random.choice(("CONSUMER", "BUSINESS")), created, self.recorded(created))
        known: list[datetime] = [created]
        for _ in range(random.choice((0, 1, 1, 2, 3, 5, 6, 8))):
            purchase = self.purchase(known)
            person.purchases.append(purchase)
            known += [purchase.happened, *(refund.happened for refund in purchase.refunds)]
        if random.random() < 0.1:
            person.unlinked.append(self.refund(Decimal(50), self.moment()))
        for _ in range(random.choice((0, 0, 1, 1, 2, 3))):
            person.terms.append(a_term(self, known))
        return person

    def moment(self, known: Sequence[datetime] = ()) -> datetime:
        """Return a moment in the past: an awkward one, any, or one that has to do with those known."""
        while True:
            found = self._moment(known)
            if found <= NOW:
                return found

    def planned(self, known: Sequence[datetime]) -> datetime:
        """Return a moment that may lie in the future."""
        return self._moment(known) + timedelta(days=self.random.choice((0, 0, 0, 30, 400)))

    def _moment(self, known: Sequence[datetime]) -> datetime:
        random, chance = self.random, self.random.random()
        if known and chance < 0.15:
            return random.choice(known)
        if known and chance < 0.35:
            policy = random.choice(self.world.policies)
            end = later(random.choice(known), random.choice(self.lengths), policy.zone or self.world.zone)
            return end + random.choice((-INSTANT, 0 * INSTANT, 0 * INSTANT, INSTANT))
        if known and chance < 0.55:
            return random.choice(known) + timedelta(days=random.uniform(0, 60))
        if chance < 0.85:
            return random.choice(self.moments)
        return FIRST_DAY + timedelta(microseconds=random.randrange(DAYS * 86_400 * 10**6))

    def recorded(self, happened: datetime, earliest: datetime | None = None) -> datetime:
        """Return when something was recorded: at once, or much later."""
        late = self.random.choice((0, 0, 0, 0.001, 3, 40, 300))
        return max(happened + timedelta(days=late), earliest or happened)

    def purchase(self, known: Sequence[datetime]) -> Purchase:
        """Return a purchase; some are free, some are paid back."""
        random, happened = self.random, self.moment(known)
        total = Decimal(random.choice(("0", "10", "10", "99.99", "0.01", "120.004")))
        categories = tuple(random.choices(CATEGORIES, (6, 1, 1, 1), k=random.choice((1, 1, 2, 3))))
        refunds = self.refunds(total, happened, known) if total and random.random() < 0.3 else ()
        return Purchase(self.key(), happened, self.recorded(happened), total, categories, refunds)

    def refunds(self, total: Decimal, placed: datetime, known: Sequence[datetime]) -> tuple[Refund, ...]:
        """Return refunds on a purchase: all of it at once, all of it in parts, or not all of it."""
        parts = self.random.choice(((1,), (1,), (2, 2), (2,), (4, 4, 2)))
        amounts = [total / part for part in parts]
        return tuple(self.refund(amount, max(placed, self.moment([placed, *known]))) for amount in amounts)

    def refund(self, amount: Decimal, happened: datetime) -> Refund:
        """Return a refund."""
        return Refund(amount, happened, self.recorded(happened))


def awkward(zone: ZoneInfo) -> list[datetime]:
    """Return ends of months, leap days, and days on which clocks are changed, at hours that are near midnight or occur
    twice, or not at all."""
    found = []
    for number in range(DAYS):
        day = FIRST_DAY.replace(tzinfo=None) + timedelta(days=number)
        ends_month = (day + timedelta(days=1)).day == 1
        changes = utcoffset(zone, day) != utcoffset(zone, day + timedelta(days=1))
        if changes:
            found += 3 * moments_of(day, zone)
        elif ends_month or (day.month, day.day) in ((1, 29), (1, 30), (2, 28), (3, 1)):
            found += moments_of(day, zone)
    return [moment for moment in found if moment <= NOW]


def utcoffset(zone: ZoneInfo, shown: datetime) -> Any:
    """Return the difference to UTC when clocks show this."""
    return shown.replace(tzinfo=zone).utcoffset()


def moments_of(day: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return moments of a day, of an hour that occurs twice both."""
    both = [(day + hour).replace(tzinfo=zone, fold=fold).astimezone(UTC) for hour in HOURS for fold in (0, 1)]
    return sorted({*both, *(when_shown(day + hour, zone) for hour in HOURS)})
