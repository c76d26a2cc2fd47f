"""Putting a policy into force: what is kept, what is refused, and which version is in force when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.given import Rule
from tests.writes.changes import SET_ACTIVE_POLICY, active_policy, counts, told

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
IN_FORCE = """query ($asOf: DateTime, $knownAt: DateTime) {
  activePolicy(asOf: $asOf, knownAt: $knownAt) { version timeZone rules { code window } }
  activePolicies(asOf: $asOf, knownAt: $knownAt) { nodes { version } totalCount { count } } }"""


@pytest.fixture
async def shop(ask, given):
    """A business in Berlin on 1 June 2025, noon."""
    ask.now = NOW
    await given.business()


async def put(ask, *rules, **more):
    """Put a policy into force and return the payload."""
    return (await ask(SET_ACTIVE_POLICY, input=active_policy(*rules, **more)))["setActivePolicy"]


async def in_force(ask, as_of=None, known_at=None):
    """Return the version in force at a moment, and those that are listed."""
    moments = {"asOf": as_of and as_of.isoformat(), "knownAt": known_at and known_at.isoformat()}
    answer = await ask(IN_FORCE, **moments)
    versions = [policy["version"] for policy in answer["activePolicies"]["nodes"]]
    assert answer["activePolicies"]["totalCount"] == {"count": len(versions)}
    return answer["activePolicy"]["version"], versions


async def test_the_first_policy_is_there_from_the_start(ask):
    answer = await ask(
        "{ activePolicy { version effectiveFrom recordedAt timeZone rules { code enabled window "
        "minimumCount customerKind category } } }"
    )
    policy = answer["activePolicy"]
    everybody = {"enabled": True, "customerKind": None, "category": None}
    terms = ("PAID_SUPPORT_PLAN", "PRODUCT_SUBSCRIPTION", "SERVICE_SUBSCRIPTION", "CONTRACT")
    assert policy.pop("rules") == [
        {"code": "RECENT_PURCHASE", "window": "P12M", "minimumCount": 1, **everybody},
        {"code": "LOYAL", "window": "P6M", "minimumCount": 5, **everybody},
        *({"code": code, "window": None, "minimumCount": None, **everybody} for code in terms),
    ]
    ever = "1900-01-01T00:00:00.000000Z"
    assert policy == {"version": 1, "effectiveFrom": ever, "recordedAt": ever, "timeZone": "UTC"}


async def test_a_policy_is_kept_as_it_was_given(ask, shop):
    rules = [
        {"code": "LOYAL", "window": "P3W", "minimumCount": 3, "customerKind": "BUSINESS"},
        {"code": "RECENT_PURCHASE", "window": "P2Y1D"},
        {"code": "RECENT_PURCHASE", "window": "P10Y", "category": " Furniture ", "minimumCount": 1},
        {"code": "CONTRACT", "enabled": False},
        {"code": "PAID_SUPPORT_PLAN", "enabled": None},
    ]
    answer = await put(ask, *rules, zone="America/New_York")
    assert (answer["userErrors"], answer["idempotency"]["replayed"]) == ([], False)
    policy = answer["policy"]
    assert (policy["version"], policy["timeZone"]) == (2, "America/New_York")
    assert policy["effectiveFrom"] == "2025-06-01T00:00:00.000000Z"
    usual = {"enabled": True, "customerKind": None, "category": None, "window": None, "minimumCount": None}
    assert policy["rules"] == [
        usual | {"code": "LOYAL", "window": "P21D", "minimumCount": 3, "customerKind": "BUSINESS"},
        usual | {"code": "RECENT_PURCHASE", "window": "P24M1D", "minimumCount": 1},
        usual | {"code": "RECENT_PURCHASE", "window": "P120M", "minimumCount": 1, "category": "Furniture"},
        usual | {"code": "CONTRACT", "enabled": False},
        usual | {"code": "PAID_SUPPORT_PLAN"},
    ]
    found = await ask("query ($id: ID!) { node(id: $id) { id ... on ActivePolicy { version } } }", id=policy["id"])
    assert found == {"node": {"id": policy["id"], "version": 2}}


async def test_a_policy_without_a_zone_counts_in_that_of_the_business(ask, shop):
    assert (await put(ask))["policy"]["timeZone"] == "Europe/Berlin"


async def test_a_policy_without_rules_is_one(ask, shop):
    sent = active_policy()
    sent["policy"]["rules"] = []
    assert (await ask(SET_ACTIVE_POLICY, input=sent))["setActivePolicy"]["policy"]["rules"] == []


async def test_a_repeat_adds_no_version(ask, given, shop):
    sent = active_policy({"code": "RECENT_PURCHASE", "window": "P12M"})
    first = (await ask(SET_ACTIVE_POLICY, input=sent))["setActivePolicy"]
    rows = await counts(given.connection)
    # A year is twelve months, and a rule is used unless it says otherwise: this is the same input.
    sent["policy"]["rules"] = [{"code": "RECENT_PURCHASE", "window": "P1Y", "enabled": True}]
    again = (await ask(SET_ACTIVE_POLICY, input=sent))["setActivePolicy"]
    assert again == first | {"idempotency": first["idempotency"] | {"replayed": True}}
    assert await counts(given.connection) == rows
    sent["policy"]["rules"][0]["window"] = "P13M"
    await ask(SET_ACTIVE_POLICY, fails=True, input=sent)
    assert ask.codes == ["IDEMPOTENCY_KEY_REUSED"]


async def test_a_dry_run_shows_the_version_and_leaves_nothing(ask, given, shop):
    before = await counts(given.connection)
    sent = active_policy({"code": "LOYAL", "window": "P1M", "minimumCount": 2})
    shown = (await ask(SET_ACTIVE_POLICY, input={**sent, "dryRun": True}))["setActivePolicy"]
    assert (shown["policy"]["version"], len(shown["policy"]["rules"]), shown["idempotency"]) == (2, 1, None)
    assert await counts(given.connection) == before
    assert await in_force(ask) == (1, [1])
    done = (await ask(SET_ACTIVE_POLICY, input=sent))["setActivePolicy"]
    assert (done["policy"]["rules"], done["idempotency"]["replayed"]) == (shown["policy"]["rules"], False)


BAD: dict[str, tuple[list[Any], dict[str, Any], str, str, str]] = {
    # what is wrong: rules, the rest; code, path below `input`, words of the message
    "empty window": (
        [{"code": "RECENT_PURCHASE", "window": "P0D"}], {}, "OUT_OF_RANGE", "policy.rules.0.window", "longer than",
    ),
    "no count": ([{"code": "LOYAL", "window": "P6M"}], {}, "INVALID", "policy.rules.0.minimumCount", "minimumCount"),
    "one rule twice": ([{"code": "CONTRACT"}] * 2, {}, "INVALID", "policy.rules.1", "earlier rule"),
    "unknown zone": ([], {"zone": "Mars/Olympus"}, "INVALID", "policy.timeZone", "such as Europe/Berlin"),
    "begins with the newest": (
        [], {"begin": "2025-03-01T00:00:00Z"}, "OUT_OF_RANGE", "effectiveFrom", "after 2025-03-01T00:00:00Z",
    ),
    "begins before the newest": (
        [], {"begin": "2025-02-28T23:59:59Z"}, "OUT_OF_RANGE", "effectiveFrom", "overlap in time",
    ),
    "begins too far ahead": ([], {"begin": "2035-06-01T12:00:01Z"}, "OUT_OF_RANGE", "effectiveFrom", "10 years ahead"),
    "older version": ([], {"expectedVersion": 1}, "CONFLICT", "expectedVersion", "read it again"),
    "version to come": ([], {"expectedVersion": 3}, "CONFLICT", "expectedVersion", "read it again"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
async def test_a_bad_policy_is_refused_and_leaves_nothing(ask, given, shop, wrong):
    rules, more, code, field, words = BAD[wrong]
    await given.policy(datetime(2025, 3, 1, tzinfo=UTC))
    before = await counts(given.connection)
    answer = await put(ask, *rules, **more)
    (error,) = answer["userErrors"]
    assert (answer["policy"], told(error)) == (None, (code, f"input.{field}"))
    assert words in error["message"]
    assert error["currentVersion"] == (2 if code == "CONFLICT" else None)
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}


@pytest.mark.parametrize("window", ["-P1M", "P1.5M", "P", "12M", ""])
async def test_a_window_that_is_no_length_of_time_is_refused_before_anything_runs(ask, given, shop, window):
    before = await counts(given.connection)
    await ask(SET_ACTIVE_POLICY, fails=True, input=active_policy({"code": "RECENT_PURCHASE", "window": window}))
    assert "A Duration is a text in ISO 8601" in ask.errors[0].message
    assert await counts(given.connection) == before


async def test_the_expected_version_is_the_newest_even_if_it_has_not_begun(ask, shop):
    assert (await put(ask, begin="2030-01-01T00:00:00Z", expectedVersion=1))["policy"]["version"] == 2
    assert (await put(ask, begin="2031-01-01T00:00:00Z", expectedVersion=2))["policy"]["version"] == 3


async def test_who_sees_one_customer_sets_no_policy(ask, given, shop):
    customer = await given.customer()
    own = ask.as_customer(customer.key)
    own.now = NOW
    answer = await put(own)
    assert (answer["policy"], told(answer["userErrors"][0])) == (None, ("NOT_FOUND", "input"))
    assert await in_force(own) == (1, [1]), "everybody may read it"


async def test_a_policy_is_in_force_until_the_next_one_begins(ask, given, shop):
    begins = [datetime(2025, month, 1, tzinfo=UTC) for month in (2, 4)]
    for begin in begins:
        await given.policy(begin, Rule(window="P1M"))
    assert await in_force(ask, begins[0] - INSTANT) == (1, [1])
    assert await in_force(ask, begins[0]) == (2, [2, 1])
    assert await in_force(ask, begins[1] - INSTANT) == (2, [2, 1])
    assert await in_force(ask, begins[1]) == (3, [3, 2, 1])
    assert await in_force(ask) == (3, [3, 2, 1])
    assert await in_force(ask, datetime(1900, 1, 1, tzinfo=UTC)) == (1, [1])


async def test_a_policy_that_begins_later_is_not_in_force_yet(ask, given, shop):
    begin = NOW + timedelta(days=30)
    await given.policy(begin, Rule(window="P1M"))
    assert await in_force(ask) == (1, [2, 1])
    assert await in_force(ask, begin - INSTANT) == (1, [1])
    assert await in_force(ask, begin) == (2, [2, 1])
    ask.now = begin
    assert await in_force(ask) == (2, [2, 1])


async def test_a_policy_set_for_the_past_was_not_known_then(ask, given, shop):
    begin, recorded = NOW - timedelta(days=90), NOW - timedelta(days=10)
    await given.policy(begin, Rule(window="P1M"), recorded_at=recorded)
    for as_of in (begin, NOW):
        assert await in_force(ask, as_of, recorded - INSTANT) == (1, [1])
        assert await in_force(ask, as_of, recorded) == (2, [2, 1])
    assert await in_force(ask, None, recorded - INSTANT) == (1, [1])
    assert await in_force(ask, begin - INSTANT, recorded) == (1, [1])
    was = datetime.now(UTC)
    assert (await put(ask))["policy"]["version"] == 3
    assert await in_force(ask, NOW, was) == (2, [2, 1])
    assert await in_force(ask, NOW) == (3, [3, 2, 1])


async def test_reading_costs_one_statement_and_setting_as_many_for_one_rule_as_for_many(ask, shop):
    for text in (IN_FORCE.replace("activePolicies", "more: activePolicies"), "{ activePolicy { rules { code } } }"):
        await ask(text)
        assert len(ask.statements) == text.count("activePol")
    costs = []
    for year, count in ((2026, 1), (2027, 1), (2028, 100)):
        rules = [{"code": "RECENT_PURCHASE", "window": "P1M", "category": str(number)} for number in range(count)]
        answer = await put(ask, *rules, begin=f"{year}-01-01T00:00:00Z", zone="UTC")
        assert len(answer["policy"]["rules"]) == count
        costs.append([text.split()[0] for text in ask.statements])
    # The key is taken, the zone looked up, the turn taken, the newest read, the version added with its rules. Other
    # changes are held up and customers looked for, of whom there are none. The outcome is kept, the version read back.
    added, judged = ["INSERT", "SELECT", "SELECT", "SELECT", "WITH"], ["SELECT", "SET", "SET", "SELECT", "SET"]
    assert costs[1] == costs[2] == [*added, *judged, "UPDATE", "SELECT"]
