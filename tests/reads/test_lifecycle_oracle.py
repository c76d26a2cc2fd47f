"""Stages, their reasons, histories and filters of random customers, beside the words of the documentation in Python."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise, permutations
from random import Random
from typing import Any

import pytest

from api.database import database as open_database
from tests.asking import Ask, WatchedDatabase
from tests.given import Given, connected
from tests.reads.lifecycle_oracle import Clocks, Life, Person
from tests.reads.lifecycle_people import MOMENTS, START, People

pytestmark = pytest.mark.anyio

COUNT = 2_500
NOW = MOMENTS[-1] + timedelta(days=40)
PAGE = """query Page($after: String, $asOf: DateTime, $knownAt: DateTime) {
  customers(first: 100, after: $after, asOf: $asOf, knownAt: $knownAt) {
    nodes { id lifecycle { stage since because history(first: 100) { stage interval { startAt endAt } } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
IN_STAGE = """query Stage($after: String, $asOf: DateTime, $knownAt: DateTime, $stages: [LifecycleStage!]) {
  customers(first: 100, after: $after, asOf: $asOf, knownAt: $knownAt, filter: { lifecycleStage: $stages }) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}"""
STAGES = ("AWARENESS", "CONSIDERATION", "PURCHASE", "RETENTION", "ADVOCACY")
World = tuple[Ask, list[Person]]


@pytest.fixture(scope="module")
async def world(module_database_url: str) -> AsyncIterator[World]:
    people = People(Random(5))
    connection = await connected(module_database_url)
    given = Given(connection)
    await given.business()
    people.add("products", product_id=people.key(), sku="TEA", name="Tea", recorded_at=START)
    everybody = [people.person() for _ in range(COUNT)]
    await people.write(connection)
    await connection.execute("ANALYZE")
    await connection.close()
    async with open_database(module_database_url, pool_size=4) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        ask.now = NOW
        yield ask, everybody


def sights() -> list[tuple[datetime | None, datetime | None]]:
    random = Random(3)
    drawn = [(random.choice(MOMENTS), random.choice([None, *MOMENTS[20:]])) for _ in range(5)]
    return [(None, None), (None, MOMENTS[40]), (MOMENTS[30], None), *drawn]


@pytest.mark.parametrize(("as_of", "known_at"), sights())
async def test_stages_are_what_the_words_say(world, as_of, known_at):
    ask, everybody = world
    clocks = Clocks(as_of or NOW, as_of, known_at)
    variables = {"asOf": as_of and as_of.isoformat(), "knownAt": known_at and known_at.isoformat()}
    answered = {node.pop("id"): node["lifecycle"] for node in await pages(ask, PAGE, **variables)}
    lives = {person.id: Life(person, clocks) for person in everybody if person.id in answered}
    assert set(answered) == {person.id for person in everybody if visible(person, clocks)}
    wrong = {each: (answered[each], told(life)) for each, life in lives.items() if answered[each] != told(life)}
    assert not wrong, f"{len(wrong)} of {len(lives)}: {next(iter(wrong.items()))}"
    for stages in (["PURCHASE"], ["RETENTION", "CONSIDERATION"], ["ADVOCACY"], []):
        found = {node["id"] for node in await pages(ask, IN_STAGE, stages=stages, **variables)}
        assert found == {each for each, life in lives.items() if life.stage(clocks.moment) in stages}


async def test_the_customers_are_of_all_kinds(world):
    _, everybody = world
    lives = [Life(person, Clocks(NOW, None, None)) for person in everybody]
    assert {life.stage(NOW) for life in lives} == set(STAGES)
    missing = set(permutations(STAGES, 2)) - {pair for life in lives for pair in turns(life)}
    assert missing <= {("CONSIDERATION", "AWARENESS"), ("RETENTION", "CONSIDERATION")}, "who tries, tried for good"
    words = {words.split(" on ")[0].split()[-1] for life in lives for words in life.because()}
    assert {"began", "renewed", "back", "purchase", "9", "10"} <= words


def turns(life: Life) -> list[tuple[str, str]]:
    stages = [stage for stage, _, _ in reversed(life.stretches())]
    return list(pairwise(stages))


def visible(person: Person, clocks: Clocks) -> bool:
    if clocks.as_of is None or person.created_at <= clocks.as_of:
        return True
    facts = [(each.at, each.recorded_at) for each in person.purchases] + person.credits
    facts += [(at, recorded) for each in person.purchases for at, recorded, _ in each.refunds]
    facts += [(told.at, told.recorded_at) for told in person.told]
    terms = [*person.subscriptions, *person.plans, *person.contracts]
    return any(clocks.sees(*each) for each in facts) or any(map(clocks.versions, terms))


def told(life: Life) -> dict[str, Any]:
    """Return the answer that is expected."""
    history = [
        {"stage": stage, "interval": {"startAt": wire(start), "endAt": wire(end)}}
        for stage, start, end in life.stretches()
    ]
    stage, since, _ = life.stretches()[0]
    assert stage == life.stage(life.clocks.moment)
    present = {"stage": stage, "since": wire(since)}
    return {**present, "because": life.because(), "history": history}


def wire(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def pages(ask: Ask, document: str, **variables: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = (await ask(document, after=after, **variables))["customers"]
        assert len(ask.statements) == 1
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
