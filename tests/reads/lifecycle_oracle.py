"""Stages worked out in Python from the words of the documentation, by counting what stands at every moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order with what was paid back on it: moment, when recorded, amount."""

    at: datetime
    recorded_at: datetime
    total: Decimal
    refunds: list[tuple[datetime, datetime, Decimal]]


@dataclass(frozen=True, slots=True)
class Told:
    """Something said: moment, when recorded, its place among what was said at once, the recommendation score if any."""

    at: datetime
    recorded_at: datetime
    place: Any
    recommendation: int | None


@dataclass(slots=True)
class Person:
    """A customer and all there is about them; what has a term is a list of its versions."""

    id: str
    created_at: datetime
    purchases: list[Purchase] = field(default_factory=list)
    credits: list[tuple[datetime, datetime]] = field(default_factory=list)
    subscriptions: list[list[dict[str, Any]]] = field(default_factory=list)
    plans: list[list[dict[str, Any]]] = field(default_factory=list)
    contracts: list[list[dict[str, Any]]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Clocks:
    """What may be seen, and the moment that is meant."""

    moment: datetime
    as_of: datetime | None
    known_at: datetime | None

    def sees(self, happened: datetime, recorded: datetime) -> bool:
        return (self.as_of is None or happened <= self.as_of) and (self.known_at is None or recorded <= self.known_at)

    def versions(self, all_of_them: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each for each in all_of_them if self.sees(each["changed_at"], each["recorded_at"])]


@dataclass(frozen=True, slots=True)
class Fact:
    """What a stage follows from: from when to when it stands, its place among what is of one moment, and its words."""

    at: datetime
    place: int
    name: str
    words: str
    until: datetime | None = None
    again: str = ""

    def stands(self, moment: datetime) -> bool:
        return self.at <= moment and (self.until is None or moment < self.until)

    @property
    def order(self) -> tuple[datetime, int, str]:
        return self.at, self.place, self.name


class Life:
    """What is known of one customer by two clocks."""

    def __init__(self, person: Person, clocks: Clocks) -> None:
        self.clocks = clocks
        self.known = [min(person.created_at, clocks.moment)]
        self.paying: list[Fact] = []
        self.tries: list[Fact] = []
        self.recommendations: list[Fact] = []
        for purchase in person.purchases:
            self._purchase(purchase)
        self.known += [at for at, recorded in person.credits if clocks.sees(at, recorded)]
        self._told([told for told in person.told if clocks.sees(told.at, told.recorded_at)])
        for kind, read in (
            (person.subscriptions, self._subscription),
            (person.plans, self._plan),
            (person.contracts, self._contract),
        ):
            for versions in map(clocks.versions, kind):
                if versions:
                    self.known += [version["changed_at"] for version in versions]
                    read(versions)

    def _purchase(self, purchase: Purchase) -> None:
        paid_back, until = Decimal(0), None
        for at, recorded, amount in sorted(purchase.refunds):
            if self.clocks.sees(at, recorded):
                self.known.append(at)
                paid_back += amount
                if paid_back >= purchase.total:
                    until = max(at, purchase.at)
        if self.clocks.sees(purchase.at, purchase.recorded_at):
            self.paying.append(Fact(purchase.at, 1, "", "First purchase", until, "Came back"))

    def _told(self, said: list[Told]) -> None:
        self.known += [told.at for told in said]
        scores = sorted((t for t in said if t.recommendation is not None), key=lambda told: (told.at, told.place))
        following = [*(told.at for told in scores[1:]), None]
        for told, until in zip(scores, following[-len(scores) :], strict=True) if scores else ():
            if told.recommendation in (9, 10):
                words = f"Gave a recommendation score of {told.recommendation}"
                self.recommendations.append(Fact(told.at, 9, str(told.recommendation), words, until))

    def _subscription(self, versions: list[dict[str, Any]]) -> None:
        newest = versions[-1]
        name, started, ends = newest["plan_name"], newest["started_at"], newest["ends_at"]
        if newest["trial_ends_at"] and (ends is None or ends > started):
            self.tries.append(Fact(started, 7, name, f"Free trial of {name} began"))
        first = _first_run(newest["trial_ends_at"] or started, ends, newest["pauses"])
        if first is None:
            return
        self.paying.append(Fact(first, 2, name, f"First paid period of subscription {name} began"))
        for version in versions:
            if version["change"] == "RENEWED" and version["period_start"] > first:
                self.paying.append(Fact(max(version["changed_at"], first), 5, name, f"Subscription {name} renewed"))

    def _plan(self, versions: list[dict[str, Any]]) -> None:
        newest = versions[-1]
        name, start, end = newest["plan_name"], newest["starts_at"], newest["ends_at"]
        if newest["order_id"] is not None or (end is not None and end <= start):
            return
        if newest["paid"]:
            self.paying.append(Fact(start, 3, name, f"Paid support plan {name} began"))
        else:
            self.tries.append(Fact(start, 8, name, f"Free support plan {name} began"))

    def _contract(self, versions: list[dict[str, Any]]) -> None:
        newest = versions[-1]
        name, start, end = newest["number"], newest["starts_at"], newest["ends_at"]
        if end is not None and end <= start:
            return
        self.paying.append(Fact(start, 4, name, f"Contract {name} began"))
        renewals = [max(version["changed_at"], start) for version in versions if version["change"] == "RENEWED"]
        for version, following in zip(versions, [*versions[1:], None], strict=True):
            over = version["term_ends_at"]
            in_time = version["changed_at"] <= over and (following is None or following["changed_at"] > over)
            if version["change"] != "RENEWED" and version["auto_renew"] and in_time and (end is None or end > over):
                renewals.append(over)
        self.paying += [Fact(at, 6, name, f"Contract {name} renewed") for at in renewals]

    def stage(self, moment: datetime) -> str:
        if any(fact.stands(moment) for fact in self.recommendations):
            return "ADVOCACY"
        paying = sum(fact.stands(moment) for fact in self.paying)
        if paying:
            return "PURCHASE" if paying == 1 else "RETENTION"
        return "CONSIDERATION" if any(fact.stands(moment) for fact in self.tries) else "AWARENESS"

    def stretches(self) -> list[tuple[str, datetime, datetime | None]]:
        """Return stage, start and end of every stretch that has begun, latest first."""
        facts = [*self.paying, *self.tries, *self.recommendations]
        moments = sorted({*self.known, *(f.at for f in facts), *(f.until for f in facts if f.until)})
        found: list[tuple[str, datetime, datetime | None]] = []
        for moment in moments:
            stage = self.stage(moment)
            if found and found[-1][0] == stage:
                continue
            if found:
                found[-1] = (*found[-1][:2], moment)
            found.append((stage, moment, None))
        return [each for each in reversed(found) if each[1] <= self.clocks.moment]

    def because(self) -> list[str]:
        moment = self.clocks.moment
        for fact in self.recommendations:
            if fact.stands(moment):
                return [f"{fact.words} on {_day(fact.at)}."]
        paying = sorted((fact for fact in self.paying if fact.stands(moment)), key=lambda fact: fact.order)
        if paying:
            second = [f"{fact.again or fact.words} on {_day(fact.at)}." for fact in paying[1:2]]
            return [f"{paying[0].words} on {_day(paying[0].at)}.", *second]
        over = [fact.until for fact in self.paying if fact.until and fact.until <= moment]
        more = [f"All that was bought was paid back by {_day(max(over))}."] if over else []
        tries = sorted((fact for fact in self.tries if fact.stands(moment)), key=lambda fact: fact.order)
        if tries:
            return [f"{tries[0].words} on {_day(tries[0].at)}.", *more]
        first = min([*self.known, *(fact.at for fact in self.paying)])
        return [f"Known since {_day(first)}.", *more]


def _first_run(start: datetime, end: datetime | None, pauses: Sequence[Any]) -> datetime | None:
    """Return the first moment of a stretch that no pause covers."""
    candidates: list[datetime] = [start, *(pause.upper for pause in pauses if pause.upper and pause.upper > start)]
    for candidate in sorted(candidates):
        paused = any(pause.lower <= candidate and (pause.upper is None or candidate < pause.upper) for pause in pauses)
        if not paused and (end is None or candidate < end):
            return candidate
    return None


def _day(moment: datetime) -> str:
    local = moment.astimezone(ZONE)
    return f"{local.day} {local:%B %Y}"
