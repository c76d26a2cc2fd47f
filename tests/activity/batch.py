"""A database full of customers whose histories are known, and what its interface says of them beside the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.activity.facts import Person
from tests.activity.oracle import INSTANT, Oracle, Question, World, shown
from tests.asking import Ask


@dataclass
class Batch:
    """A database full of customers, and what is known of them.

    now  the moment of every request
    """

    ask: Ask
    world: World
    people: list[Person]
    random: Random
    now: datetime
    compared: int = 0

    def question(self, people: list[Person]) -> Question:
        """Return clocks: none, at random, far away, or at an instant that means something to one of the customers."""
        random, plain = self.random, Question(self.now)
        some = random.choice(people)
        judged = Oracle(some, self.world, plain)
        ends = [end for one in judged.purchases for end in (*one.recent, *one.loyal)]
        near, end = random.choice(judged.moments), random.choice(ends or judged.moments)
        any_time = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=random.uniform(0, 2_000))
        as_of = random.choice((None, near, near, end, end, any_time, any_time, datetime(2199, 12, 31, tzinfo=UTC)))
        recorded = random.choice([some.recorded, *(recorded for _, recorded in some.facts())])
        instant = recorded + random.choice((-INSTANT, 0 * INSTANT))
        return Question(self.now, as_of, random.choice((None, None, None, instant, instant, any_time)))

    def oracle(self, person: Person, question: Question) -> Oracle:
        """Return the oracle for one customer and one question."""
        return Oracle(person, self.world, question)

    def seen(self, question: Question) -> list[Oracle]:
        """Return what is said of the customers who are there at all, in the order in which they came."""
        judged = [self.oracle(person, question) for person in self.people]
        return sorted((one for one in judged if one.is_seen), key=lambda one: (one.person.created, one.person.key))

    def check(self, person: Person, question: Question, actual: Any) -> None:
        """Compare what was answered with what the oracle says."""
        expected = self.oracle(person, question).answer()
        if expected != actual:
            pytest.fail(told(person, self.world, question, expected, actual))
        assert actual is None or actual["isActive"] == (actual["reasons"] != [])
        self.compared += leaves(expected)


def clocks(question: Question) -> dict[str, Any]:
    """Return the clocks of a question as variables."""
    return {"asOf": shown(question.as_of), "knownAt": shown(question.known_at)}


def told(person: Person, world: World, question: Question, expected: Any, actual: Any) -> str:
    """Return a disagreement with all it rests on."""
    policy = world.in_force(question)
    zone, rules = policy.zone or world.zone, [f"  {rule}" for rule in policy.rules]
    lines = [person.told(), f"{question}", f"policy {policy.version} in {zone}:", *rules]
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        return "\n".join([*lines, f"expected {expected}", f"but      {actual}"])
    for name, value in expected.items():
        if value != actual[name]:
            lines += [f"{name}: expected {value}", f"{' ' * len(name)}  but      {actual[name]}"]
    return "\n".join(lines)


def leaves(value: Any) -> int:
    """Return how many values there are in an answer."""
    if isinstance(value, dict | list):
        return sum(map(leaves, value.values() if isinstance(value, dict) else value))
    return 1
