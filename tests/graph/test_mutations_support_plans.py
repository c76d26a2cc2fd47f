"""Support plans: what a change records, which changes are impossible, and what every clock shows afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.given import Line
from tests.writes.agreements import CANCEL, ENROLL, USE, cancellation, enrollment, money, use
from tests.writes.changes import RECORD_REFUND, counts, refund, told

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
START, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
NOTHING = "sup_00000000000070008000000000000000"
LINE = "lin_00000000000070008000000000000000"


@pytest.fixture
async def ann(ask, given):
    """A customer who can be named by e-mail; the time is 1 June 2025, noon."""
    ask.now = NOW
    return await given.customer(first_name="Ann", email="ann@example.com")


async def changed(ask, document, sent):
    """Send a change that is right and return its payload."""
    (payload,) = (await ask(document, input=sent)).values()
    assert payload["userErrors"] == []
    return payload


async def refused(ask, given, document, sent):
    """Send a change that is wrong; return its one error, with proof that only the refusal was kept with its key."""
    before = await counts(given.connection)
    (payload,) = (await ask(document, input=sent)).values()
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}
    assert payload["enrollment"] is payload["customer"] is None
    (error,) = payload["userErrors"]
    assert error["message"].endswith(".")
    return error


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def test_an_enrollment_is_answered_with_all_that_follows(ask, ann, given):
    answer = await changed(
        ask,
        ENROLL,
        enrollment(
            planName=" Gold ",
            paid=True,
            price=money("99.50"),
            term={"startAt": "2025-01-01T00:00:00Z", "endAt": "2026-01-01T00:00:00Z"},
            includedIncidents=10,
            responseTarget="PT4H",
            externalId={"source": "desk", "value": "E-1"},
        ),
    )
    assert answer["enrollment"] | {"id": None} == {
        "id": None,
        "externalId": {"source": "desk", "value": "E-1"},
        "planName": "Gold",
        "paid": True,
        "price": money("99.50"),
        "term": {"startAt": "2025-01-01T00:00:00.000000Z", "endAt": "2026-01-01T00:00:00.000000Z"},
        "endsAt": "2026-01-01T00:00:00.000000Z",
        "status": "ACTIVE",
        "allowance": {"included": 10, "used": 0, "remaining": 10},
        "responseTarget": "PT4H",
        "orderLine": None,
        "cancellationReason": None,
        "version": 1,
        "customer": {"id": ann.id},
        "usages": {"nodes": []},
    }
    assert answer["customer"]["id"] == ann.id
    assert answer["idempotency"] == {"replayed": False}
    row = await given.connection.fetchrow("SELECT price, changed_at, change FROM support_plans")
    assert tuple(row) == (Decimal("99.50"), START, "ENROLLED")


async def test_a_plan_that_says_no_more_is_free_unlimited_and_runs_from_now_on_for_good(ask, ann):
    plan = (await changed(ask, ENROLL, enrollment()))["enrollment"]
    assert plan["term"] == {"startAt": instant(NOW), "endAt": None}
    assert (plan["price"], plan["endsAt"], plan["responseTarget"]) == (None, None, None)
    assert plan["allowance"] == {"included": None, "used": 0, "remaining": None}


BAD: dict[str, tuple[Any, str, str, str]] = {
    # what is wrong: parts, code, path below `input.enrollment`, words of the message
    "unknown customer": ({"customer": {"email": "x@example.com"}}, "NOT_FOUND", "customer", "setCustomer creates one"),
    "blank name": ({"planName": " "}, "BLANK", "planName", "must not be empty"),
    "long name": ({"planName": "x" * 201}, "TOO_LONG", "planName", "200"),
    "paid without a price": ({"paid": True}, "BLANK", "price", "needs its price"),
    "free with a price": ({"price": money("1")}, "INVALID", "price", "leave it out"),
    "paid for nothing": ({"paid": True, "price": money("0")}, "OUT_OF_RANGE", "price.amount", "paid: false"),
    "negative price": ({"paid": True, "price": money("-1")}, "OUT_OF_RANGE", "price.amount", "between 0 and"),
    "price too fine": ({"paid": True, "price": money("1.001")}, "INVALID", "price.amount", "2 digits"),
    "unknown currency": (
        {"paid": True, "price": money("1", "QQQ")}, "UNKNOWN_CURRENCY", "price.currencyCode", "such as EUR",
    ),
    "ends before it starts": (
        {"term": {"startAt": "2025-02-01T00:00:00Z", "endAt": "2025-01-31T23:59:59Z"}},
        "OUT_OF_RANGE", "term.endAt", "ends after it starts",
    ),
    "ends when it starts": (
        {"term": {"startAt": "2025-02-01T00:00:00Z", "endAt": "2025-02-01T00:00:00Z"}},
        "OUT_OF_RANGE", "term.endAt", "ends after it starts",
    ),
    "ends before now": ({"term": {"endAt": "2025-05-01T00:00:00Z"}}, "OUT_OF_RANGE", "term.endAt", "ends after"),
    "allowance below zero": ({"includedIncidents": -1}, "OUT_OF_RANGE", "includedIncidents", "between 0 and"),
    "no time to answer": ({"responseTarget": "PT0M"}, "OUT_OF_RANGE", "responseTarget", "out where none"),
    "unknown line": ({"orderLineId": LINE}, "NOT_FOUND", "orderLineId", "no such order line"),
    "id of another kind": ({"orderLineId": NOTHING}, "NOT_FOUND", "orderLineId", "no such order line"),
    "no id": ({"orderLineId": "a\0b"}, "NOT_FOUND", "orderLineId", "no such order line"),
    "taken": ({"externalId": {"source": "desk", "value": "1"}}, "TAKEN", "externalId", "recorded already"),
    "blank source": ({"externalId": {"source": "", "value": "1"}}, "BLANK", "externalId.source", "empty"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
async def test_a_bad_enrollment_is_refused(ask, given, ann, wrong):
    parts, code, field, words = BAD[wrong]
    await given.support_plan(ann, source="desk", external_id="1")
    error = await refused(ask, given, ENROLL, enrollment(**parts))
    assert told(error) == (code, f"input.enrollment.{field}")
    assert words in error["message"]


STANDS = [
    # how it stands: columns of its newest version, and from when on
    ({}, [(START, "ACTIVE")]),
    ({"starts_at": END}, [(END - MICROSECOND, "SCHEDULED"), (END, "ACTIVE")]),
    ({"term_ends_at": END}, [(END - MICROSECOND, "ACTIVE"), (END, "EXPIRED")]),
    (
        {"term_ends_at": END, "cancel_at": NOW, "cancellation_reason": "OTHER"},
        [(NOW - MICROSECOND, "ACTIVE"), (NOW, "CANCELLED"), (END, "CANCELLED")],
    ),
    ({"cancel_at": START, "cancellation_reason": "OTHER"}, [(START, "CANCELLED")]),
]
STATUS = """query ($asOf: DateTime, $status: [TermStatus!]) { supportPlans(asOf: $asOf) { nodes { status } }
  chosen: supportPlans(asOf: $asOf, filter: {status: $status}) { nodes { id } }
  others: supportPlans(asOf: $asOf, filter: {not: {status: $status}}) { nodes { id } } }"""


@pytest.mark.parametrize(("columns", "expected"), STANDS)
async def test_how_a_plan_stands_changes_at_the_microsecond(ask, given, ann, columns, expected):
    await given.support_plan(ann, changed_at=START, **columns)
    for moment, status in expected:
        answer = await ask(STATUS, asOf=instant(moment), status=[status])
        assert [plan["status"] for plan in answer["supportPlans"]["nodes"]] == [status]
        assert (len(answer["chosen"]["nodes"]), len(answer["others"]["nodes"])) == (1, 0)


def at(moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {"cancelAt": instant(moment)}


ENDED = {"cancel_at": NOW - timedelta(days=9), "cancellation_reason": "OTHER", "change": "CANCELLED"}
PLANNED = {"cancel_at": NOW + timedelta(days=9), "cancellation_reason": "OTHER", "change": "CANCELLED"}
CANCELS: dict[str, tuple[Any, datetime | None, datetime]] = {
    # what is ended: columns of its versions, when it shall end, when it does
    "now": ([{}], None, NOW),
    "later": ([{"term_ends_at": END}], END - MICROSECOND, END - MICROSECOND),
    "in the past": ([{"term_ends_at": END}], START, START),
    "one that has not begun": ([{"starts_at": END, "changed_at": START}], None, END),
    "one that has not begun, later": ([{"starts_at": END, "changed_at": START}], END + MICROSECOND, END + MICROSECOND),
    "one that has expired meanwhile": ([{"term_ends_at": NOW - timedelta(days=1)}], START, START),
    "one whose end is planned": ([{}, PLANNED | {"changed_at": START}], None, NOW),
    "one whose end is planned, later": ([{}, PLANNED | {"changed_at": START}], END, END),
}


@pytest.mark.parametrize("case", CANCELS)
async def test_a_plan_is_ended_early(ask, given, ann, case):
    (first, *changes), cancel_at, ends_at = CANCELS[case]
    plan = await given.support_plan(ann, *changes, **first)
    found = (await changed(ask, CANCEL, cancellation(plan.id, reason="QUALITY", **at(cancel_at))))["enrollment"]
    version = len(changes) + 2
    assert (found["endsAt"], found["cancellationReason"], found["version"]) == (instant(ends_at), "QUALITY", version)
    rows = await given.connection.fetch("SELECT * FROM support_plans ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, version + 1))
    assert rows[-1]["changed_at"] == max(rows[-2]["changed_at"], min(NOW, ends_at)) == rows[-2]["replaced_at"]
    assert rows[-1]["recorded_at"] == rows[-2]["superseded_at"]


CANNOT_CANCEL: dict[str, tuple[Any, Any, str, str, str]] = {
    # what is impossible: columns of its versions; more of the input; code, path below `input`, words of the message
    "unknown": (None, {"enrollmentId": NOTHING}, "NOT_FOUND", "enrollmentId", "no such support plan"),
    "no id": (None, {"enrollmentId": "Gold"}, "NOT_FOUND", "enrollmentId", "no such support plan"),
    "ended already": ([{}, ENDED | {"changed_at": START}], {}, "INVALID_STATE", "enrollmentId", "ended already"),
    "ended already, later": (
        [{}, ENDED | {"changed_at": START}], at(END), "INVALID_STATE", "enrollmentId", "ended already",
    ),
    "expired": ([{"term_ends_at": NOW}], {}, "INVALID_STATE", "enrollmentId", "its time was up"),
    "after its term": ([{"term_ends_at": END}], at(END), "OUT_OF_RANGE", "cancelAt", "ends by itself"),
    "before its start": ([{}], at(START - MICROSECOND), "OUT_OF_RANGE", "cancelAt", "2025-01-01T00:00:00Z is the"),
    "before the last change": (
        [{}, PLANNED | {"changed_at": NOW - timedelta(days=1)}], at(START), "OUT_OF_RANGE", "cancelAt", "2025-05-31",
    ),
    "other version": ([{}], {"expectedVersion": 2}, "CONFLICT", "expectedVersion", "read it again"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", CANNOT_CANCEL)
async def test_an_impossible_end_is_refused(ask, given, ann, wrong):
    versions, more, code, field, words = CANNOT_CANCEL[wrong]
    first, *changes = versions or [{}]
    plan = await given.support_plan(ann, *changes, **first)
    error = await refused(ask, given, CANCEL, cancellation(plan.id) | more)
    assert told(error) == (code, f"input.{field}")
    assert words in error["message"]
    assert error["currentVersion"] == (1 if code == "CONFLICT" else None)


async def test_what_is_used_is_taken_from_the_allowance(ask, given, ann):
    plan = await given.support_plan(ann, included_incidents=5)
    await changed(ask, USE, use(plan.id))
    answer = await changed(ask, USE, use(plan.id, incidents=3, usedAt="2025-02-01T00:00:00Z", note=" Fire "))
    assert answer["usage"] | {"id": None} == {
        "id": None,
        "incidents": 3,
        "note": "Fire",
        "usedAt": "2025-02-01T00:00:00.000000Z",
        "enrollment": {"id": plan.id},
    }
    found = answer["enrollment"]
    assert (found["allowance"], found["version"]) == ({"included": 5, "used": 4, "remaining": 1}, 1)
    assert [each["incidents"] for each in found["usages"]["nodes"]] == [1, 3]
    assert (await changed(ask, USE, use(plan.id)))["enrollment"]["allowance"]["remaining"] == 0


async def test_an_unlimited_plan_always_has_something_left(ask, given, ann):
    plan = await given.support_plan(ann)
    found = await changed(ask, USE, use(plan.id, incidents=1000))
    assert found["enrollment"]["allowance"] == {"included": None, "used": 1000, "remaining": None}


CANNOT_USE: dict[str, tuple[Any, Any, str, str, str]] = {
    # what is impossible: columns of its versions; more of the input; code, path below `input`, words of the message
    "unknown": ([{}], {"enrollmentId": NOTHING}, "NOT_FOUND", "enrollmentId", "no such support plan"),
    "none": ([{}], {"incidents": 0}, "OUT_OF_RANGE", "incidents", "between 1 and 1000"),
    "negative": ([{}], {"incidents": -1}, "OUT_OF_RANGE", "incidents", "between 1 and 1000"),
    "too many at once": ([{}], {"incidents": 1001}, "OUT_OF_RANGE", "incidents", "between 1 and 1000"),
    "more than is left": (
        [{"included_incidents": 2}], {"incidents": 3}, "EXCEEDS_REMAINING", "incidents", "2 of 2",
    ),
    "of nothing": ([{"included_incidents": 0}], {}, "EXCEEDS_REMAINING", "incidents", "0 of 0"),
    "in the future": ([{}], {"usedAt": "2025-06-01T12:06:00Z"}, "OUT_OF_RANGE", "usedAt", "future"),
    "before it began": (
        [{}], {"usedAt": "2024-12-31T23:59:59Z"}, "INVALID_STATE", "enrollmentId", "not begun",
    ),
    "not begun": ([{"starts_at": END, "changed_at": START}], {}, "INVALID_STATE", "enrollmentId", "not begun"),
    "expired": ([{"term_ends_at": NOW}], {}, "INVALID_STATE", "enrollmentId", "time was up"),
    "ended": ([{}, ENDED | {"changed_at": START}], {}, "INVALID_STATE", "enrollmentId", "ended already"),
    "blank note": ([{}], {"note": ""}, "BLANK", "note", "empty"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", CANNOT_USE)
async def test_an_impossible_use_is_refused(ask, given, ann, wrong):
    (first, *changes), more, code, field, words = CANNOT_USE[wrong]
    plan = await given.support_plan(ann, *changes, **first)
    error = await refused(ask, given, USE, use(plan.id) | more)
    assert told(error) == (code, f"input.{field}")
    assert words in error["message"]


async def test_what_was_used_while_a_plan_ran_can_be_entered_after_its_end(ask, given, ann):
    plan = await given.support_plan(ann, term_ends_at=NOW, included_incidents=1)
    answer = await changed(ask, USE, use(plan.id, usedAt=instant(NOW - MICROSECOND)))
    assert answer["enrollment"]["allowance"]["remaining"] == 0


LOOK = """query ($asOf: DateTime, $knownAt: DateTime) { supportPlans(asOf: $asOf, knownAt: $knownAt) { nodes {
  status endsAt version allowance { used } } } }"""


async def test_every_clock_shows_the_version_of_its_time(ask, given, ann):
    plan = await given.support_plan(ann, included_incidents=5)
    await given.support_usage(ann, plan, used_at=START + timedelta(days=40), recorded_at=NOW)
    before = datetime.now(UTC)
    await changed(ask, CANCEL, cancellation(plan.id, cancelAt="2025-03-01T00:00:00Z"))

    async def seen(as_of: datetime | None, known_at: datetime | None = None) -> list[Any]:
        clocks = {"asOf": as_of and instant(as_of), "knownAt": known_at and instant(known_at)}
        nodes = (await ask(LOOK, **clocks))["supportPlans"]["nodes"]
        return [(node["status"], node["endsAt"], node["version"], node["allowance"]["used"]) for node in nodes]

    march = datetime(2025, 3, 1, tzinfo=UTC)
    ended = ("CANCELLED", instant(march), 2, 1)
    assert await seen(None) == await seen(march) == [ended]
    assert await seen(march - MICROSECOND) == [("ACTIVE", None, 1, 1)]
    assert await seen(START + timedelta(days=39)) == [("ACTIVE", None, 1, 0)]
    assert await seen(march, before) == [("ACTIVE", None, 1, 1)]
    assert await seen(march, NOW - MICROSECOND) == [("ACTIVE", None, 1, 0)]
    assert await seen(START - MICROSECOND) == []


FIND = """query ($filter: SupportPlanFilterInput, $orderBy: SupportPlanOrderInput) {
  supportPlans(filter: $filter, orderBy: $orderBy) { nodes { planName } }
  customer(by: {email: "ann@example.com"}) {
    supportPlans(filter: $filter, orderBy: $orderBy) { nodes { planName } } } }"""


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"status": ["ACTIVE", "EXPIRED"]}, "ABD"),
        ({"endsBefore": "2026-01-01T00:00:00Z"}, "B"),
        ({"endsBefore": "2026-01-01T00:00:00.000001Z"}, "BD"),
        ({"paid": True}, "D"),
        ({"paid": False, "not": {"endsBefore": "2100-01-01T00:00:00Z"}}, "AC"),
        ({"or": [{"status": ["SCHEDULED"]}, {"paid": True}]}, "CD"),
    ],
)
async def test_plans_are_found_by_status_end_and_price(ask, given, ann, wanted, names):
    await given.support_plan(ann, plan_name="A")
    await given.support_plan(ann, plan_name="B", term_ends_at=NOW)
    await given.support_plan(ann, plan_name="C", starts_at=END, changed_at=START)
    await given.support_plan(ann, plan_name="D", term_ends_at=END, paid=True, price=Decimal(1), currency="EUR")
    found = await ask(FIND, filter=wanted, orderBy={"field": "ENDS_AT", "direction": "ASC"})
    for nodes in (found["supportPlans"]["nodes"], found["customer"]["supportPlans"]["nodes"]):
        assert sorted(node["planName"] for node in nodes) == list(names)


async def test_a_plan_ends_when_the_order_it_came_with_is_paid_back_in_full(ask, given, ann):
    order = await given.order(ann, Line("20", sku="TEA"), placed_at=START)
    line = await given.connection.fetchval("SELECT line_id FROM order_lines")
    sent = enrollment(orderLineId=f"lin_{line.hex}", term={"startAt": "2025-01-02T00:00:00Z"})
    plan = (await changed(ask, ENROLL, sent))["enrollment"]
    assert plan["orderLine"] == {"sku": "TEA"}
    for amount, when in (("5", "2025-05-05T00:00:00Z"), ("15", "2025-04-04T00:00:00Z")):
        assert await given.connection.fetchval("SELECT count(*) FROM support_plans") == 1
        await changed(ask, RECORD_REFUND, refund(order.id, amount, refundedAt=when))
    # The refund that was entered first happened last: only then was all of it paid back.
    found = (await ask("{ supportPlans { nodes { status endsAt cancellationReason version } } }"))["supportPlans"]
    assert found["nodes"] == [
        {"status": "CANCELLED", "endsAt": "2025-05-05T00:00:00.000000Z", "cancellationReason": "REFUNDED", "version": 2}
    ]
    error = await refused(ask, given, ENROLL, sent | {"idempotencyKey": "another-key-of-this-test"})
    assert told(error) == ("INVALID_STATE", "input.enrollment.orderLineId")


TIED: dict[str, tuple[Any, datetime, datetime]] = {
    # what is tied: columns of its versions, when it ends, when that was decided
    "ended before": ([{}, ENDED | {"changed_at": START}], NOW - timedelta(days=9), START),
    "expired before": ([{"term_ends_at": NOW}], NOW, START),
    "end planned": ([{}, PLANNED | {"changed_at": START}], NOW, NOW),
    "changed after": ([{}, PLANNED | {"changed_at": LATER}], LATER, LATER),
    "not begun": ([{"starts_at": END, "changed_at": START}], END, NOW),
}  # fmt: skip


@pytest.mark.parametrize("case", TIED)
async def test_a_refund_ends_what_has_not_ended_and_nothing_before_its_last_change(ask, given, ann, case):
    (first, *changes), ends_at, changed_at = TIED[case]
    order = await given.order(ann, Line("20"), placed_at=START)
    line = await given.connection.fetchval("SELECT line_id FROM order_lines")
    tied = await given.support_plan(ann, *changes, order_id=order.key, line_id=line, **first)
    other = await given.support_plan(ann)
    await changed(ask, RECORD_REFUND, refund(order.id, "20", refundedAt=instant(NOW)))
    newest = "SELECT ends_at, changed_at FROM support_plans WHERE superseded_at IS NULL AND support_plan_id = $1"
    assert tuple(await given.connection.fetchrow(newest, tied.key)) == (ends_at, changed_at)
    assert await given.connection.fetchval(newest, other.key) is None


async def test_an_order_line_of_somebody_else_is_as_one_that_is_missing(ask, given, ann):
    await given.order(await given.customer(), 20)
    line = await given.connection.fetchval("SELECT line_id FROM order_lines")
    error = await refused(ask, given, ENROLL, enrollment(orderLineId=f"lin_{line.hex}"))
    assert told(error) == ("NOT_FOUND", "input.enrollment.orderLineId")
