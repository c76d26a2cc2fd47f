"""Whether and why customers are active, on histories from a seed: the interface says what the oracle says.

REGULARS_TEST_SEED=n makes other histories; a failure shows the customer's.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from api.database import database as open_database
from api.writes.standing import project
from tests.activity.base import numbers
from tests.activity.batch import Batch, clocks
from tests.activity.facts import CODES, Person
from tests.activity.filling import fill
from tests.activity.histories import CATEGORIES, NOW, Histories
from tests.activity.oracle import INSTANT, Oracle, Question, World, decided, shown
from tests.activity.policies import a_world
from tests.asking import Ask, WatchedDatabase
from tests.given import connected

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("REGULARS_TEST_SEED", "2026"))
BATCHES = int(os.environ.get("REGULARS_TEST_BATCHES", "10"))
CUSTOMERS, PAGE, ROUNDS = 1_000, 100, 1

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

LISTED = f"""query ($filter: CustomerFilterInput, $orderBy: [CustomerOrderInput!], $after: String, $counted: Boolean!,
  $asOf: DateTime, $knownAt: DateTime) {{
  customers(first: {PAGE}, after: $after, filter: $filter, orderBy: $orderBy, {CLOCKS}) {{
    nodes {{ id }} pageInfo {{ hasNextPage endCursor }} totalCount @include(if: $counted) {{ count }}
  }}
}}"""

NUMBERS = f"""query ($from: DateTime!, $to: DateTime!, $months: Int!, $asOf: DateTime, $knownAt: DateTime) {{
  customerBase({CLOCKS}) {{
    total active byReason {{ code customers }}
    movement(from: $from, to: $to) {{ activeBefore activeAfter new returned lapsed }}
    retention(months: $months) {{ month customers active }}
  }}
}}"""


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
        async with connection.transaction():
            await project(connection)
        await connection.close()
        async with open_database(address, pool_size=2) as opened:
            ask = Ask(WatchedDatabase.of(opened))
            ask.now = NOW
            yield Batch(ask, world, people, random, NOW)


async def test_customers_by_id_at_any_moment(batch):
    for _ in range(ROUNDS):
        people = batch.random.sample(batch.people, len(batch.people))
        for start in range(0, len(people), PAGE):
            page = people[start : start + PAGE]
            question = batch.question(page)
            answer = await batch.ask(NODES, ids=[person.id for person in page], **clocks(question))
            for person, node in zip(page, answer["nodes"], strict=True):
                batch.check(person, question, node and node["activeStatus"])
    assert batch.compared > 25 * len(batch.people)


async def test_customers_page_by_page(batch):
    question = batch.question(batch.people)
    left = {one.person.id: one.person for one in batch.seen(question)}
    after, has_next = None, True
    while has_next:
        page = (await batch.ask(PAGES, after=after, **clocks(question)))["customers"]
        for node in page["nodes"]:
            batch.check(left.pop(node["id"]), question, node["activeStatus"])
        after, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert left == {}


async def test_lists_of_those_who_are_active_now(batch):
    """Lists of now rest on what is kept about the real now, and not on the facts."""
    now = datetime.now(UTC)
    with asked_at(batch, now):
        await check_lists(batch, Question(now))


async def test_lists_of_those_who_were_active(batch):
    question = batch.question(batch.people)
    await check_lists(batch, question if question.as_of or question.known_at else replace(question, as_of=NOW))


@contextmanager
def asked_at(batch: Batch, now: datetime) -> Iterator[None]:
    """Ask at another moment for as long as a block lasts."""
    batch.ask.now = now
    yield
    batch.ask.now = batch.now


async def check_lists(batch: Batch, question: Question) -> None:
    """Compare lists narrowed and sorted by active status with those of the oracle; of the past some, they take long."""
    some = batch.random.sample(CODES, 2)
    low, high = sorted(question.moment + timedelta(days=batch.random.uniform(0, 300)) for _ in range(2))
    lists: list[tuple[dict[str, Any], Callable[[Oracle], bool]]] = [
        ({"isActive": True}, lambda one: bool(one.held)),
        ({"isActive": False}, lambda one: not one.held),
        ({"not": {"isActive": True}}, lambda one: not one.held),
        ({"activeBecause": some}, lambda one: any(code in one.held for code in some)),
        ({"activeUntil": {"gte": shown(low), "lt": shown(high)}}, lambda one: ends_between(one, low, high)),
        *(({"activeBecause": [code]}, partial(holds, code)) for code in CODES),
    ]
    seen, is_past = batch.seen(question), question.as_of or question.known_at
    for filter_, test in batch.random.sample(lists, 4) if is_past else lists:
        expected = [one.person.id for one in seen if test(one)]
        assert await listed(batch, question, filter=filter_) == (expected, len(expected)), (question, filter_)
    by_end = sorted(seen, key=lambda one: (last_until(one), one.person.key))
    for filter_, test in lists[:1] if is_past else lists[:2]:
        expected = [one.person.id for one in by_end if test(one)]
        sorted_by = {"orderBy": {"field": "ACTIVE_UNTIL"}, "filter": filter_}
        assert await listed(batch, question, **sorted_by) == (expected, len(expected)), (question, filter_)
    await check_numbers(batch, question, seen)


async def check_numbers(batch: Batch, question: Question, seen: list[Oracle]) -> None:
    """Compare the numbers of all customers with those of the oracle."""
    first, last = sorted(question.moment + timedelta(days=batch.random.uniform(-700, 60)) for _ in range(2))
    months = batch.random.choice((1, 12, 36))
    asked: dict[str, Any] = {"from": shown(first), "to": shown(last), "months": months}
    answer = await batch.ask(NUMBERS, **asked, **clocks(question))
    assert answer["customerBase"] == numbers(seen, first, last, months), (question, asked)


def holds(code: str, one: Oracle) -> bool:
    """Return whether a rule holds."""
    return code in one.held


def ends_between(one: Oracle, low: datetime, high: datetime) -> bool:
    """Return whether a customer stops being active from one moment on, and before another."""
    until = one.until(None) if one.held else None
    return until is not None and low <= until < high


def last_until(one: Oracle) -> tuple[bool, bool, datetime]:
    """Return by what customers are sorted: those who stop, those who do not, and the inactive."""
    until = one.until(None) if one.held else None
    return not one.held, until is None, until or one.moment


async def listed(batch: Batch, question: Question, **arguments: Any) -> tuple[list[str], int]:
    """Return the identifiers of a list, fetched page by page, and their number as its first page says."""
    found: list[str] = []
    counts: list[int] = []
    after, has_next = None, True
    while has_next:
        asked: dict[str, Any] = {"after": after, "counted": not counts}
        page = (await batch.ask(LISTED, **asked, **clocks(question), **arguments))["customers"]
        found += [node["id"] for node in page["nodes"]]
        counts += [page["totalCount"]["count"]] if "totalCount" in page else []
        after, has_next = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    (count,) = counts
    return found, count


async def test_until_is_the_first_moment_at_which_nothing_holds(batch):
    """If nothing else happens, no fact and no policy that is set: one that was set before ends it as well."""
    asked = Question(NOW, as_of=datetime(2025, 9, 1, tzinfo=UTC))
    judged: list[tuple[Person, datetime]] = []
    for start in range(0, len(batch.people), PAGE):
        people = batch.people[start : start + PAGE]
        nodes = (await batch.ask(ENDS, ids=[person.id for person in people], **clocks(asked)))["nodes"]
        ends = [
            (person, node and node["activeStatus"]["activeUntil"]) for person, node in zip(people, nodes, strict=True)
        ]
        found = [(person, datetime.fromisoformat(end)) for person, end in ends if end]
        judged += [(person, end) for person, end in found if nothing_else_happens(batch.world, person, asked, end)]
        if len(judged) >= BOUNDARIES:
            break
    assert len(judged) > BOUNDARIES // 4
    for person, until in judged[:BOUNDARIES]:
        for moment, is_active in ((until - INSTANT, True), (until, False)):
            answer = await batch.ask(ONE, id=person.id, **clocks(replace(asked, as_of=moment)))
            assert answer["customer"]["activeStatus"]["isActive"] == is_active, f"{person.told()}\n{moment}"
            assert (answer["customer"]["activeStatus"]["activeUntil"] == shown(until)) == is_active


BOUNDARIES = 25
ENDS = f"""query ($ids: [ID!]!, $asOf: DateTime, $knownAt: DateTime) {{
  nodes(ids: $ids, {CLOCKS}) {{ ... on Customer {{ activeStatus {{ activeUntil }} }} }}
}}"""
ONE = f"""query ($id: ID!, $asOf: DateTime, $knownAt: DateTime) {{
  customer(by: {{id: $id}}, {CLOCKS}) {{ activeStatus {{ isActive activeUntil }} }}
}}"""


def nothing_else_happens(world: World, person: Person, asked: Question, until: datetime) -> bool:
    """Return whether no fact comes between a moment and another, and no policy is set."""
    happened = [*(happened for happened, _ in person.facts()), *map(decided, world.policies)]
    return not any(asked.moment < each <= until for each in happened)
