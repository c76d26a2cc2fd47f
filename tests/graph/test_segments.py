"""Saving, changing and deleting segments; what they say of the past, why somebody is in one, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import pytest
from graphql import GraphQLInputObjectType

from api.database import database as open_database
from api.domain.segments import DEEPEST, MOST_CONDITIONS
from api.graph.schema import executable
from api.reads.segment_facts import FACTS
from tests.asking import Ask, Documents, WatchedDatabase
from tests.writes.changes import new_key

pytestmark = pytest.mark.anyio

SEGMENT = "id name filter version createdAt updatedAt memberCount { count } members { nodes { firstName } }"
SET = f"""mutation ($input: SetSegmentInput!) {{ setSegment(input: $input) {{
  created segment {{ {SEGMENT} }} userErrors {{ code field message currentVersion }} idempotency {{ replayed }} }} }}"""
DELETE = """mutation ($input: DeleteSegmentInput!) { deleteSegment(input: $input) {
  deletedSegmentId userErrors { code field currentVersion } } }"""
READ = f"""query ($by: SegmentIdentifierInput!, $asOf: DateTime, $knownAt: DateTime) {{
  segment(by: $by, asOf: $asOf, knownAt: $knownAt) {{ {SEGMENT} }} }}"""
NAMED = "query ($ids: [ID!]!) { customers(filter: {segmentIds: $ids}) { nodes { firstName } } }"
BUYERS, IDLE = {"orderCount": {"gte": 1}}, {"orderCount": {"eq": 0}}


@dataclass
class Segments:
    """Saves and deletes segments through the schema."""

    ask: Ask
    ids: dict[str, str] = field(default_factory=dict)

    async def set(self, name: str, conditions: Any, **more: Any) -> Any:
        given = {"name": name, "filter": conditions, "idempotencyKey": new_key(), **more}
        answer = (await self.ask(SET, input=given))["setSegment"]
        if answer["segment"]:
            self.ids[name] = answer["segment"]["id"]
        return answer

    async def delete(self, identifier: str, **more: Any) -> Any:
        given = {"segmentId": identifier, "idempotencyKey": new_key(), **more}
        return (await self.ask(DELETE, input=given))["deleteSegment"]

    async def read(self, name: str, **clocks: Any) -> Any:
        return (await self.ask(READ, by={"name": name}, **clocks))["segment"]


@pytest.fixture
def segments(ask: Ask) -> Segments:
    return Segments(ask)


@pytest.fixture
async def people(given) -> None:
    """Ann has bought twice, Bo once, Cy never."""
    async with given.standing_at_the_end():
        for name, orders in (("Ann", 2), ("Bo", 1), ("Cy", 0)):
            person = await given.customer(first_name=name, country="DE", tags=["vip", "press"])
            for _ in range(orders):
                await given.order(person, 10)


def names(found: Any) -> list[str]:
    return [node["firstName"] for node in found["nodes"]]


async def versions(given) -> list[tuple[Any, ...]]:
    rows = await given.connection.fetch(
        "SELECT name, version, superseded_at IS NULL AS open FROM segments ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


async def test_a_segment_is_saved_changed_and_deleted_and_the_past_keeps_it(segments, given, people):
    made = await segments.set(" Buyers ", BUYERS)
    first = made["segment"]
    assert (made["created"], made["userErrors"]) == (True, [])
    assert (first["name"], first["filter"], first["version"]) == ("Buyers", BUYERS, 1)
    assert (first["memberCount"]["count"], names(first["members"])) == (2, ["Ann", "Bo"])
    assert first["createdAt"] == first["updatedAt"]
    changed = await segments.set("Idle", IDLE, id=first["id"], expectedVersion=1)
    second = changed["segment"]
    assert (changed["created"], second["id"], second["version"]) == (False, first["id"], 2)
    assert (second["createdAt"], names(second["members"])) == (first["createdAt"], ["Cy"])
    assert await segments.read("buyers") is None
    assert await segments.read("IDLE") == second
    late = await segments.set("Other", IDLE, id=first["id"], expectedVersion=1)
    assert (late["segment"], late["userErrors"][0]["code"], late["userErrors"][0]["currentVersion"]) == (
        None,
        "CONFLICT",
        2,
    )
    assert (await segments.delete(first["id"], expectedVersion=1))["userErrors"][0]["code"] == "CONFLICT"
    assert await segments.delete(first["id"], expectedVersion=2) == {"deletedSegmentId": first["id"], "userErrors": []}
    assert await segments.read("Idle") is None
    for clock in ("asOf", "knownAt"):
        assert await segments.read("Buyers", **{clock: first["updatedAt"]}) == first
        assert await segments.read("Idle", **{clock: second["updatedAt"]}) == second
        before = datetime.fromisoformat(first["createdAt"]) - timedelta(microseconds=1)
        assert await segments.read("Buyers", **{clock: before.isoformat()}) is None
    assert await versions(given) == [("Buyers", 1, False), ("Idle", 2, False)]


async def test_a_key_saves_once_and_a_dry_run_saves_nothing(segments, given, people):
    key = new_key()
    tried = await segments.set("Buyers", BUYERS, idempotencyKey=key, dryRun=True)
    assert names(tried["segment"]["members"]) == ["Ann", "Bo"]
    assert await versions(given) == []
    first = await segments.set("Buyers", BUYERS, idempotencyKey=key)
    again = await segments.set("Buyers", BUYERS, idempotencyKey=key)
    assert again == {**first, "idempotency": {"replayed": True}}
    assert await versions(given) == [("Buyers", 1, True)]


_REST = "filter, created_at, changed_at FROM segments WHERE version = 2"
REWRITING = {
    "a name": "UPDATE segments SET name = name || '!'",
    "a filter": "UPDATE segments SET filter = '{}'",
    "a version that is closed": "UPDATE segments SET superseded_at = now(), replaced_at = now() WHERE version = 1",
    "what is deleted": "DELETE FROM segments",
    "what is emptied": "TRUNCATE segments",
    "a second open version": f"INSERT INTO segments SELECT segment_id, 3, 'Other', {_REST}",
    "a name twice": f"INSERT INTO segments SELECT gen_random_uuid(), 1, 'BUYERS', {_REST}",
    "no name": "INSERT INTO segments VALUES (gen_random_uuid(), 1, '', '{}', now(), now())",
    "no filter": "INSERT INTO segments VALUES (gen_random_uuid(), 1, 'List', '[]', now(), now())",
}


async def test_the_database_itself_refuses_what_would_rewrite_a_segment(segments, given):
    await given.business()
    made = await segments.set("Buyer", BUYERS)
    await segments.set("Buyers", BUYERS, id=made["segment"]["id"])
    before = await versions(given)
    for name, statement in REWRITING.items():
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await given.connection.execute(statement)
        assert await versions(given) == before, name


def anded(count: int) -> Any:
    return {"and": [BUYERS] * count}


async def test_what_is_wrong_has_one_code_and_leaves_nothing(segments, given):
    await given.business()
    for deep in range(DEEPEST):
        conditions = {"not": {"segmentIds": [segments.ids[f"S{deep - 1}"]]}} if deep else BUYERS
        await segments.set(f"S{deep}", conditions)
    await segments.set("Wide", anded(MOST_CONDITIONS - 1))
    first, last = segments.ids["S0"], segments.ids[f"S{DEEPEST - 1}"]
    missing, before = "seg_00000000000070008000000000000000", await versions(given)
    refused: dict[tuple[str, str], list[tuple[str, Any, Any]]] = {
        ("BLANK", "name"): [(" ", BUYERS, {})],
        ("TOO_LONG", "name"): [("x" * 201, BUYERS, {})],
        ("TAKEN", "name"): [("s0", BUYERS, {}), ("WIDE", BUYERS, {"id": first})],
        ("NOT_FOUND", "id"): [("New", BUYERS, {"id": missing}), ("New", BUYERS, {"id": "cus_1"})],
        ("NOT_FOUND", "filter"): [("New", {"segmentIds": [missing]}, {}), ("New", {"segmentIds": ["x"]}, {})],
        ("CIRCULAR", "filter"): [
            ("S0", {"segmentIds": [first]}, {"id": first}),
            ("S0", {"or": [BUYERS, {"not": {"segmentIds": [last]}}]}, {"id": first}),
        ],
        ("LIMIT_EXCEEDED", "filter"): [
            ("Deep", {"segmentIds": [last]}, {}),
            ("Wider", anded(MOST_CONDITIONS + 1), {}),
            ("Wider", {"and": [{"segmentIds": [segments.ids["Wide"]]}, anded(2)]}, {}),
        ],
    }
    for (code, at), cases in refused.items():
        for name, conditions, more in cases:
            answer = await segments.set(name, conditions, **more)
            (error,) = answer["userErrors"]
            assert (error["code"], error["field"], answer["segment"]) == (code, ["input", at], None), (name, conditions)
    assert (await segments.delete(missing))["userErrors"][0]["code"] == "NOT_FOUND"
    assert (await segments.delete(first))["userErrors"][0]["code"] == "INVALID_STATE"
    owner = Segments(segments.ask.as_customer((await given.customer()).key))
    for answer in (await owner.set("Mine", BUYERS), await owner.delete(last)):
        assert answer["userErrors"][0]["code"] == "NOT_FOUND"
    assert await versions(given) == before


async def test_there_are_never_more_segments_or_conditions_than_can_be_asked_of_at_once(segments, given):
    await given.business()
    for number in range(10):
        await given.segment(f"Wide {number}", anded(49))
    refusal = (await segments.set("One more", anded(11)))["userErrors"]
    assert [error["code"] for error in refusal] == ["LIMIT_EXCEEDED"]
    assert (await segments.set("One more", anded(10)))["userErrors"] == []
    for number in range(89):
        await given.segment(f"Small {number}", {})
    refusal = (await segments.set("One too many", {}))["userErrors"]
    assert [error["code"] for error in refusal] == ["LIMIT_EXCEEDED"]


async def test_two_who_would_close_a_circle_together_do_not(segments, given, database):
    await given.business()
    for number in range(5):
        one, other = f"One {number}", f"Other {number}"
        await segments.set(one, BUYERS)
        await segments.set(other, BUYERS)
        both = [(one, other), (other, one)]
        answers = await asyncio.gather(
            *[
                Segments(Ask(database)).set(of, {"segmentIds": [segments.ids[to]]}, id=segments.ids[of])
                for of, to in both
            ]
        )
        codes = sorted(error["code"] for answer in answers for error in answer["userErrors"])
        assert codes == ["CIRCULAR"]


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[Segments]:
    """Another server on the same database, which has plans of its own."""
    async with open_database(database_url, pool_size=2) as opened:
        yield Segments(Ask(WatchedDatabase.of(opened), documents=Documents()))


async def test_a_change_counts_from_the_next_request_on_whoever_made_it(segments, elsewhere, people):
    await segments.set("Inner", BUYERS)
    await segments.set("Outer", {"kind": ["CONSUMER"], "segmentIds": [segments.ids["Inner"]]})
    outer, answers = [segments.ids["Outer"]], []
    filters: list[Any] = [
        BUYERS,
        {"orderCount": {"gte": 2}},
        IDLE,
        {"isActive": True},
        {"not": BUYERS},
        {"tags": ["vip"]},
    ]
    for server, changed in zip([segments, elsewhere] * 3, filters, strict=True):
        await server.set("Inner", changed, id=segments.ids["Inner"])
        seen = [names((await each.ask(NAMED, ids=outer))["customers"]) for each in (segments, elsewhere)]
        literal = NAMED.replace("query ($ids: [ID!]!)", "").replace("$ids", json.dumps(outer))
        seen.append(names((await elsewhere.ask(literal))["customers"]))
        assert seen[0] == seen[1] == seen[2] == names((await segments.read("Outer"))["members"])
        answers.append(seen[0])
    assert answers == [["Ann", "Bo"], ["Ann"], ["Cy"], [], ["Cy"], ["Ann", "Bo", "Cy"]]


async def test_a_segment_and_its_members_are_read_at_one_moment(segments, given, database, people, monkeypatch):
    await segments.set("Buyers", BUYERS)
    read = database.read

    async def read_and_delete(*arguments: Any) -> Any:
        rows = await read(*arguments)
        closed = "superseded_at = clock_timestamp(), replaced_at = clock_timestamp()"
        await given.connection.execute(f"UPDATE segments SET {closed} WHERE superseded_at IS NULL")
        return rows

    monkeypatch.setattr(database, "read", read_and_delete)
    document = '{ segment(by: {name: "Buyers"}) { memberCount { count } } }'
    assert await segments.ask(document) == {"segment": {"memberCount": {"count": 2}}}
    assert await segments.ask(document) == {"segment": None}


SIZES: list[tuple[int, Any]] = [(2, {"gte": 2}), (0, {"eq": 0})]
OUTDATED = {
    "a field": {"favourite": ["tea"]},
    "a value": {"churnBand": ["ENORMOUS"]},
    "below others": {"or": [{"not": {"orderCount": {"about": 3}}}]},
}


@pytest.mark.parametrize("conditions", OUTDATED.values(), ids=OUTDATED)
async def test_a_condition_that_is_not_known_any_more_is_a_clear_error(segments, given, people, conditions):
    outdated = await given.segment("Outdated", conditions)
    outer = await given.segment("Outer", {"segmentIds": [outdated.id]})
    sound = (await segments.set("Buyers", BUYERS))["segment"]
    for document in (
        '{ segment(by: {name: "Outdated"}) { members { nodes { id } } } }',
        '{ segment(by: {name: "Outer"}) { memberCount { count } } }',
        f'{{ node(id: "{outer.id}") {{ ... on Segment {{ memberCount {{ count }} }} }} }}',
        f'{{ customers(filter: {{segmentIds: ["{outer.id}"]}}) {{ nodes {{ id }} }} }}',
        "{ customers { nodes { segments { nodes { because } } } } }",
    ):
        await segments.ask(document, fails=True)
        assert segments.ask.codes == ["SEGMENT_OUTDATED"]
        assert "“Outdated”" in segments.ask.errors[0].message
    assert names((await segments.ask(NAMED, ids=[sound["id"]]))["customers"]) == ["Ann", "Bo"]
    shown = (await segments.ask("{ segments { nodes { filter } } }"))["segments"]["nodes"]
    assert shown[1] == {"filter": conditions}
    await segments.set("Outdated", IDLE, id=outdated.id)
    assert names((await segments.ask(NAMED, ids=[outer.id]))["customers"]) == ["Cy"]


async def test_to_be_in_one_of_several_segments_is_enough(segments, people):
    twice, idle = [(await segments.set(f"S{least}", {"orderCount": given}))["segment"]["id"] for least, given in SIZES]
    for ids, expected in (([twice, idle], ["Ann", "Cy"]), ([idle, twice, idle], ["Ann", "Cy"]), ([twice], ["Ann"])):
        assert names((await segments.ask(NAMED, ids=ids))["customers"]) == expected
        base = await segments.ask("query ($ids: [ID!]) { customerBase(filter: {segmentIds: $ids}) { total } }", ids=ids)
        assert base["customerBase"]["total"] == len(expected)
    outer = (await segments.set("Outer", {"not": {"segmentIds": [twice, idle]}}))["segment"]
    assert names(outer["members"]) == ["Bo"]


async def test_to_name_a_segment_that_there_is_not_is_refused(segments, people):
    made = (await segments.set("Buyers", BUYERS))["segment"]
    before = (datetime.fromisoformat(made["createdAt"]) - timedelta(microseconds=1)).isoformat()
    at_that_time = NAMED.replace("filter:", f'asOf: "{before}", filter:')
    missing = ["seg_00000000000070008000000000000000", made["id"].replace("seg_", "cus_"), "Buyers"]
    for document, ids in [*((NAMED, [made["id"], each]) for each in missing), (at_that_time, [made["id"]])]:
        await segments.ask(document, ids=ids, fails=True)
        assert segments.ask.codes == ["BAD_USER_INPUT"]
    assert names((await segments.ask(NAMED, ids=[]))["customers"]) == []


async def test_a_customer_sees_no_segments(segments, given, people):
    made = (await segments.set("Everybody", {}))["segment"]
    whose = await given.connection.fetchval("SELECT customer_id FROM customers WHERE first_name = 'Ann'")
    ask = segments.ask.as_customer(whose)
    document = """query ($id: ID!) { segments { nodes { id } } segment(by: {id: $id}) { id } node(id: $id) { id }
      customers { nodes { firstName segments { nodes { because } } } } }"""
    found = await ask(document, id=made["id"])
    ann = {"firstName": "Ann", "segments": {"nodes": []}}
    assert found == {"segments": {"nodes": []}, "segment": None, "node": None, "customers": {"nodes": [ann]}}
    await ask(NAMED, ids=[made["id"]], fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]


async def test_what_is_supposed_or_recorded_moves_a_customer_into_a_segment(segments, people):
    await segments.set("Buyers", BUYERS)
    lines = [{"sku": "TEA", "quantity": 1, "unitPrice": {"amount": "5", "currencyCode": "EUR"}}]
    found = await segments.ask(
        """query ($filter: CustomerFilterInput, $events: [HypotheticalEventInput!]!) {
             customers(filter: $filter) { nodes {
               id segments { totalCount { count } } whatIf(events: $events) { segments { nodes { because } } } } } }""",
        filter={"not": {"segmentIds": [segments.ids["Buyers"]]}},
        events=[{"purchase": {"lines": lines}}],
    )
    (cy,) = found["customers"]["nodes"]
    assert cy["segments"]["totalCount"] == {"count": 0}
    assert cy["whatIf"]["segments"]["nodes"] == [{"because": ["Has placed 1 order."]}]
    purchase = {"customer": {"id": cy["id"]}, "lines": lines, "placedAt": "2025-02-01T12:00:00Z"}
    recorded = await segments.ask(
        """mutation ($input: RecordPurchaseInput!) { recordPurchase(input: $input) {
             customer { segments { nodes { segment { name } because } } } } }""",
        input={"purchase": purchase, "idempotencyKey": new_key()},
    )
    of = {"segment": {"name": "Buyers"}, "because": ["Has placed 1 order."]}
    assert recorded["recordPurchase"]["customer"]["segments"]["nodes"] == [of]


STATEMENTS = {
    "members of one": (
        2,
        '{ segment(by: {name: "Buyers"}) { name memberCount { count } members { nodes { firstName } } } }',
    ),
    "members of all": (2, "{ segments { nodes { memberCount { count } members { nodes { firstName } } } } }"),
    "segments of all customers": (2, "{ customers { nodes { segments { nodes { because segment { name } } } } } }"),
    "a filter": (2, NAMED),
    "numbers": (2, "query ($ids: [ID!]!) { customerBase(filter: {segmentIds: $ids}) { total } }"),
    "several at once": (
        3,
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Segment { memberCount { count } } } "
        "segments { nodes { memberCount { count } } } }",
    ),
    "no members": (1, "{ segments { nodes { name filter version } totalCount { count } } }"),
    "values of members": (
        3,
        "{ segments { nodes { filter members { nodes { lifetimeValue { predicted { __typename } } } } } } }",
    ),
}


async def test_statements_do_not_grow_with_customers_or_segments(segments, given, people):
    await segments.set("Buyers", BUYERS)
    counts = []
    for _ in range(2):
        found = {}
        for name, (_, document) in STATEMENTS.items():
            variables = {"ids": list(segments.ids.values())} if "$ids" in document else {}
            await segments.ask(document, **variables)
            found[name] = len(segments.ask.statements)
        counts.append(found)
        await given.customers(4, orders=(5,))
        await segments.set("Idle", IDLE)
        await segments.set("Both", {"segmentIds": list(segments.ids.values())})
    assert counts == [{name: count for name, (count, _) in STATEMENTS.items()}] * 2


BOUGHT = (datetime.now(UTC).replace(day=1, hour=12, minute=0, second=0) - timedelta(days=1)).replace(
    day=1, microsecond=0
)
"""A day not long ago that has its like in any year."""
EVERYTHING = {
    "kind": ["CONSUMER"],
    "country": ["DE", "CH"],
    "tags": ["vip", "none"],
    "createdAt": {"lt": "2025-02-01T00:00:00Z"},
    "lastPurchaseAt": {"isNull": False},
    "orderCount": {"gte": 2},
    "historicNet": {"gte": "19.99"},
    "isActive": True,
    "activeBecause": ["RECENT_PURCHASE", "CONTRACT"],
    "activeUntil": {"gt": "2026-06-01T00:00:00Z"},
    "lifecycleStage": ["RETENTION"],
    "rfmGroup": ["ACTIVE"],
}
BECAUSE = """query ($asOf: DateTime) { customers(asOf: $asOf, orderBy: {field: CREATED_AT}) {
  nodes { firstName segments { nodes { segment { name } because } } } } }"""


async def because(segments: Segments, **clocks: Any) -> dict[str, dict[str, list[str]]]:
    """Return the sentences by customer and segment."""
    found = (await segments.ask(BECAUSE, **clocks))["customers"]["nodes"]
    return {
        one["firstName"]: {of["segment"]["name"]: of["because"] for of in one["segments"]["nodes"]} for one in found
    }


def test_there_is_a_sentence_for_every_condition():
    conditions = cast(GraphQLInputObjectType, executable.type_map["CustomerFilterInput"]).fields
    assert FACTS.keys() == conditions.keys() - {"and", "or", "not", "segmentIds"}


async def test_why_somebody_is_in_a_segment_is_told_in_their_own_numbers(segments, given, people):
    day = f"{BOUGHT.day} {BOUGHT:%B} {BOUGHT.year}"
    async with given.standing_at_the_end():
        lou = await given.customer(first_name="Lou", kind="BUSINESS", country="CH", tags=["vip", "new"])
        for placed_at in (BOUGHT, BOUGHT - timedelta(days=40)):
            await given.order(lou, "12.50", placed_at=placed_at)
    everything = {**EVERYTHING, "kind": ["BUSINESS"]}
    await given.segment("Everything", everything)
    unlike = {"orderCount": {"gte": 9}, "isActive": False, "tags": ["staff"], "churnBand": ["HIGH"]}
    unlike |= {"npsBand": ["PROMOTER"], "loyaltyEnrolled": True, "loyaltyTier": ["gold"]}
    await given.segment("Not", {"not": {"or": [{name: part} for name, part in unlike.items()]}})
    buyers = await given.segment("Buyers", BUYERS)
    await given.segment("Or", {"or": [{"segmentIds": [buyers.id]}, {"orderCount": {"eq": 0}, "country": ["DE"]}]})
    await given.segment("All", {})
    told = await because(segments)
    assert told["Lou"] == {
        "All": ["Everybody is in this segment."],
        "Buyers": ["Has placed 2 orders."],
        "Everything": [
            "Buys for a business.",
            "Is from the country CH.",
            "Has the label vip.",
            "Came on 1 January 2025.",
            f"Last bought on {day}.",
            "Has placed 2 orders.",
            "Has brought 25.00 EUR so far.",
            "Counts as active.",
            "Is active because of a recent purchase.",
            f"Counts as active until {day[:-4]}{BOUGHT.year + 1}.",
            "Is in the stage retention.",
            "Is in the group active by how lately, how often and for how much.",
        ],
        "Not": [
            "Has placed 2 orders.",
            "Counts as active.",
            "Has none of the labels.",
            "The risk that nothing more comes within twelve months is not known.",
            "Has not scored within twelve months.",
            "Does not collect points.",
            "Is in no tier.",
        ],
        "Or": ["Is in the segment Buyers."],
    }
    assert told["Bo"] == {name: told["Lou"][name] for name in ("All", "Or")} | {"Buyers": ["Has placed 1 order."]}
    of_country = ["Is from the country DE.", "Has placed no order."]
    assert told["Cy"] == {"All": ["Everybody is in this segment."], "Or": of_country}
    assert await because(segments, asOf=datetime.now(UTC).isoformat()) == told
