"""Importing tables of subscriptions, support plans and contracts: what a row becomes."""

from decimal import Decimal

import pytest

from api.writes.importing import Counts, ImportRefused
from tests.writes.imports import contract, enrollment, line, subscription

pytestmark = pytest.mark.anyio

SUBSCRIPTIONS = """SELECT version, change, changed_at::text, kind, plan_name, price::text, currency,
 billing_interval::text, grace::text, started_at::text, trial_ends_at::text, period_start::text, period_end::text,
 cancel_at::text, cancellation_reason, comment, ends_at::text FROM subscriptions ORDER BY external_id, version"""
PERIODS = """SELECT external_id, anchored_at::date::text, period_start::date::text, period_end::date::text
 FROM subscriptions WHERE version = 1 ORDER BY external_id"""
PLANS = """SELECT external_id, version, change, changed_at::text, plan_name, paid, price, currency, starts_at::text,
 term_ends_at::text, included_incidents, response_target::text, cancel_at::text, cancellation_reason, ends_at::text
 FROM support_plans ORDER BY external_id, version"""
CONTRACTS = """SELECT external_id, version, change, changed_at::text, number, name, value::text, currency,
 billing_interval::text, signed_at::text, starts_at::text, term_ends_at::text, auto_renew, renewal_interval::text,
 notice::text, terminate_at::text, termination_reason, penalty, ends_at::text FROM contracts
 ORDER BY external_id, version"""
STANDING = """query ($customer: String!, $asOf: DateTime) {
  customer(by: {externalId: {source: "import", value: $customer}}, asOf: $asOf) {
    activeStatus { isActive reasons { code } }
    subscriptions { nodes { status } } supportPlans { nodes { status } } contracts { nodes { status } } } }"""


async def standing(ask, as_of=None, customer="4711"):
    """Return whether a customer is active, why, and how what the customer has stands; None where there is none."""
    found = (await ask(STANDING, customer=customer, asOf=as_of and f"{as_of}T12:00:00Z"))["customer"]
    if found is None:
        return None
    kinds = (found["subscriptions"], found["supportPlans"], found["contracts"])
    things = sorted(thing["status"] for kind in kinds for thing in kind["nodes"])
    status = found["activeStatus"]
    return status["isActive"], [reason["code"] for reason in status["reasons"]], things


async def test_a_subscription_runs_from_its_start_in_its_present_period(imports, ask):
    result = await imports.terms("subscriptions", subscription(period_end="2024-06-30"))
    assert (result.rows_read, result.rows_taken, result.added) == (1, 1, Counts(customers=1, subscriptions=1))
    start, midnight = "2024-01-30 23:00:00+00", "22:00:00+00"
    terms = ("PRODUCT", "Tea of the month", "12.50", "EUR", "1 mon", "14 days")
    period = (start, None, f"2024-05-30 {midnight}", f"2024-06-29 {midnight}")
    end = (None, None, None, f"2024-07-13 {midnight}")
    assert await imports.rows(SUBSCRIPTIONS) == [(1, "STARTED", start, *terms, *period, *end)]
    assert await imports.one("SELECT count(*) FROM subscription_payments") == 0
    assert await standing(ask, "2024-01-30") is None
    assert await standing(ask, "2024-06-01") == (True, ["PRODUCT_SUBSCRIPTION"], ["ACTIVE"])
    assert await standing(ask, "2024-07-01") == (True, ["PRODUCT_SUBSCRIPTION"], ["PAST_DUE"])
    assert await standing(ask) == (False, [], ["EXPIRED"])
    assert await imports.is_sound()


async def test_a_subscription_that_was_cancelled_was_running_before(imports, ask):
    ended = {
        "cancelled_at": "2024-04-10T10:00Z",
        "ended_at": "2024-04-20T10:00Z",
        "cancellation_reason": "too expensive",
    }
    await imports.terms("subscriptions", subscription(kind="service", comment="Beyond me", **ended))
    gone = "2024-04-20 10:00:00+00"
    found = [(*row[:3], *row[-4:]) for row in await imports.rows(SUBSCRIPTIONS)]
    assert found == [
        (1, "STARTED", "2024-01-30 23:00:00+00", None, None, None, "2024-05-13 22:00:00+00"),
        (2, "CANCELLED", "2024-04-10 10:00:00+00", gone, "TOO_EXPENSIVE", "Beyond me", gone),
    ]
    assert await standing(ask, "2024-04-01") == (True, ["SERVICE_SUBSCRIPTION"], ["ACTIVE"])
    assert await standing(ask, "2024-04-15") == (True, ["SERVICE_SUBSCRIPTION"], ["ACTIVE"])
    assert await standing(ask, "2024-04-21") == (False, [], ["CANCELLED"])
    before = "SELECT count(*) FROM subscriptions WHERE replaced_at IS NULL"
    clocks = (
        "SELECT a.superseded_at = b.recorded_at AND a.replaced_at = b.changed_at FROM subscriptions a, subscriptions b"
    )
    assert await imports.one(before) == 1
    assert await imports.one(f"{clocks} WHERE a.version = 1 AND b.version = 2")
    assert await imports.is_sound()


async def test_without_a_period_a_subscription_is_paid_for_as_long_as_it_ran(imports, ask):
    running = subscription(customer="4712", subscription="A")
    cancelled = subscription(subscription="B", cancelled_at="2024-04-10", cancellation_reason="UNUSED")
    at_period_end = subscription(subscription="C", ended_at="2024-03-31")
    odd_period = subscription(subscription="D", period_end="2024-04-10")
    on_trial = subscription(subscription="E", trial_ends_at="2024-02-15", ended_at="2024-02-10")
    after_trial = subscription(subscription="F", trial_ends_at="2024-02-15", ended_at="2024-04-01")
    ahead = subscription(subscription="G", started_at="2190-01-01")
    await imports.terms("subscriptions", running, cancelled, at_period_end, odd_period, on_trial, after_trial, ahead)
    now, *ended = await imports.rows(PERIODS)
    start = "2024-01-30"
    assert ended == [
        ("B", start, "2024-03-30", "2024-04-29"),
        ("C", start, "2024-02-28", "2024-03-30"),
        ("D", "2024-04-09", "2024-03-30", "2024-04-09"),
        ("E", "2024-02-14", start, "2024-02-14"),
        ("F", "2024-02-14", "2024-03-14", "2024-04-14"),
        ("G", "2189-12-31", "2189-12-31", "2190-01-31"),
    ]
    assert await imports.one(
        "SELECT now() BETWEEN period_start AND period_end FROM subscriptions WHERE external_id = 'A'"
    )
    ends = "SELECT cancel_at::date::text, cancellation_reason FROM subscriptions WHERE version = 2 ORDER BY external_id"
    assert await imports.rows(ends) == [
        *(("2024-04-29", "UNUSED"), ("2024-03-30", "OTHER"), ("2024-02-09", "OTHER"), ("2024-03-31", "OTHER"))
    ]
    assert now[1] == start
    assert await standing(ask, customer="4712") == (True, ["PRODUCT_SUBSCRIPTION"], ["ACTIVE"])


async def test_a_support_plan_has_a_term_an_allowance_and_what_was_used_of_it(imports, ask):
    paid = {"price": "99", "ends_at": "2025-01-31", "included_incidents": "5", "used_incidents": "2"}
    cancelled = {"cancelled_at": "2024-03-01", "cancellation_reason": "switched", "customer": "4712"}
    rows = (enrollment(**paid, response_target="PT4H"), enrollment(enrollment="E2", **cancelled, used_incidents="1500"))
    result = await imports.terms("support-plans", *rows)
    assert (result.rejected, result.added) == ({}, Counts(customers=2, support_plans=2))
    start, end = "2024-01-30 23:00:00+00", "2025-01-30 23:00:00+00"
    gold = ("Gold", True, Decimal(99), "EUR", start, end, 5, "04:00:00", None, None, end)
    free = ("Gold", False, None, None, start, None, None, None)
    gone = "2024-02-29 23:00:00+00"
    assert await imports.rows(PLANS) == [
        ("E1", 1, "ENROLLED", start, *gold),
        ("E2", 1, "ENROLLED", start, *free, None, None, None),
        ("E2", 2, "CANCELLED", gone, *free, gone, "SWITCHED", gone),
    ]
    uses = "SELECT incidents, used_at::text FROM support_usages ORDER BY incidents"
    assert await imports.rows(uses) == [(2, "2025-01-30 22:59:59.999999+00"), (1500, "2024-02-29 22:59:59.999999+00")]
    assert await standing(ask, "2024-12-01") == (True, ["PAID_SUPPORT_PLAN"], ["ACTIVE"])
    assert await standing(ask, "2024-02-01", "4712") == (False, [], ["ACTIVE"])
    assert await standing(ask, "2024-03-02", "4712") == (False, [], ["CANCELLED"])
    assert await imports.is_sound()


async def test_a_contract_has_a_term_and_may_be_terminated(imports, ask):
    whole = {"number": "2024/17", "billing_interval": "quarter", "signed_at": "2024-01-10", "notice": "P1M"}
    renewing = contract(
        **whole, auto_renew="yes", renewal_interval="P6M", terminated_at="2025-03-05", termination_reason="Moved away"
    )
    early = {"ended_at": "2024-08-01T00:00Z", "termination_reason": "Sold", "notice": "P3M", "penalty": "50"}
    rows = (renewing, contract(contract="C2"), contract(contract="C3", customer="4712", **early))
    result = await imports.terms("contracts", *rows)
    assert (result.rejected, result.added) == ({}, Counts(customers=2, contracts=3))
    start, end, gone = "2024-01-30 23:00:00+00", "2025-01-30 23:00:00+00", "2024-08-01 00:00:00+00"
    value, signed = ("1200", "EUR"), "2024-01-09 23:00:00+00"
    care = ("2024/17", "Care", *value, "3 mons", signed, start, end, True, "6 mons", "1 mon")
    plain = ("Care", *value, None, start, start, end, False, "1 year")
    notice = "2025-04-04 22:00:00+00"
    assert await imports.rows(CONTRACTS) == [
        ("C1", 1, "SIGNED", signed, *care, None, None, None, None),
        ("C1", 2, "TERMINATED", "2025-03-04 23:00:00+00", *care, notice, "Moved away", None, notice),
        ("C2", 1, "SIGNED", start, "C2", *plain, "00:00:00", None, None, None, end),
        ("C3", 1, "SIGNED", start, "C3", *plain, "3 mons", None, None, None, end),
        ("C3", 2, "TERMINATED", gone, "C3", *plain, "3 mons", gone, "Sold", Decimal(50), gone),
    ]
    assert await standing(ask, "2024-07-31", "4712") == (True, ["CONTRACT"], ["ACTIVE"])
    assert await standing(ask, "2024-08-02", "4712") == (False, [], ["CANCELLED"])
    assert await standing(ask, "2025-03-01") == (True, ["CONTRACT"], ["ACTIVE", "EXPIRED"])
    assert await imports.is_sound()


async def test_amounts_in_other_currencies_are_recorded_as_they_are(imports):
    await imports.terms("subscriptions", subscription(currency="usd"))
    await imports.terms("contracts", contract(currency="JPY", value="120000"))
    await imports.terms("support-plans", enrollment(currency="CHF", price="9.90"))
    assert await imports.rows("SELECT price::text, currency FROM subscriptions") == [("12.50", "USD")]
    assert await imports.rows("SELECT value::text, currency FROM contracts") == [("120000", "JPY")]
    assert await imports.rows("SELECT price::text, currency FROM support_plans") == [("9.90", "CHF")]


async def test_customers_are_found_or_made_as_with_orders(imports):
    await imports.table(line(first_name="Ada"))
    details = {"email": "zoe@example.com", "country": "Atlantis", "company": "Berg GmbH"}
    newer = subscription(subscription="S3", customer="4712", started_at="2024-05-01", first_name="Zoë", email="")
    older = subscription(subscription="S2", customer="4712", first_name="Z", **details)
    result = await imports.terms("subscriptions", subscription(first_name="Eve"), newer, older)
    assert (result.added, result.known) == (Counts(customers=1, subscriptions=3), Counts(customers=1))
    assert dict(result.left_out) == {"country": 1}
    people = "SELECT kind, first_name, email, created_at::date::text FROM customers ORDER BY first_name"
    assert await imports.rows(people) == [
        ("CONSUMER", "Ada", None, "2025-03-01"),
        ("BUSINESS", "Zoë", "zoe@example.com", "2024-01-30"),
    ]


async def test_a_mapping_names_columns_and_constants(imports):
    row = {"No": "7", "Who": "1", "Price": "5", "Since": "2024-01-01", "Until": "2190-02-01"}
    mapping = {"subscription": "No", "customer": "Who", "started_at": "Since", "period_end": "Until"}
    mapping |= {"kind": "=PRODUCT", "plan": "=Coffee", "interval": "=month", "source": "=club"}
    await imports.terms("subscriptions", row, mapping=mapping)
    found = "SELECT source, external_id, plan_name, period_end::date::text FROM subscriptions"
    assert await imports.rows(found) == [("club", "7", "Coffee", "2190-01-31")]
    with pytest.raises(ImportRefused, match=r"no column for subscription, kind.*--map subscription=COLUMN"):
        await imports.terms("subscriptions", row, mapping={"customer": "Who", "price": "Price"})


async def test_chunks_change_nothing(imports):
    rows = [
        subscription(customer=str(n % 7), subscription=f"S{n}", cancelled_at="2024-03-01" if n % 2 else "")
        for n in range(40)
    ]
    result = await imports.terms("subscriptions", *rows, lines_a_chunk=3)
    assert (result.rows_taken, result.added) == (40, Counts(customers=7, subscriptions=40))
    counted = "SELECT count(*) FILTER (WHERE version = 1), count(*) FILTER (WHERE version = 2) FROM subscriptions"
    assert await imports.rows(counted) == [(40, 20)]
    assert await imports.is_sound()
