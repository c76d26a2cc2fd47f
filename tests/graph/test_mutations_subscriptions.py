"""What changes of subscriptions record, exactly, and what their answers show."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.writes.changes import counts, told
from tests.writes.subscription_changes import SUBSCRIPTION, changed, document, euros, started

pytestmark = pytest.mark.anyio

NOW = datetime(2025, 1, 31, 11, tzinfo=UTC)
NOBODY = "cus_00000000000070008000000000000000"
NOTHING = "sub_00000000000070008000000000000000"
STEPS: dict[str, dict[str, Any]] = {
    "renew": {},
    "pause": {"resumeAt": "2025-02-10T00:00:00Z"},
    "change": {"planName": "Coffee", "price": euros("12.00"), "interval": "P1Y"},
    "cancel": {"reason": "QUALITY", "comment": "Too strong"},
}
"""Changes that a running subscription allows."""


@pytest.fixture
async def ann(ask, given):
    """A customer who can be named by e-mail; it is 31 January 2025, noon in Berlin."""
    ask.now = NOW
    return await given.customer(first_name="Ann", email="ann@example.com")


def at(ask, month, day, hour=11):
    """Let it be another moment."""
    ask.now = datetime(2025, month, day, hour, tzinfo=UTC)


async def begun(ask, **more):
    """Start a subscription and return it."""
    answer = (await ask(document("start"), input=started(**more)))["startSubscription"]
    assert answer["userErrors"] == []
    return answer["subscription"]


async def taken(ask, verb, subscription, **more):
    """Take a subscription one step further and return it."""
    answer = (await ask(document(verb), input=changed(subscription["id"], **more)))[f"{verb}Subscription"]
    assert answer["userErrors"] == []
    return answer["subscription"]


async def test_a_subscription_is_started_and_answered_with_all_that_follows(ask, given, ann):
    found = await begun(ask, externalId={"source": "shop", "value": "S-1"}, planName=" Tea of the month ")
    period = {"startAt": "2025-01-31T11:00:00.000000Z", "endAt": "2025-02-28T11:00:00.000000Z"}
    assert found == {
        "id": found["id"],
        "kind": "PRODUCT",
        "status": "ACTIVE",
        "planName": "Tea of the month",
        "version": 1,
        "externalId": {"source": "shop", "value": "S-1"},
        "price": {"amount": "9.90", "currencyCode": "EUR"},
        "interval": "P1M",
        "grace": "P14D",
        "startedAt": period["startAt"],
        "trialEndsAt": None,
        "currentPeriod": period,
        "nextBillingAt": period["endAt"],
        "pauseAt": None,
        "resumeAt": None,
        "cancelAt": None,
        "endsAt": "2025-03-14T11:00:00.000000Z",
        "endedAt": None,
        "cancellationReason": None,
        "cancellationComment": None,
        "customer": {"id": ann.id},
        "payments": {
            "nodes": [
                {
                    "amount": {"amount": "9.90", "currencyCode": "EUR"},
                    "paidAt": period["startAt"],
                    "period": period,
                }
            ]
        },
    }


async def test_what_is_free_or_begins_later_is_not_paid_yet(ask, ann):
    trial = await begun(ask, trialEndsAt="2025-02-14T11:00:00Z")
    assert (trial["status"], trial["currentPeriod"]["endAt"]) == ("TRIALING", "2025-02-14T11:00:00.000000Z")
    later = await begun(ask, startedAt="2025-03-01T00:00:00Z", grace="P0D")
    assert (later["status"], later["grace"], later["endsAt"]) == ("SCHEDULED", "P0D", "2025-03-31T23:00:00.000000Z")
    assert trial["payments"] == later["payments"] == {"nodes": []}


async def test_a_payment_carries_it_on_by_one_period(ask, given, ann):
    subscription = await begun(ask)
    at(ask, 3, 10)
    assert (await shown(ask, subscription))["status"] == "PAST_DUE"
    renewed = await taken(ask, "renew", subscription)
    assert (renewed["status"], renewed["version"]) == ("ACTIVE", 2)
    # Noon in Berlin, where clocks have been put forward by then.
    period = {"startAt": "2025-02-28T11:00:00.000000Z", "endAt": "2025-03-31T10:00:00.000000Z"}
    assert renewed["currentPeriod"] == period
    assert renewed["payments"]["nodes"][0] == {
        "amount": {"amount": "9.90", "currencyCode": "EUR"},
        "paidAt": "2025-03-10T11:00:00.000000Z",
        "period": period,
    }
    other = await taken(ask, "renew", subscription, amount=euros("5.00"), periodEndAt="2025-04-10T00:00:00Z")
    assert other["payments"]["nodes"][0]["amount"]["amount"] == "5.00"
    assert other["currentPeriod"]["endAt"] == "2025-04-10T00:00:00.000000Z"


async def shown(ask, subscription, **clocks):
    """Return a subscription as it is read."""
    text = f"""query ($i: ID!, $asOf: DateTime, $knownAt: DateTime) {{
      node(id: $i, asOf: $asOf, knownAt: $knownAt) {{ ... on CustomerSubscription {{ {SUBSCRIPTION} }} }} }}"""
    moments = {name: moment.isoformat() for name, moment in clocks.items()}
    return (await ask(text, i=subscription["id"], **moments))["node"]


async def test_a_pause_is_planned_lasts_and_ends(ask, ann):
    subscription = await begun(ask)
    planned = await taken(ask, "pause", subscription, pauseAt="2025-02-05T00:00:00Z")
    assert [planned[name] for name in ("status", "pauseAt", "resumeAt", "endsAt", "nextBillingAt")] == [
        "ACTIVE", "2025-02-05T00:00:00.000000Z", None, None, None,
    ]  # fmt: skip
    at(ask, 4, 1)
    assert (await shown(ask, subscription))["status"] == "PAUSED"
    resumed = await taken(ask, "resume", subscription)
    assert [resumed[name] for name in ("status", "pauseAt", "resumeAt", "nextBillingAt", "endsAt")] == [
        "PAST_DUE", None, None, "2025-04-01T11:00:00.000000Z", "2025-04-15T11:00:00.000000Z",
    ]  # fmt: skip
    assert (await taken(ask, "renew", subscription))["currentPeriod"] == {
        "startAt": "2025-04-01T11:00:00.000000Z",
        "endAt": "2025-05-01T11:00:00.000000Z",
    }


async def test_other_terms_hold_from_the_next_period_on(ask, ann):
    subscription = await begun(ask)
    other = await taken(ask, "change", subscription, planName="Coffee", price=euros("99.00"), interval="P1Y")
    assert [other[name] for name in ("planName", "interval", "version")] == ["Coffee", "P12M", 2]
    assert other["currentPeriod"] == subscription["currentPeriod"]
    renewed = await taken(ask, "renew", subscription)
    assert renewed["payments"]["nodes"][0]["amount"]["amount"] == "99.00"
    assert renewed["currentPeriod"]["endAt"] == "2026-02-28T11:00:00.000000Z"


async def test_who_sends_the_terms_that_hold_changes_nothing(ask, ann):
    subscription = await begun(ask)
    same = await taken(ask, "change", subscription, planName="Tea of the month", price=euros("9.9"), interval="P1M")
    assert same["version"] == 1


async def test_it_is_cancelled_for_the_end_of_its_period(ask, ann):
    subscription = await begun(ask)
    found = await taken(ask, "cancel", subscription, reason="TOO_EXPENSIVE", comment=" Alas ")
    end = subscription["currentPeriod"]["endAt"]
    wanted = {
        "status": "ACTIVE", "cancelAt": end, "endsAt": end, "endedAt": None, "nextBillingAt": None,
        "cancellationReason": "TOO_EXPENSIVE", "cancellationComment": "Alas",
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    at(ask, 2, 28)
    assert await shown(ask, subscription) == found | {"status": "CANCELLED", "endedAt": end}


async def test_a_foreign_price_is_worth_what_it_is_on_the_day_of_the_payment(ask, given, ann):
    await given.rate("USD", "0.5", date(2025, 1, 1))
    await given.rate("USD", "0.75", date(2025, 2, 28))
    dollars = {"amount": "10.01", "currencyCode": "USD"}
    subscription = await begun(ask, price=dollars)
    at(ask, 3, 1)
    await taken(ask, "renew", subscription)
    rows = await given.connection.fetch("SELECT amount, business_amount FROM subscription_payments ORDER BY paid_at")
    assert [tuple(row) for row in rows] == [(Decimal("10.01"), Decimal("5.01")), (Decimal("10.01"), Decimal("7.51"))]


async def test_it_is_looked_back_at_before_and_after_a_cancellation_told_late(ask, given, ann):
    subscription = await begun(ask)
    at(ask, 2, 20)
    cancelled = await taken(ask, "cancel", subscription, reason="OTHER", cancelAt="2025-02-10T00:00:00Z")
    assert (cancelled["status"], cancelled["version"]) == ("CANCELLED", 2)
    before, on_the_day = datetime(2025, 2, 9, tzinfo=UTC), datetime(2025, 2, 10, tzinfo=UTC)
    first, second = await given.connection.fetch("SELECT recorded_at FROM subscriptions ORDER BY version")
    running = await shown(ask, subscription, asOf=before)
    assert (running["version"], running["status"], running["cancelAt"]) == (1, "ACTIVE", None)
    assert (await shown(ask, subscription, asOf=on_the_day))["status"] == "CANCELLED"
    for known_at, version, status in ((first[0], 1, "ACTIVE"), (second[0], 2, "CANCELLED")):
        known = await shown(ask, subscription, asOf=on_the_day, knownAt=known_at)
        assert (known["version"], known["status"]) == (version, status)
    assert await shown(ask, subscription, asOf=datetime(2025, 1, 30, tzinfo=UTC)) is None


LISTED = """query ($filter: SubscriptionFilterInput, $order: SubscriptionOrderInput) {
  subscriptions(filter: $filter, orderBy: $order) { nodes { planName } }
  customers { nodes { subscriptions(filter: $filter, orderBy: $order) { nodes { planName } } } } }"""


async def test_subscriptions_are_found_by_their_state_their_kind_and_when_they_end(ask, ann):
    for name, more in (
        ("A", {"trialEndsAt": "2025-02-14T11:00:00Z"}),
        ("B", {"kind": "SERVICE"}),
        ("C", {"startedAt": "2025-03-01T00:00:00Z"}),
    ):
        await begun(ask, planName=name, **more)
    for conditions, wanted in (
        ({"status": ["TRIALING", "SCHEDULED"]}, "AC"),
        ({"kind": ["SERVICE"]}, "B"),
        ({"endsBefore": "2025-03-14T11:00:00Z"}, "A"),
        ({"endsBefore": "2025-03-14T11:00:00.000001Z", "not": {"kind": ["PRODUCT"]}}, "B"),
        ({"startedAt": {"gt": "2025-02-01T00:00:00Z"}}, "C"),
    ):
        answer = await ask(LISTED, filter=conditions, order={"field": "ENDS_AT", "direction": "ASC"})
        assert "".join(each["planName"] for each in answer["subscriptions"]["nodes"]) == wanted
        assert answer["customers"]["nodes"] == [{"subscriptions": answer["subscriptions"]}]
        assert len(ask.statements) == 2


@pytest.mark.parametrize("verb", ["start", *STEPS, "resume"])
async def test_each_change_is_tried_made_once_and_answered_again(ask, given, ann, verb):
    name, sent = f"{verb}Subscription", started()
    if verb != "start":
        subscription = await begun(ask)
        if verb == "resume":
            await taken(ask, "pause", subscription)
        sent = changed(subscription["id"], **STEPS.get(verb, {}))
    before = await counts(given.connection)
    tried = (await ask(document(verb), input={**sent, "dryRun": True}))[name]
    assert await counts(given.connection) == before, "a dry run leaves nothing"
    made = (await ask(document(verb), input=sent))[name]
    after = await counts(given.connection)
    assert (tried["userErrors"], tried["idempotency"]) == ([], None)
    assert unnamed(tried["subscription"]) == unnamed(made["subscription"])
    assert after["subscriptions"] == before["subscriptions"] + 1
    assert after["subscription_payments"] == before["subscription_payments"] + (verb in ("start", "renew"))
    again = (await ask(document(verb), input=sent))[name]
    assert again == made | {"idempotency": {"replayed": True}}
    other = (await ask(document(verb, "customer { displayName }"), input=sent))[name]
    assert other["customer"] == {"displayName": "Ann"}
    assert await counts(given.connection) == after
    await ask(document(verb), fails=True, input={**sent, **OTHERWISE[verb]})
    assert ask.codes == ["IDEMPOTENCY_KEY_REUSED"]


OTHERWISE: dict[str, dict[str, Any]] = {
    "start": {"subscription": started()["subscription"] | {"interval": "P2M"}},
    "renew": {"amount": euros("1.00")},
    "pause": {"resumeAt": "2025-02-11T00:00:00Z"},
    "change": {"interval": "P2M"},
    "cancel": {"reason": "UNUSED"},
    "resume": {"resumeAt": "2025-02-11T00:00:00Z"},
}
"""What makes each of those inputs another one."""


def unnamed(subscription):
    """Return a subscription without the identifier that each try makes anew."""
    return subscription | {"id": None}


@pytest.mark.parametrize("verb", ["start", *STEPS])
async def test_a_change_costs_as_many_statements_as_it_must(ask, ann, verb):
    subscription = await begun(ask)
    # The key is taken; the customer is found or the newest version locked; a version is added, with `renew` and
    # `start` a payment; in the customer's turn, beside other changes, the standing is worked out; the outcome is kept;
    # and all of the answer is read at once.
    wanted = {"start": 9, "renew": 9}.get(verb, 8)
    sent = started() if verb == "start" else changed(subscription["id"], **STEPS[verb])
    await ask(document(verb), input=sent)
    assert len(ask.statements) == wanted


async def test_a_customer_changes_own_subscriptions_alone(ask, given, ann):
    bob = await given.customer(email="bob@example.com")
    subscription = await begun(ask)
    for owner, codes in ((bob, ["NOT_FOUND"]), (ann, [])):
        own = ask.as_customer(owner.key)
        own.now = NOW
        for verb, more in STEPS.items():
            sent = changed(subscription["id"], **more, dryRun=True)
            payload = (await own(document(verb), input=sent))[f"{verb}Subscription"]
            assert [error["code"] for error in payload["userErrors"]] == codes
        payload = (await own(document("start"), input=started(dry_run=True)))["startSubscription"]
        assert [error["code"] for error in payload["userErrors"]] == codes


STARTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # what is wrong: input, code, path below `input.subscription`, words of the message
    "unknown customer": ({"customer": {"id": NOBODY}}, "NOT_FOUND", "customer", "setCustomer creates one"),
    "id of another kind": ({"customer": {"id": NOTHING}}, "INVALID", "customer.id", "identifier of a customer"),
    "blank plan": ({"planName": " "}, "BLANK", "planName", "empty"),
    "no interval": ({"interval": "P0D"}, "OUT_OF_RANGE", "interval", "P1M"),
    "trial that ended": ({"trialEndsAt": "2025-01-31T11:00:00Z"}, "OUT_OF_RANGE", "trialEndsAt", "after"),
    "unknown currency": (
        {"price": {"amount": "1", "currencyCode": "QQQ"}}, "UNKNOWN_CURRENCY", "price.currencyCode", "EUR",
    ),
    "negative price": ({"price": euros("-1")}, "OUT_OF_RANGE", "price.amount", "between 0"),
    "no exchange rate": (
        {"price": {"amount": "1", "currencyCode": "USD"}}, "MISSING_EXCHANGE_RATE", "price", "import one",
    ),
    "too much at home": (
        {"price": {"amount": "900000000000000", "currencyCode": "KWD"}}, "OUT_OF_RANGE", "price", "of the business",
    ),
    "duplicate external id": (
        {"externalId": {"source": "shop", "value": "taken"}}, "TAKEN", "externalId", "recorded already",
    ),
}  # fmt: skip

CHANGES: dict[str, tuple[str, dict[str, Any], str, str, str]] = {
    # what is wrong: mutation, input, code, path below `input`, words of the message
    "unknown": ("renew", {"subscriptionId": NOTHING}, "NOT_FOUND", "subscriptionId", "no such subscription"),
    "id of another kind": ("pause", {"subscriptionId": NOBODY}, "NOT_FOUND", "subscriptionId", "no such subscription"),
    "NUL in an id": ("resume", {"subscriptionId": "a\0b"}, "NOT_FOUND", "subscriptionId", "no such subscription"),
    "version that is past": ("change", {"planName": "A", "expectedVersion": 9}, "CONFLICT", "expectedVersion", "again"),
    "payment in another currency": (
        "renew", {"amount": {"amount": "1", "currencyCode": "USD"}},
        "CURRENCY_MISMATCH", "amount.currencyCode", "in its currency, EUR",
    ),
    "price in another currency": (
        "change", {"price": {"amount": "1", "currencyCode": "USD"}},
        "CURRENCY_MISMATCH", "price.currencyCode", "in its currency, EUR",
    ),
    "paid in the future": ("renew", {"paidAt": "2025-01-31T11:06:00Z"}, "OUT_OF_RANGE", "paidAt", "future"),
    "paid before the start": ("renew", {"paidAt": "2025-01-30T00:00:00Z"}, "OUT_OF_RANGE", "paidAt", "before that"),
    "not paused": ("resume", {}, "INVALID_STATE", "subscriptionId", "not paused"),
    "ends after its end": (
        "cancel", {"reason": "OTHER", "cancelAt": "2025-03-15T00:00:00Z"}, "OUT_OF_RANGE", "cancelAt", "earlier moment",
    ),
    "ends before it starts": (
        "cancel", {"reason": "OTHER", "cancelAt": "2025-01-30T00:00:00Z"}, "OUT_OF_RANGE", "cancelAt", "before that",
    ),
    "nothing": ("change", {}, "BLANK", "", "Say what changes"),
    "NUL in a comment": ("cancel", {"reason": "OTHER", "comment": "a\0b"}, "INVALID", "comment", "cannot be kept"),
}  # fmt: skip


async def rejected(ask, given, verb, sent):
    """Send a change; return its one user error, with proof that only the refusal was kept with its key."""
    before = await counts(given.connection)
    payload = (await ask(document(verb), input=sent))[f"{verb}Subscription"]
    assert await counts(given.connection) == before | {"idempotency": before["idempotency"] + 1}
    assert (payload["subscription"], payload["customer"]) == (None, None)
    (error,) = payload["userErrors"]
    assert error["message"].endswith(".")
    assert (await ask(document(verb), input=sent))[f"{verb}Subscription"]["userErrors"] == [error], "it is replayed"
    return error


@pytest.mark.parametrize("wrong", STARTS)
async def test_a_bad_start_is_rejected(ask, given, ann, wrong):
    await given.rate("KWD", "10.1", date(2025, 1, 1))
    await given.subscription(ann, source="shop", external_id="taken")
    parts, code, field, words = STARTS[wrong]
    error = await rejected(ask, given, "start", started(**parts))
    assert told(error) == (code, f"input.subscription.{field}")
    assert words in error["message"]


@pytest.mark.parametrize("wrong", CHANGES)
async def test_a_bad_change_is_rejected(ask, given, ann, wrong):
    subscription = await begun(ask)
    verb, parts, code, field, words = CHANGES[wrong]
    error = await rejected(ask, given, verb, changed(subscription["id"]) | parts)
    assert told(error) == (code, f"input.{field}".rstrip("."))
    assert words in error["message"]
    assert error["currentVersion"] == (1 if code == "CONFLICT" else None)


IMPOSSIBLE: dict[str, tuple[datetime, dict[str, Any], set[str]]] = {
    # state: when it started, and what is different in its second version; mutations that are refused in it
    "not begun": (datetime(2025, 2, 1, tzinfo=UTC), {}, {"renew", "pause", "resume"}),
    "running": (datetime(2025, 1, 10, tzinfo=UTC), {}, {"resume"}),
    "overdue": (datetime(2024, 12, 30, tzinfo=UTC), {}, {"resume"}),
    "paused": (
        datetime(2025, 1, 10, tzinfo=UTC),
        {"pauses": [asyncpg.Range(datetime(2025, 1, 20, tzinfo=UTC), None)], "ends_at": None},
        {"renew", "pause"},
    ),
    "cancelled": (
        datetime(2025, 1, 10, tzinfo=UTC),
        {"cancel_at": datetime(2025, 1, 31, 11, tzinfo=UTC), "cancellation_reason": "OTHER"},
        {"renew", "pause", "resume", "change", "cancel"},
    ),
    "expired": (datetime(2024, 12, 10, tzinfo=UTC), {}, {"renew", "pause", "resume", "change", "cancel"}),
}


@pytest.mark.parametrize("verb", [*STEPS, "resume"])
@pytest.mark.parametrize("state", IMPOSSIBLE)
async def test_a_state_refuses_what_makes_no_sense_in_it(ask, given, ann, state, verb):
    start, more, refused = IMPOSSIBLE[state]
    first = min(start, datetime(2025, 1, 9, tzinfo=UTC))
    second = {"changed_at": datetime(2025, 1, 20, tzinfo=UTC), **more}
    made = await given.subscription(ann, *([second] if more else []), started_at=start, changed_at=first)
    sent = changed(made.id, **STEPS.get(verb, {}))
    if verb in refused:
        error = await rejected(ask, given, verb, sent)
        assert told(error) == ("INVALID_STATE", "input.subscriptionId")
    else:
        answer = (await ask(document(verb), input=sent))[f"{verb}Subscription"]
        assert (answer["userErrors"], answer["subscription"]["version"]) == ([], 3 if more else 2)


@pytest.mark.parametrize("interval", ["", "1M", "P-1M", "-P1M", "P", "PT1S", "P1.5M", "P101Y", 30])
async def test_what_is_no_length_of_time_is_refused(ask, given, ann, interval):
    before = await counts(given.connection)
    await ask(document("start"), fails=True, input=started(interval=interval))
    assert "Duration" in ask.errors[0].message
    assert await counts(given.connection) == before
