"""The law of segments: their members are the customers whom their filters find, whichever way they are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from api.graph.schema import executable
from tests.given import Given
from tests.plan.inputs import Inputs
from tests.plan.population import MOMENTS
from tests.plan.test_law import pool

pytestmark = pytest.mark.anyio

SEED, SEGMENTS, NESTED = 2026, 12, (5, 9)
SAVED = datetime(2024, 1, 1, tzinfo=UTC)
CLOCKS = {
    "now": {},
    "looking back": {"asOf": MOMENTS[5].isoformat()},
    "as it was known": {"asOf": MOMENTS[6].isoformat(), "knownAt": MOMENTS[4].isoformat()},
}
EVERY = """query ($asOf: DateTime, $knownAt: DateTime) {
  segments(first: 100, asOf: $asOf, knownAt: $knownAt) {
    nodes { id filter memberCount { count precision } members(first: 100) { nodes { id } totalCount { count } } }
  }
}"""
ONE = """query ($ids: [ID!]!, $id: ID!, $asOf: DateTime, $knownAt: DateTime) {
  named: customers(first: 100, filter: {segmentIds: $ids}, asOf: $asOf, knownAt: $knownAt) { nodes { id } }
  others: customers(filter: {not: {segmentIds: [$id]}}, asOf: $asOf, knownAt: $knownAt) { totalCount { count } }
  all: customers(asOf: $asOf, knownAt: $knownAt) { totalCount { count } }
  customerBase(filter: {and: [{}, {segmentIds: $ids}]}, asOf: $asOf, knownAt: $knownAt) { total }
  segment(by: {id: $id}, asOf: $asOf, knownAt: $knownAt) {
    memberCount { count precision } members(first: 100) { nodes { id } }
  }
}"""
SENT = """query ($f: CustomerFilterInput!, $asOf: DateTime, $knownAt: DateTime) {
  sent: customers(first: 100, filter: $f, asOf: $asOf, knownAt: $knownAt) { nodes { id } totalCount { count } }
}"""
BACK = """query ($asOf: DateTime, $knownAt: DateTime) {
  customers(first: 100, asOf: $asOf, knownAt: $knownAt) {
    nodes { id segments(first: 100) { nodes { segment { id } } } }
  }
}"""
AS_ROWS = """query ($asOf: DateTime, $knownAt: DateTime) {
  segments(first: 100, asOf: $asOf, knownAt: $knownAt) { nodes { id filter members(first: 100) { nodes {
    id lifetimeValue { predicted { __typename } } segments(first: 100) { nodes { segment { id filter } } } } } } }
}"""


@pytest.fixture(scope="module")
async def saved(world) -> dict[str, Any]:
    """Segments with filters written from a seed, some of which name others, by their ids."""
    given, random = Given(world.rows.connection, start=9_000), Random(SEED)
    known = pool(world.population)
    named: list[str] = []
    inputs = Inputs(random, replace(known, named={**known.named, "segmentIds": named}))
    filters: dict[str, Any] = {}
    for number in range(SEGMENTS):
        type_ = executable.type_map["CustomerFilterInput"]
        conditions = inputs.plain("filter", type_, 0) if named else {"kind": ["BUSINESS"]}
        if number in NESTED:
            conditions = {"or": [conditions, {"segmentIds": named[-2:]}], "not": {"segmentIds": named[:1]}}
        made = await given.segment(f"Segment {number:02}", conditions, saved_at=SAVED)
        filters[made.id] = conditions
        named.append(made.id)
    return filters


def ids(found: Any) -> list[str]:
    return [node["id"] for node in found["nodes"]]


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_members_are_those_whom_the_filter_finds(world, saved, clocks):
    listed = (await world.ask(EVERY, **clocks))["segments"]["nodes"]
    assert {each["id"]: each["filter"] for each in listed} == saved
    # In the past each takes long, so half of them are asked there.
    for each in listed[1::2] if clocks else listed:
        sent = (await world.ask(SENT, f=each["filter"], **clocks))["sent"]
        assert (ids(each["members"]), each["members"]["totalCount"]) == (ids(sent), sent["totalCount"])
        assert each["memberCount"] == {**sent["totalCount"], "precision": "EXACT"}
    assert len({each["memberCount"]["count"] for each in listed}) >= 4, (
        "filters that find everybody or nobody prove little"
    )


@pytest.mark.parametrize("clocks", [CLOCKS["now"], CLOCKS["as it was known"]], ids=["now", "as it was known"])
async def test_every_way_to_the_members_of_a_segment_leads_to_the_same_customers(world, saved, clocks):
    listed = (await world.ask(EVERY, **clocks))["segments"]["nodes"]
    # In the past each way takes long: those of segments that name others are enough.
    for each in [each for number, each in enumerate(listed) if not clocks or number in NESTED]:
        one = await world.ask(ONE, ids=[each["id"]], id=each["id"], **clocks)
        assert ids(one["named"]) == ids(one["segment"]["members"]) == ids(each["members"])
        assert one["segment"]["memberCount"] == each["memberCount"]
        assert one["customerBase"]["total"] == each["memberCount"]["count"]
        assert one["others"]["totalCount"]["count"] == one["all"]["totalCount"]["count"] - each["memberCount"]["count"]


@pytest.mark.parametrize("clocks", CLOCKS.values(), ids=CLOCKS)
async def test_a_customer_is_in_the_segments_that_have_the_customer_as_a_member(world, saved, clocks):
    listed = (await world.ask(EVERY, **clocks))["segments"]["nodes"]
    members = {(each["id"], key) for each in listed for key in ids(each["members"])}
    back = (await world.ask(BACK, **clocks))["customers"]["nodes"]
    assert {(of["segment"]["id"], one["id"]) for one in back for of in one["segments"]["nodes"]} == members
    as_rows = (await world.ask(AS_ROWS, **clocks))["segments"]["nodes"]
    assert {(each["id"], key) for each in as_rows for key in ids(each["members"])} == members
    below = {
        (of["segment"]["id"], one["id"])
        for each in as_rows
        for one in each["members"]["nodes"]
        for of in one["segments"]["nodes"]
    }
    assert below == {(segment, key) for segment, key in members}
    assert all(each["filter"] == saved[each["id"]] for each in as_rows)
