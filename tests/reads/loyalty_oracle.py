"""Tiers worked out in Python, from the words of the documentation: instant by instant, by adding up what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from tests.activity.clock import later
from tests.activity.facts import Length

INSTANT = timedelta(microseconds=1)
ZONE = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Fact:
    """Points earned or taken back, an order, or a refund.

    basis   POINTS or SPEND: by which it counts
    counts  from when it counts
    amount  below zero for what takes away
    """

    customer: str
    basis: str
    counts: datetime
    amount: Decimal
    happened: datetime
    recorded: datetime


@dataclass(frozen=True, slots=True)
class Program:
    """One version of the program; the tiers are codes with what they ask for, lowest first."""

    effective_from: datetime
    recorded: datetime
    basis: str
    window: Length
    grace: Length
    tiers: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """The moment that is judged, and what may be known for it."""

    moment: datetime
    as_of: datetime | None = None
    known_at: datetime | None = None

    def sees(self, happened: datetime, recorded: datetime) -> bool:
        """Return whether something had happened and had been recorded."""
        has_happened = self.as_of is None or happened <= self.as_of
        return has_happened and (self.known_at is None or recorded <= self.known_at)


def in_force(programs: Sequence[Program], question: Question) -> Program | None:
    """Return the version that judges, None where there is none."""
    known = [one for one in programs if question.sees(one.effective_from, one.recorded)]
    begun = [one for one in known if one.effective_from <= question.moment]
    return max(begun, key=lambda one: one.effective_from, default=None)


class Standing:
    """How one customer stands by a program at a moment."""

    def __init__(self, program: Program, facts: Sequence[Fact], moment: datetime) -> None:
        """Take the facts that are seen, and count those that have begun to."""
        self.program, self.moment = program, moment
        counting = [fact for fact in facts if fact.basis == program.basis and fact.counts <= moment]
        self.counting = [(fact.counts, later(fact.counts, program.window, ZONE), fact.amount) for fact in counting]

    def total(self, at: datetime) -> Decimal:
        """Return what counts at an instant."""
        return sum((amount for begins, ends, amount in self.counting if begins <= at < ends), Decimal(0))

    @cached_property
    def turns(self) -> list[datetime]:
        """The instants at which anything begins to count or does so no longer."""
        return sorted({instant for begins, ends, _ in self.counting for instant in (begins, ends)})

    def losses(self, required: Decimal) -> list[tuple[datetime, datetime]]:
        """Return when a tier was reached no longer, with the end of its grace."""
        lost = [turn for turn in self.turns if self.total(turn - INSTANT) >= required > self.total(turn)]
        return [(turn, later(turn, self.program.grace, ZONE)) for turn in lost]

    def holds(self, required: Decimal, at: datetime) -> bool:
        """Return whether a tier is held at an instant."""
        reached = required == 0 or self.total(at) >= required
        return reached or any(lost <= at < end for lost, end in self.losses(required))

    @cached_property
    def place(self) -> int:
        """Which of the tiers is held, from 0."""
        return max(place for place, (_, asked) in enumerate(self.program.tiers) if self.holds(asked, self.moment))

    @property
    def tier(self) -> str:
        """Code of the tier that is held."""
        return self.program.tiers[self.place][0]

    @property
    def until(self) -> datetime | None:
        """When it is lost if nothing else happens."""
        required = self.program.tiers[self.place][1]
        instants = sorted({*self.turns, *(end for _, end in self.losses(required))})
        later_ones = [instant for instant in instants if instant > self.moment]
        return next((instant for instant in later_ones if not self.holds(required, instant)), None)

    @property
    def lacking(self) -> Decimal | None:
        """What has to count more when it is lost for it to be kept."""
        return None if self.until is None else self.program.tiers[self.place][1] - self.total(self.until)

    @property
    def following(self) -> tuple[str, Decimal, datetime | None] | None:
        """The next tier, what is missing for it, and until when that is enough; None at the top."""
        if self.place + 1 == len(self.program.tiers):
            return None
        code, required = self.program.tiers[self.place + 1]
        now = self.total(self.moment)
        less = [turn for turn in self.turns if turn > self.moment and self.total(turn) < now]
        return code, required - now, min(less, default=None)
