"""Who counts as active, judged straight from the words of the policy: moment by moment, by counting.

Nothing here knows of stretches of time. Whether a rule holds is asked at single moments; since when and until when is
found by asking at every moment at which anything begins or ends, and a microsecond before and after each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from api.domain.identity import public_id
from tests.activity.clock import later
from tests.activity.facts import CODES, Length, Person, Policy, Purchase, Refund, Rule, Term, Version

INSTANT = timedelta(microseconds=1)
LARGEST = 100


@dataclass(frozen=True, slots=True)
class Question:
    """From when customers are looked at; without `as_of` it is `now`, and all that is known counts."""

    now: datetime
    as_of: datetime | None = None
    known_at: datetime | None = None

    @property
    def moment(self) -> datetime:
        """The moment that is judged."""
        return self.as_of or self.now

    def sees(self, happened: datetime, recorded: datetime) -> bool:
        """Return whether a fact had happened and had been recorded."""
        has_happened = self.as_of is None or happened <= self.as_of
        return has_happened and (self.known_at is None or recorded <= self.known_at)


@dataclass(frozen=True, slots=True)
class World:
    """The rules of a business; its policies in any order."""

    policies: Sequence[Policy]
    zone: str

    def known(self, question: Question) -> list[Policy]:
        """Return the policies that had been set, by then and as far as was known, or that were in force already."""
        return [one for one in self.policies if question.sees(decided(one), one.recorded_at)]

    def in_force(self, question: Question) -> Policy:
        """Return the policy that judges: of those known, the one that began last by the moment."""
        return latest(self.known(question), question.moment)


def decided(policy: Policy) -> datetime:
    """Return from when on a policy makes a difference to what is said: it is set, or it was to begin before."""
    return min(policy.effective_from, policy.recorded_at)


def latest(policies: Sequence[Policy], moment: datetime) -> Policy:
    """Return the policy that began last by a moment."""
    return max((one for one in policies if one.effective_from <= moment), key=lambda one: one.effective_from)


@dataclass(frozen=True, slots=True)
class Seen:
    """A purchase as it is seen: the ends of the windows of its lines, for either rule, and what was paid back."""

    purchase: Purchase
    recent: tuple[datetime, ...]
    loyal: tuple[datetime, ...]
    refunds: tuple[Refund, ...]

    def counts(self, ends: tuple[datetime, ...], moment: datetime) -> bool:
        """Return whether it had been made, one of the windows is not over, and not all of it has been paid back."""
        made = self.purchase.happened <= moment
        return made and any(moment < end for end in ends) and not self.is_undone(moment)

    def is_undone(self, moment: datetime) -> bool:
        """Return whether all of it has been paid back; for what was free nothing can be."""
        back = sum((one.amount for one in self.refunds if one.happened <= moment), Decimal(0))
        return back > 0 and back >= self.purchase.total


class Judge:
    """What counts of one customer under one policy, of what a question sees."""

    def __init__(self, person: Person, policy: Policy, zone: str, question: Question) -> None:
        self.person, self.policy, self.question, self.zone = person, policy, question, zone
        self.purchases = [self._seen(one) for one in person.purchases if question.sees(one.happened, one.recorded)]
        self.terms = list(self._running_terms())

    def rule(self, code: str, category: str | None = None) -> Rule | None:
        """Return the most special rule for a case: the category comes before the kind."""
        for of_category in dict.fromkeys((category, None)):
            for kind in (self.person.kind, None):
                for rule in self.policy.rules:
                    if (rule.code, rule.category, rule.kind) == (code, of_category, kind):
                        return rule if rule.enabled else None
        return None

    @cached_property
    def used(self) -> dict[str, Rule]:
        """The rules that are about such a customer at all."""
        categories = {rule.category for rule in self.policy.rules} | {None}
        found = {code: [self.rule(code, of) for of in categories] for code in CODES}
        return {code: next(rule for rule in rules if rule) for code, rules in found.items() if any(rules)}

    def _seen(self, purchase: Purchase) -> Seen:
        of_lines = [self.rule("RECENT_PURCHASE", category) for category in purchase.categories]
        refunds = tuple(one for one in purchase.refunds if self.question.sees(one.happened, one.recorded))
        return Seen(purchase, self._ends(purchase, of_lines), self._ends(purchase, [self.rule("LOYAL")]), refunds)

    def _ends(self, purchase: Purchase, rules: Sequence[Rule | None]) -> tuple[datetime, ...]:
        lengths: set[Length] = {rule.window for rule in rules if rule and rule.window}
        return tuple(later(purchase.happened, length, self.zone) for length in lengths)

    def _running_terms(self) -> Iterator[tuple[Term, Version]]:
        for term in self.person.terms:
            agreed = [one for one in term.versions if self.question.sees(one.happened, one.recorded)]
            if agreed and term.code in self.used:
                yield term, agreed[-1]

    def counted(self, code: str, moment: datetime) -> list[Any]:
        """Return the purchases or terms that count for a rule at a moment."""
        if code == "RECENT_PURCHASE":
            return [one for one in self.purchases if one.counts(one.recent, moment)]
        if code == "LOYAL":
            return [one for one in self.purchases if one.counts(one.loyal, moment)]
        return [term for term, agreed in self.terms if term.code == code and is_running(agreed, moment)]

    def required(self, code: str) -> int | None:
        """Return how many must count, None where the rule is not used."""
        if code not in self.used:
            return None
        return self.used[code].count if code == "LOYAL" else 1

    def holding(self, moment: datetime) -> frozenset[str]:
        """Return the rules that hold at a moment."""
        return frozenset(code for code in self.used if len(self.counted(code, moment)) >= (self.required(code) or 0))

    def moments(self) -> Iterator[datetime]:
        """Every moment at which anything that counts begins or ends."""
        for one in self.purchases:
            yield from (one.purchase.happened, *one.recent, *one.loyal, *(refund.happened for refund in one.refunds))
        for _, agreed in self.terms:
            bounds = [bound for pause in agreed.pauses for bound in pause]
            yield from (each for each in (agreed.begins, agreed.trial, agreed.ends, *bounds) if each)


class Oracle:
    """What is to be said of one customer, in answer to one question; each policy judges the time in which it rules."""

    def __init__(self, person: Person, world: World, question: Question) -> None:
        self.person, self.question = person, question
        self.moment = question.moment
        self._judged: dict[datetime, frozenset[str]] = {}
        self.judges = [Judge(person, one, one.zone or world.zone, question) for one in world.known(question)]
        self.judge = self.at(self.moment)
        self.policy, self.zone, self.purchases = self.judge.policy, self.judge.zone, self.judge.purchases

    def at(self, moment: datetime) -> Judge:
        """Return who judges a moment."""
        policy = latest([judge.policy for judge in self.judges], moment)
        return next(judge for judge in self.judges if judge.policy is policy)

    @property
    def is_seen(self) -> bool:
        """Whether the customer is there at all: created by then, or anything had happened."""
        known_at, as_of = self.question.known_at, self.question.as_of
        is_known = known_at is None or self.person.recorded <= known_at
        has_facts = any(self.question.sees(*fact) for fact in self.person.facts())
        return is_known and (as_of is None or self.person.created <= as_of or has_facts)

    def holding(self, moment: datetime) -> frozenset[str]:
        """Return the rules that hold at a moment."""
        if moment not in self._judged:
            self._judged[moment] = self.at(moment).holding(moment)
        return self._judged[moment]

    @cached_property
    def held(self) -> frozenset[str]:
        """The rules that hold at the moment of the question."""
        return self.holding(self.moment)

    @cached_property
    def moments(self) -> list[datetime]:
        """Every moment at which anything begins or ends, with those just before and after, in order."""
        found = {self.moment, *(judge.policy.effective_from for judge in self.judges[1:])}
        found |= {each for judge in self.judges for each in judge.moments()}
        return sorted({each + step for each in found for step in (-INSTANT, 0 * INSTANT, INSTANT)})

    @property
    def truth(self) -> Iterator[tuple[datetime, frozenset[str]]]:
        """At each of the moments, the rules that hold; judged as far as they are asked for."""
        return ((moment, self.holding(moment)) for moment in self.moments)

    def until(self, code: str | None) -> datetime | None:
        """Return the first moment from now on at which a rule, or any, holds no longer; None for never."""
        return next((at for at in self.moments if at > self.moment and not _holds(self.holding(at), code)), None)

    def since(self) -> datetime | None:
        """Return the moment after the last one by now at which no rule held."""
        found = None
        for at, held in self.truth:
            if at > self.moment:
                break
            found = None if not held else found or at
        return found

    def turns(self) -> list[tuple[datetime, frozenset[str]]]:
        """Return the moments at which other rules hold than just before, with those that hold then."""
        found, before = [], frozenset[str]()
        for at, held in self.truth:
            if held != before:
                found.append((at, held))
            before = held
        return found

    def answer(self) -> dict[str, Any] | None:
        """Return what the interface must say, None where the customer is not seen."""
        if not self.is_seen:
            return None
        held, is_active = self.held, bool(self.held)
        return {
            "isActive": is_active,
            "asOf": shown(self.moment),
            "reasons": [{"code": code} for code in CODES if code in held],
            "evaluations": [self.evaluation(code) for code in CODES],
            "activeSince": shown(self.since()) if is_active else None,
            "activeUntil": shown(self.until(None)) if is_active else None,
            "policy": {"version": self.policy.version},
            "history": self.history(),
        }

    def evaluation(self, code: str) -> dict[str, Any]:
        """Return what must be said of one rule."""
        counted, holds = self.judge.counted(code, self.moment), code in self.held
        return {
            "code": code,
            "holds": holds,
            "holdsUntil": shown(self.until(code)) if holds else None,
            "observed": len(counted),
            "required": self.judge.required(code),
            "window": self.window(code, counted),
            "evidence": {"nodes": [{"id": of} for of in self.evidence(counted)[:3]]},
        }

    def window(self, code: str, counted: list[Any]) -> dict[str, Any] | None:
        """Return from the purchase that decides to when it counts no longer: it counts longest, or came first."""
        if not counted or code not in ("RECENT_PURCHASE", "LOYAL"):
            return None
        made = sorted((one.purchase.happened, self._over(code, one)) for one in counted)
        start, end = made[0] if code == "LOYAL" else max(made, key=lambda one: (one[1], one[0]))
        return {"startAt": shown(start), "endAt": shown(end)}

    def _over(self, code: str, one: Seen) -> datetime:
        """Return the first moment from now on at which a purchase that counts does so no longer."""
        ends = one.loyal if code == "LOYAL" else one.recent
        return next(at for at in self.moments if at > self.moment and not one.counts(ends, at))

    def evidence(self, counted: list[Any]) -> list[str]:
        """Return the identifiers of what counts, latest first."""
        if any(isinstance(one, Seen) for one in counted):
            made = sorted(((one.purchase.happened, one.purchase.key) for one in counted), reverse=True)
            return [public_id("ord", key) for _, key in made]
        begun = {term.key: agreed.begins for term, agreed in self.judge.terms}
        ordered = sorted(counted, key=lambda term: (begun[term.key], term.key), reverse=True)
        return [public_id(term.prefix, term.key) for term in ordered]

    def history(self) -> list[dict[str, Any]]:
        """Return what was so between the turns, latest first, of those that lie in the past."""
        turns = self.turns()
        ends = [*[at for at, _ in turns][1:], None]
        found = [
            {
                "isActive": bool(held),
                "interval": {"startAt": shown(at), "endAt": shown(end)},
                "reasons": [code for code in CODES if code in held],
            }
            for (at, held), end in zip(turns, ends, strict=False)
            if at <= self.moment
        ]
        return found[::-1][:LARGEST]


def is_running(agreed: Version, moment: datetime) -> bool:
    """Return whether something with a term runs at a moment: it has begun, is not tried, not paused, not over."""
    has_begun = agreed.begins <= moment and (agreed.trial is None or agreed.trial <= moment)
    is_over = agreed.ends is not None and agreed.ends <= moment
    rests = any(start <= moment and (end is None or moment < end) for start, end in agreed.pauses)
    return has_begun and not is_over and not rests


def _holds(held: frozenset[str], code: str | None) -> bool:
    return bool(held) if code is None else code in held


def shown(moment: datetime | None) -> str | None:
    """Return a moment as the interface writes it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
