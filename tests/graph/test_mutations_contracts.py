"""Contracts: what a change records, which changes are impossible, and what every clock shows afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.domain.calendar import Duration
from tests.writes.agreements import RENEW, SIGN, TERMINATE, contract, money, renewal, termination
from tests.writes.changes import counts, told

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
START, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NOTHING = "con_00000000000070008000000000000000"


@pytest.fixture
async def ann(ask, given):
    """A customer who can be named by e-mail, of a business in UTC; the time is 1 June 2025, noon."""
    ask.now = NOW
    await given.business(zone="UTC")
    return await given.customer(first_name="Ann", email="ann@example.com")


async def changed(ask, document, sent):
    """Send a change that is right and return the contract."""
    (payload,) = (await ask(document, input=sent)).values()
    assert payload["userErrors"] == []
    return payload["contract"]


async def refused(ask, given, document, sent):
    """Send a change that is wrong; return its one error, with proof that only the refusal was kept with its key."""
    before = await counts(given.connection)
    (payload,) = (await ask(document, input=sent)).values()
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}
    assert payload["contract"] is payload["customer"] is None
    (error,) = payload["userErrors"]
    assert error["message"].endswith(".")
    return error


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def term(start: datetime, end: datetime) -> dict[str, str]:
    return {"startAt": instant(start), "endAt": instant(end)}


async def test_a_contract_is_answered_with_all_that_follows(ask, ann, given):
    found = await changed(
        ask,
        SIGN,
        contract(
            number="2025/7",
            name=" Care ",
            billingInterval="P1M",
            signedAt="2024-12-15T00:00:00Z",
            autoRenew=True,
            noticePeriod="P3M",
            externalId={"source": "crm", "value": "K-1"},
        ),
    )
    assert found | {"id": None} == {
        "id": None,
        "externalId": {"source": "crm", "value": "K-1"},
        "number": "2025/7",
        "name": "Care",
        "status": "ACTIVE",
        "term": term(START, END),
        "endsAt": None,
        "signedAt": "2024-12-15T00:00:00.000000Z",
        "autoRenew": True,
        "renewalInterval": "P12M",
        "renewalAt": instant(END),
        "value": money("1200.00"),
        "billingInterval": "P1M",
        "noticePeriod": "P3M",
        "terminationReason": None,
        "penalty": None,
        "version": 1,
        "customer": {"id": ann.id},
    }
    row = await given.connection.fetchrow("SELECT changed_at, ends_at FROM contracts")
    assert tuple(row) == (datetime(2024, 12, 15, tzinfo=UTC), None)


async def test_a_contract_that_says_no_more_is_signed_now_ends_with_its_term_and_is_given_a_number(ask, ann):
    numbers = []
    for _ in range(2):
        found = await changed(ask, SIGN, contract())
        numbers.append(found["number"])
        assert (found["signedAt"], found["endsAt"]) == (instant(NOW), instant(END))
        assert (found["autoRenew"], found["renewalAt"], found["billingInterval"]) == (False, None, None)
        assert found["noticePeriod"] == "P0D"
    assert numbers == ["C-100001", "C-100002"]


BAD: dict[str, tuple[Any, str, str, str]] = {
    # what is wrong: parts, code, path below `input.contract`, words of the message
    "unknown customer": ({"customer": {"email": "x@example.com"}}, "NOT_FOUND", "customer", "setCustomer creates one"),
    "blank name": ({"name": ""}, "BLANK", "name", "must not be empty"),
    "blank number": ({"number": " "}, "BLANK", "number", "must not be empty"),
    "long number": ({"number": "1" * 65}, "TOO_LONG", "number", "64"),
    "no start": ({"term": {"endAt": "2026-01-01T00:00:00Z"}}, "BLANK", "term.startAt", "a start and an end"),
    "no end": ({"term": {"startAt": "2026-01-01T00:00:00Z"}}, "BLANK", "term.endAt", "a start and an end"),
    "ends before it starts": ({"term": term(END, START)}, "OUT_OF_RANGE", "term.endAt", "ends after it starts"),
    "ends when it starts": ({"term": term(END, END)}, "OUT_OF_RANGE", "term.endAt", "ends after it starts"),
    "signed in the future": ({"signedAt": "2025-06-01T12:05:00.000001Z"}, "OUT_OF_RANGE", "signedAt", "future"),
    "negative value": ({"value": money("-1")}, "OUT_OF_RANGE", "value.amount", "between 0 and"),
    "value too fine": ({"value": money("1.001")}, "INVALID", "value.amount", "2 digits"),
    "unknown currency": ({"value": money("1", "QQQ")}, "UNKNOWN_CURRENCY", "value.currencyCode", "such as EUR"),
    "paid every moment": ({"billingInterval": "P0D"}, "OUT_OF_RANGE", "billingInterval", "paid at once"),
    "renews for no time": ({"renewalInterval": "P0D"}, "OUT_OF_RANGE", "renewalInterval", "for a day or longer"),
    "renews for hours": ({"renewalInterval": "PT23H59M"}, "OUT_OF_RANGE", "renewalInterval", "for a day or longer"),
    "renews by itself for hours": (
        {"term": term(START, START + timedelta(hours=23)), "autoRenew": True},
        "OUT_OF_RANGE", "renewalInterval", "for a day or longer",
    ),
    "taken": ({"externalId": {"source": "crm", "value": "1"}}, "TAKEN", "externalId", "recorded already"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
async def test_a_bad_contract_is_refused(ask, given, ann, wrong):
    parts, code, field, words = BAD[wrong]
    await given.contract(ann, source="crm", external_id="1")
    error = await refused(ask, given, SIGN, contract(**parts))
    assert told(error) == (code, f"input.contract.{field}")
    assert words in error["message"]


async def test_a_contract_is_renewed_term_by_term(ask, given, ann):
    made = await given.contract(ann, term_ends_at=END)
    found = await changed(ask, RENEW, renewal(made.id, value=money("1300"), expectedVersion=1))
    # The term that runs is shown until it ends, and what was agreed for it.
    assert (found["term"], found["value"], found["version"]) == (term(START, END), money("1200.00"), 2)
    assert found["endsAt"] == instant(END.replace(year=2027))
    found = await changed(ask, RENEW, renewal(made.id, endAt="2027-07-01T00:00:00Z"))
    assert (found["endsAt"], found["version"]) == ("2027-07-01T00:00:00.000000Z", 3)
    terms = {
        END - MICROSECOND: (term(START, END), "1200.00", "ACTIVE"),
        END: (term(END, END.replace(year=2027)), "1300.00", "ACTIVE"),
        END.replace(year=2027): (term(END.replace(year=2027), datetime(2027, 7, 1, tzinfo=UTC)), "1300.00", "ACTIVE"),
        datetime(2028, 1, 1, tzinfo=UTC): (
            term(END.replace(year=2027), datetime(2027, 7, 1, tzinfo=UTC)),
            "1300.00",
            "EXPIRED",
        ),
    }
    document = """query ($asOf: DateTime) { contracts(asOf: $asOf) { nodes {
      term { startAt endAt } value { amount } status } } }"""
    for moment, (shown, value, status) in terms.items():
        (node,) = (await ask(document, asOf=instant(moment)))["contracts"]["nodes"]
        assert node == {"term": shown, "value": {"amount": value}, "status": status}


async def test_renewing_what_renews_by_itself_begins_where_its_running_term_ends(ask, given, ann):
    made = await given.contract(
        ann, auto_renew=True, term_ends_at=datetime(2025, 1, 31, tzinfo=UTC), renewal_interval=Duration(1)
    )
    found = await changed(ask, RENEW, renewal(made.id, endAt="2025-12-31T00:00:00Z"))
    assert found["term"] == term(datetime(2025, 5, 31, tzinfo=UTC), datetime(2025, 6, 30, tzinfo=UTC))
    assert (found["endsAt"], found["renewalAt"]) == (None, "2025-12-31T00:00:00.000000Z")
    rows = await given.connection.fetch("SELECT term_starts_at, term_ends_at FROM contracts WHERE version = 2")
    assert [tuple(row) for row in rows] == [(datetime(2025, 6, 30, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))]


ENDED = {"terminate_at": NOW - timedelta(days=9), "termination_reason": "Moved", "change": "TERMINATED"}
PLANNED = {"terminate_at": NOW + timedelta(days=9), "termination_reason": "Moved", "change": "TERMINATED"}
CANNOT_RENEW: dict[str, tuple[Any, Any, str, str, str]] = {
    # what is impossible: columns of its versions; more of the input; code, path below `input`, words of the message
    "unknown": ([{}], {"contractId": NOTHING}, "NOT_FOUND", "contractId", "no such contract"),
    "no id": ([{}], {"contractId": "C-1"}, "NOT_FOUND", "contractId", "no such contract"),
    "terminated": ([{}, ENDED | {"changed_at": START}], {}, "INVALID_STATE", "contractId", "was terminated"),
    "to be terminated": ([{}, PLANNED | {"changed_at": START}], {}, "INVALID_STATE", "contractId", "was terminated"),
    "expired": ([{"term_ends_at": NOW}], {}, "INVALID_STATE", "contractId", "is over"),
    "ends where the old one does": ([{}], {"endAt": instant(END)}, "OUT_OF_RANGE", "endAt", "2026-01-01T00:00:00Z"),
    "ends too late": ([{"renewal_interval": Duration(2400)}], {}, "OUT_OF_RANGE", "endAt", "by the year 2200"),
    "another currency": ([{}], {"value": money("1", "USD")}, "CURRENCY_MISMATCH", "value.currencyCode", "currency of"),
    "negative value": ([{}], {"value": money("-1")}, "OUT_OF_RANGE", "value.amount", "between 0 and"),
    "other version": ([{}], {"expectedVersion": 2}, "CONFLICT", "expectedVersion", "read it again"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", CANNOT_RENEW)
async def test_an_impossible_renewal_is_refused(ask, given, ann, wrong):
    (first, *changes), more, code, field, words = CANNOT_RENEW[wrong]
    made = await given.contract(ann, *changes, **first)
    error = await refused(ask, given, RENEW, renewal(made.id) | more)
    assert told(error) == (code, f"input.{field}")
    assert words in error["message"]
    assert error["currentVersion"] == (1 if code == "CONFLICT" else None)


MONTHLY = {"auto_renew": True, "term_ends_at": datetime(2025, 2, 1, tzinfo=UTC), "renewal_interval": Duration(1)}
JULY = datetime(2025, 7, 1, tzinfo=UTC)
FREE = {"penalty": money("0")}
TERMINATES: dict[str, tuple[Any, Any, datetime]] = {
    # what is ended: columns of its versions; more of the input; when it ends
    "at once": ([{}], {}, NOW),
    "as soon as notice allows": ([{"notice": Duration(3)}], {}, datetime(2025, 9, 1, 12, tzinfo=UTC)),
    "with its term": ([{"notice": Duration(12)}], {}, END),
    "with its running term": ([MONTHLY | {"notice": Duration(3)}], {}, JULY),
    "in a later term": ([MONTHLY], {"terminateAt": instant(END)}, END),
    "a little ago": ([{}], {"terminateAt": instant(NOW - timedelta(minutes=5))}, NOW - timedelta(minutes=5)),
    "for a penalty": ([{"notice": Duration(3)}], {"terminateAt": instant(JULY), "penalty": money("50")}, JULY),
    "in the past": ([{}], {"terminateAt": instant(START), **FREE}, START),
    "not begun": ([{"starts_at": END, "term_ends_at": END + timedelta(days=9), "changed_at": START}], {}, END),
    "expired meanwhile": ([{"term_ends_at": NOW}], {"terminateAt": instant(START), **FREE}, START),
    "planned, earlier": ([{}, PLANNED | {"changed_at": START, "penalty": Decimal(9)}], {}, NOW),
    "planned, later": ([{}, PLANNED | {"changed_at": START}], {"terminateAt": instant(END)}, END),
}


@pytest.mark.parametrize("case", TERMINATES)
async def test_a_contract_is_ended_early(ask, given, ann, case):
    (first, *changes), more, ends_at = TERMINATES[case]
    made = await given.contract(ann, *changes, **first)
    found = await changed(ask, TERMINATE, termination(made.id, **more))
    version = len(changes) + 2
    assert (found["endsAt"], found["terminationReason"], found["version"]) == (instant(ends_at), "Moved away", version)
    owed = more.get("penalty")
    assert found["penalty"] == (owed and owed | {"amount": f"{owed['amount']}.00"})
    rows = await given.connection.fetch("SELECT * FROM contracts ORDER BY version")
    assert rows[-1]["changed_at"] == max(rows[-2]["changed_at"], min(NOW, ends_at)) == rows[-2]["replaced_at"]
    assert rows[-1]["recorded_at"] == rows[-2]["superseded_at"]


CANNOT_TERMINATE: dict[str, tuple[Any, Any, str, str, str]] = {
    # what is impossible: columns of its versions; more of the input; code, path below `input`, words of the message
    "unknown": ([{}], {"contractId": NOTHING}, "NOT_FOUND", "contractId", "no such contract"),
    "ended already": ([{}, ENDED | {"changed_at": START}], {}, "INVALID_STATE", "contractId", "terminated already"),
    "ended already, later": (
        [{}, ENDED | {"changed_at": START}], {"terminateAt": instant(END)}, "INVALID_STATE", "contractId", "already",
    ),
    "expired": ([{"term_ends_at": NOW}], {}, "INVALID_STATE", "contractId", "its time was up"),
    "after its term": (
        [{}], {"terminateAt": instant(END + MICROSECOND)}, "OUT_OF_RANGE", "terminateAt", "ends by itself",
    ),
    "before its start": (
        [{}], {"terminateAt": instant(START - MICROSECOND), **FREE}, "OUT_OF_RANGE", "terminateAt", "2025-01-01",
    ),
    "before the last change": (
        [{}, PLANNED | {"changed_at": NOW - timedelta(days=1)}], {"terminateAt": instant(START), **FREE},
        "OUT_OF_RANGE", "terminateAt", "2025-05-31",
    ),
    "before notice allows": (
        [{"notice": Duration(3)}], {"terminateAt": instant(JULY)},
        "OUT_OF_RANGE", "terminateAt", "2025-09-01T12:00:00Z at the earliest",
    ),
    "before its running term ends": (
        [MONTHLY | {"notice": Duration(3)}], {"terminateAt": instant(JULY - timedelta(hours=1))},
        "OUT_OF_RANGE", "terminateAt", "2025-07-01T00:00:00Z at the earliest",
    ),
    "another currency": (
        [{}], {"penalty": money("1", "USD")}, "CURRENCY_MISMATCH", "penalty.currencyCode", "currency of its value",
    ),
    "penalty too fine": ([{}], {"penalty": money("1.001")}, "INVALID", "penalty.amount", "2 digits"),
    "blank reason": ([{}], {"reason": " "}, "BLANK", "reason", "must not be empty"),
    "other version": ([{}], {"expectedVersion": 0}, "CONFLICT", "expectedVersion", "read it again"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", CANNOT_TERMINATE)
async def test_an_impossible_termination_is_refused(ask, given, ann, wrong):
    (first, *changes), more, code, field, words = CANNOT_TERMINATE[wrong]
    made = await given.contract(ann, *changes, **first)
    error = await refused(ask, given, TERMINATE, termination(made.id) | more)
    assert told(error) == (code, f"input.{field}")
    assert words in error["message"]


LOOK = """query ($asOf: DateTime, $knownAt: DateTime) { contracts(asOf: $asOf, knownAt: $knownAt) { nodes {
  status endsAt renewalAt version } } }"""


async def test_every_clock_shows_the_version_of_its_time(ask, given, ann):
    made = await given.contract(ann, **MONTHLY)
    before = datetime.now(UTC)
    await changed(ask, TERMINATE, termination(made.id, terminateAt="2025-08-15T00:00:00Z"))

    async def seen(as_of: datetime | None, known_at: datetime | None = None) -> list[Any]:
        clocks = {"asOf": as_of and instant(as_of), "knownAt": known_at and instant(known_at)}
        nodes = (await ask(LOOK, **clocks))["contracts"]["nodes"]
        return [(node["status"], node["endsAt"], node["renewalAt"], node["version"]) for node in nodes]

    end, august = "2025-08-15T00:00:00.000000Z", datetime(2025, 8, 1, tzinfo=UTC)
    assert await seen(None) == await seen(NOW) == [("ACTIVE", end, instant(JULY), 2)]
    assert await seen(NOW - MICROSECOND) == [("ACTIVE", None, instant(JULY), 1)]
    # It still renews once more, on 1 August; on 1 September it would be over.
    assert await seen(JULY) == [("ACTIVE", end, instant(august), 2)]
    assert await seen(august) == [("ACTIVE", end, None, 2)]
    assert await seen(datetime(2025, 8, 15, tzinfo=UTC)) == [("CANCELLED", end, None, 2)]
    assert await seen(august, before) == [("ACTIVE", None, "2025-09-01T00:00:00.000000Z", 1)]
    assert await seen(START - MICROSECOND) == []


STANDS = [
    # how it stands: columns of its newest version, and from when on
    ({"starts_at": END, "term_ends_at": END + timedelta(days=9)}, [(END - MICROSECOND, "SCHEDULED"), (END, "ACTIVE")]),
    ({}, [(END - MICROSECOND, "ACTIVE"), (END, "EXPIRED")]),
    ({"auto_renew": True}, [(END, "ACTIVE"), (END.replace(year=2100), "ACTIVE")]),
    ({"terminate_at": NOW, "termination_reason": "x"}, [(NOW - MICROSECOND, "ACTIVE"), (NOW, "CANCELLED")]),
    ({"terminate_at": END, "termination_reason": "x"}, [(END, "EXPIRED")]),
    ({"auto_renew": True, "terminate_at": END, "termination_reason": "x"}, [(END, "CANCELLED")]),
]
STATUS = """query ($asOf: DateTime, $status: [TermStatus!]) { contracts(asOf: $asOf) { nodes { status } }
  customer(by: {email: "ann@example.com"}, asOf: $asOf) { contracts(filter: {status: $status}) { nodes { id } } } }"""


@pytest.mark.parametrize(("columns", "expected"), STANDS)
async def test_how_a_contract_stands_changes_at_the_microsecond(ask, given, ann, columns, expected):
    await given.contract(ann, changed_at=START, **columns)
    for moment, status in expected:
        answer = await ask(STATUS, asOf=instant(moment), status=[status])
        assert [each["status"] for each in answer["contracts"]["nodes"]] == [status]
        assert len(answer["customer"]["contracts"]["nodes"]) == 1


async def test_contracts_are_found_by_when_they_end(ask, given, ann):
    await given.contract(ann, name="A")
    await given.contract(ann, name="B", auto_renew=True)
    await given.contract(ann, PLANNED | {"changed_at": NOW}, name="C", auto_renew=True)
    document = """query ($before: DateTime) {
      contracts(filter: {endsBefore: $before}, orderBy: {field: ENDS_AT, direction: ASC}) { nodes { name } } }"""
    for before, names in ((END, "C"), (END + MICROSECOND, "CA"), (END.replace(year=2190), "CA"), (None, "CAB")):
        found = await ask(document, before=before and instant(before))
        assert [node["name"] for node in found["contracts"]["nodes"]] == list(names)
