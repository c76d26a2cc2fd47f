"""Whether and why customers are active, on histories from a seed: the interface says what the oracle says.

REGULARS_TEST_SEED=n makes other histories; a failure shows the customer's.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from api.database import database as open_database
from tests.activity.facts import Person
from tests.activity.filling import fill
from tests.activity.histories import CATEGORIES, NOW, Histories
from tests.activity.oracle import INSTANT, Oracle, Question, World, shown
from tests.activity.policies import a_world
from tests.asking import Ask, WatchedDatabase
from tests.given import connected

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("REGULARS_TEST_SEED", "2026"))
BATCHES = int(os.environ.get("REGULARS_TEST_BATCHES", "10"))
CUSTOMERS, PAGE, ROUNDS = 1_000, 100, 2

STATUS = """
  isActive asOf reasons { code } activeSince activeUntil policy { version }
  evaluations {
    code holds holdsUntil observed required window { startAt endAt }
    evidence(first: 3) {
      nodes {
        ... on Order { id } ... on Contract { id }
        ... on CustomerSubscription { id } ... on SupportPlanEnrollment { id }
      }
    }
  }
  history(first: 100) { isActive interval { startAt endAt } reasons }
"""
CLOCKS = "asOf: $asOf, knownAt: $knownAt"
NODES = f"""query ($ids: [ID!]!, $asOf: DateTime, $knownAt: DateTime) {{
  nodes(ids: $ids, {CLOCKS}) {{ ... on Customer {{ id activeStatus {{ {STATUS} }} }} }}
}}"""
PAGES = f"""query ($after: String, $asOf: DateTime, $knownAt: DateTime) {{
  customers(first: {PAGE}, after: $after, {CLOCKS}) {{
    nodes {{ id activeStatus {{ {STATUS} }} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""


@dataclass
class Batch:
    """A database full of customers, and what is known of them."""

    ask: Ask
    world: World
    people: list[Person]
    random: Random
    compared: int = 0

    def question(self, people: list[Person]) -> Question:
        """Return clocks: none, at random, far away, or at an instant that means something to one of the customers."""
        random, plain = self.random, Question(NOW)
        some = random.choice(people)
        near = random.choice(Oracle(some, self.world, plain).moments)
        any_time = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=random.uniform(0, 2_000))
        as_of = random.choice((None, near, near, near, any_time, any_time, datetime(2199, 12, 31, tzinfo=UTC)))
        recorded = random.choice([some.recorded, *(recorded for _, recorded in some.facts())])
        instant = recorded + random.choice((-INSTANT, 0 * INSTANT))
        return Question(NOW, as_of, random.choice((None, None, None, instant, instant, any_time)))

    def check(self, person: Person, question: Question, actual: Any) -> None:
        """Compare what was answered with what the oracle says."""
        expected = Oracle(person, self.world, question).answer()
        if expected != actual:
            pytest.fail(told(person, self.world, question, expected, actual))
        assert actual is None or actual["isActive"] == (actual["reasons"] != [])
        self.compared += leaves(expected)


def told(person: Person, world: World, question: Question, expected: Any, actual: Any) -> str:
    """Return a disagreement with all it rests on."""
    policy = world.in_force(question)
    zone = policy.zone or world.zone
    lines = [
        person.told(),
        f"{question}",
        f"policy {policy.version} in {zone}:",
        *(f"  {rule}" for rule in policy.rules),
    ]
    if expected is None or actual is None:
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


@pytest.fixture(scope="module", params=range(BATCHES))
async def batch(request: pytest.FixtureRequest, new_database: Any) -> AsyncIterator[Batch]:
    """A thousand customers of a world of their own."""
    random = Random(f"{SEED}:{request.param}")
    world = a_world(random, request.param)
    histories = Histories(random, world)
    people = [histories.person() for _ in range(CUSTOMERS)]
    with new_database() as address:
        connection = await connected(address)
        await fill(connection, world, people, CATEGORIES)
        await connection.close()
        async with open_database(address, pool_size=2) as opened:
            ask = Ask(WatchedDatabase.of(opened))
            ask.now = NOW
            yield Batch(ask, world, people, random)


async def test_customers_by_id_at_any_moment(batch):
    for _ in range(ROUNDS):
        people = batch.random.sample(batch.people, len(batch.people))
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            question = batch.question(page)
            answer = await batch.ask(NODES, ids=[person.id for person in page], **clocks(question))
            for person, node in zip(page, answer["nodes"], strict=True):
                batch.check(person, question, node and node["activeStatus"])
    assert batch.compared > 50 * len(batch.people)


async def test_customers_page_by_page(batch):
    question = batch.question(batch.people)
    seen = [person for person in batch.people if Oracle(person, batch.world, question).is_seen]
    left = {person.id: person for person in seen}
    after, has_next = None, True
    while has_next:
        page = (await batch.ask(PAGES, after=after, **clocks(question)))["customers"]
        for node in page["nodes"]:
            batch.check(left.pop(node["id"]), question, node["activeStatus"])
        after, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert left == {}


async def test_until_is_the_first_moment_at_which_nothing_holds(batch):
    """If nothing else happens: facts of later, and policies that begin later, are those that happen."""
    asked = Question(NOW, as_of=datetime(2025, 9, 1, tzinfo=UTC))
    judged = []
    for person in batch.people:
        until = (await batch.ask(ONE, id=person.id, **clocks(asked)))["customer"]
        until = until and until["activeStatus"]["activeUntil"]
        if until and nothing_else_happens(batch.world, person, asked, datetime.fromisoformat(until)):
            judged.append((person, datetime.fromisoformat(until)))
        if len(judged) == BOUNDARIES:
            break
    assert len(judged) > BOUNDARIES // 4
    for person, until in judged:
        for moment, is_active in ((until - INSTANT, True), (until, False)):
            answer = await batch.ask(ONE, id=person.id, **clocks(replace(asked, as_of=moment)))
            assert answer["customer"]["activeStatus"]["isActive"] == is_active, f"{person.told()}\n{moment}"
            assert (answer["customer"]["activeStatus"]["activeUntil"] == shown(until)) == is_active


BOUNDARIES = 25
ONE = f"""query ($id: ID!, $asOf: DateTime, $knownAt: DateTime) {{
  customer(by: {{id: $id}}, {CLOCKS}) {{ activeStatus {{ isActive activeUntil }} }}
}}"""


def nothing_else_happens(world: World, person: Person, asked: Question, until: datetime) -> bool:
    """Return whether no fact and no policy comes between a moment and another."""
    facts = [happened for happened, _ in person.facts()]
    same_policy = world.in_force(asked) is world.in_force(replace(asked, as_of=until))
    return same_policy and not any(asked.moment < happened <= until for happened in facts)


def clocks(question: Question) -> dict[str, str | None]:
    """Return the clocks of a question as variables."""
    return {"asOf": shown(question.as_of), "knownAt": shown(question.known_at)}
