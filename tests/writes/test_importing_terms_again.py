"""Importing subscriptions, support plans and contracts that are recorded already, also by somebody else meanwhile."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from api.writes.importing import Counts, staging, term_recording, things
from api.writes.importing.contracts import CONTRACTS
from api.writes.importing.lines import Books
from api.writes.importing.results import ImportResult
from api.writes.importing.subscriptions import SUBSCRIPTIONS
from api.writes.importing.support_plans import SUPPORT_PLANS
from api.writes.importing.term_table import TermTable
from tests.writes.changes import new_key
from tests.writes.imports import SHOP, contract, enrollment, subscription

pytestmark = pytest.mark.anyio

IMPORTS_TAKE_TURNS = "SELECT pg_advisory_xact_lock(7341905528)"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
START = """mutation ($input: StartSubscriptionInput!) {
  startSubscription(input: $input) { subscription { id } userErrors { code } } }"""
CANCEL = """mutation ($input: CancelSubscriptionInput!) {
  cancelSubscription(input: $input) { subscription { id } userErrors { code } } }"""
USE = """mutation ($input: UseSupportAllowanceInput!) {
  useSupportAllowance(input: $input) { usage { id } userErrors { code } } }"""
EVERYTHING = {
    "subscriptions": (subscription, {"ended_at": "2024-05-10", "cancellation_reason": "UNUSED"}),
    "support-plans": (enrollment, {"price": "99", "ends_at": "2025-01-31", "used_incidents": "2"}),
    "contracts": (contract, {"terminated_at": "2024-06-01", "termination_reason": "Sold"}),
}
TABLES = ("customers", "subscriptions", "support_plans", "support_usages", "contracts")


async def recorded(imports):
    """Return every row of the tables that an import of things with a term writes."""
    return [await imports.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES]


def known(kind, count, customers=1):
    return Counts(customers=customers, **{kind.replace("-", "_"): count})


@pytest.mark.parametrize("kind", EVERYTHING)
async def test_the_same_file_again_adds_nothing(imports, kind):
    row, ended = EVERYTHING[kind]
    name = next(name for name in row() if name in ("subscription", "enrollment", "contract"))
    rows = (row(), row(**{name: "2"}, **ended), row(**{name: "3"}, customer="4712"))
    first = await imports.terms(kind, *rows)
    before = await recorded(imports)
    again = await imports.terms(kind, *rows, business=None)
    assert (first.added, again.added, again.known) == (known(kind, 3, 2), Counts(), known(kind, 3, 2))
    assert (again.rows_taken, again.rejected) == (3, {})
    assert await recorded(imports) == before


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        *[
            ("subscriptions", {name: cell})
            for name, cell in (("customer", "4712"), ("kind", "SERVICE"), ("plan", "Chai"))
        ],
        *[
            ("subscriptions", {name: cell})
            for name, cell in (("price", "13"), ("currency", "USD"), ("interval", "P2M"))
        ],
        *[
            ("subscriptions", {name: "2024-02-10"})
            for name in ("started_at", "trial_ends_at", "period_end", "ended_at")
        ],
        ("subscriptions", {"grace": "P1D"}),
        *[("support-plans", {name: "2025-02-10"}) for name in ("starts_at", "ends_at", "ended_at")],
        *[("support-plans", {name: "7"}) for name in ("plan", "price", "included_incidents", "used_incidents")],
        ("support-plans", {"response_target": "P1D"}),
        *[("contracts", {name: "7"}) for name in ("customer", "number", "name", "value")],
        *[("contracts", {name: "P1M"}) for name in ("billing_interval", "notice", "renewal_interval")],
        *[("contracts", {name: "2024-01-10"}) for name in ("signed_at", "starts_at")],
        *[("contracts", {"ends_at": "2026-01-31"}), ("contracts", {"auto_renew": "yes"})],
        ("contracts", {"terminated_at": "2024-06-01", "termination_reason": "Sold"}),
    ],
)
async def test_a_row_that_was_changed_contradicts_what_is_recorded(imports, kind, changed):
    row, _ = EVERYTHING[kind]
    await imports.terms(kind, row(period_end="2024-02-29") if "grace" in changed else row())
    before = await recorded(imports)
    result = await imports.terms(kind, row(**changed))
    assert (result.added, result.rejected, imports.rejected()) == (Counts(), {"CONFLICT": 1}, [(1, "CONFLICT")])
    assert await recorded(imports) == before


@pytest.mark.parametrize("kind", EVERYTHING)
async def test_a_row_that_no_longer_says_of_an_end_contradicts_it(imports, kind):
    row, ended = EVERYTHING[kind]
    ended = ended if kind != "support-plans" else {"cancelled_at": "2024-06-01"}
    await imports.terms(kind, row(**ended))
    assert (await imports.terms(kind, row())).rejected == {"CONFLICT": 1}


async def test_of_rows_with_one_identifier_the_first_holds(imports):
    rows = (contract(), contract(), contract(value="1300", customer="4712"), contract(contract="C2"))
    result = await imports.terms("contracts", *rows)
    assert (result.rows_taken, result.rejected) == (3, {"CONFLICT": 1})
    assert (result.added, result.known) == (Counts(customers=1, contracts=2), Counts())
    assert imports.rejected() == [(3, "CONFLICT")]
    assert await imports.rows("SELECT external_id, value::text FROM contracts ORDER BY 1") == [
        ("C1", "1200"),
        ("C2", "1200"),
    ]


async def test_the_same_identifier_in_another_source_is_another_thing(imports):
    await imports.terms("contracts", contract())
    result = await imports.terms("contracts", contract(), mapping={"source": "=crm"})
    assert result.added == Counts(customers=1, contracts=1)


async def test_what_was_changed_here_since_is_no_contradiction(imports, ask):
    rows = subscription(period_end="2190-01-31"), enrollment(used_incidents="2", included_incidents="5")
    for kind, row in zip(("subscriptions", "support-plans"), rows, strict=True):
        await imports.terms(kind, row)
    which = await imports.one("SELECT 'sub_' || replace(subscription_id::text, '-', '') FROM subscriptions")
    ended = await ask(CANCEL, input={"subscriptionId": which, "reason": "UNUSED", "idempotencyKey": new_key()})
    which = await imports.one("SELECT 'sup_' || replace(support_plan_id::text, '-', '') FROM support_plans")
    used = await ask(USE, input={"enrollmentId": which, "incidents": 1, "idempotencyKey": new_key()})
    assert not ended["cancelSubscription"]["userErrors"] + used["useSupportAllowance"]["userErrors"]
    before = await recorded(imports)
    for kind, row in zip(("subscriptions", "support-plans"), rows, strict=True):
        again = await imports.terms(kind, row)
        assert (again.added, again.known, again.rejected) == (Counts(), known(kind, 1), {})
    fewer = await imports.terms("support-plans", rows[1] | {"used_incidents": "4"})
    assert fewer.rejected == {"CONFLICT": 1}
    assert await recorded(imports) == before


async def test_a_customer_that_was_merged_stands_for_the_one_that_goes_on(imports):
    await imports.terms("contracts", contract(), contract(contract="C2", customer="4712"))
    await imports.connection.execute(
        "UPDATE customers SET merged_into = (SELECT customer_id FROM customer_external_ids WHERE value = '4712')"
        " WHERE customer_id = (SELECT customer_id FROM customer_external_ids WHERE value = '4711')"
    )
    result = await imports.terms("contracts", contract(), contract(contract="C3"))
    assert (result.added.contracts, result.known.contracts, result.rejected) == (1, 1, {})
    owner = "SELECT i.value FROM contracts JOIN customer_external_ids i USING (customer_id) WHERE number = 'C3'"
    assert await imports.one(owner) == "4712"


@pytest.mark.parametrize(("price", "rejected"), [("12.50", {}), ("9.00", {"CONFLICT": 1})])
async def test_a_subscription_that_is_started_meanwhile_is_not_recorded_twice(imports, ask, price, rejected):
    await imports.terms("subscriptions", subscription(subscription="S0"))
    started = {
        "customer": {"externalId": {"source": "import", "value": "4711"}},
        "externalId": {"source": "import", "value": "S1"},
        "kind": "PRODUCT",
        "planName": "Tea of the month",
        "interval": "P1M",
        "price": {"amount": price, "currencyCode": "EUR"},
        "startedAt": "2024-01-31T00:00:00+01:00",
    }
    holder = await asyncpg.connect(imports.dsn)
    async with asyncio.timeout(30), holder.transaction():
        await holder.execute(IMPORTS_TAKE_TURNS)
        rows = (subscription(ended_at="" if price == "12.50" else "2024-05-10"), subscription(subscription="S2"))
        running = asyncio.create_task(imports.terms("subscriptions", *rows))
        while not await imports.one(WAITING):  # noqa: ASYNC110  (what is waited for happens in the server)
            await asyncio.sleep(0.01)
        answer = await ask(START, input={"subscription": started, "idempotencyKey": new_key()})
        assert answer["startSubscription"]["userErrors"] == []
    await holder.close()
    result = await running
    assert (result.added, result.rejected) == (Counts(subscriptions=1), rejected)
    assert result.known == Counts(customers=1, subscriptions=1 - len(rejected))
    assert await imports.rows("SELECT external_id, version, price::text FROM subscriptions ORDER BY 1") == [
        ("S0", 1, "12.50"),
        ("S1", 1, price),
        ("S2", 1, "12.50"),
    ]
    assert await imports.is_sound()


@pytest.mark.parametrize(
    ("kind", "row"), [(SUBSCRIPTIONS, subscription), (SUPPORT_PLANS, enrollment), (CONTRACTS, contract)]
)
async def test_a_chunk_takes_the_same_few_statements_whatever_its_size(imports, kind, row):
    one, many = [await statements_of_a_chunk(imports, kind, row, size, at) for size, at in ((1, 0), (2_000, 10))]
    assert one == many
    own = [statement for statement in many if f" {kind.recorded.name} " in statement]
    # The first versions, the second ones, and what was used of an allowance.
    assert [statement.split()[0] for statement in own if "INSERT INTO" in statement][:2] == ["WITH", "INSERT"]
    assert len(many) <= 12


async def statements_of_a_chunk(imports, kind, row, size, first):
    """Record rows of new things as one chunk; return the statements that took, behind those about customers."""
    connection = await asyncpg.connect(imports.dsn)
    await staging.create(connection)
    rows = [row(customer=str(n % 100), **{kind.identifier: str(n)}) for n in range(first, first + size)]
    reader = TermTable(tuple(rows[0]), Books("EUR", ZoneInfo("UTC"), datetime.now(UTC)), {}, kind)
    await staging.copy(
        connection, kind.staged, [reader.line(n, list(cells.values())) for n, cells in enumerate(rows, 1)]
    )
    await things.gather(connection, kind, things_a_chunk=5_000)
    said: list[str] = []
    with connection.query_logger(lambda record: said.append(record.query)):
        result = await term_recording.record(connection, SHOP, kind, ImportResult(size, size), lambda progress: None)
        await asyncio.sleep(0)
    await connection.close()
    assert getattr(result.added, kind.counted) == size
    begins = [number for number, query in enumerate(said) if query.startswith("BEGIN")]
    ends = [number for number, query in enumerate(said) if query.startswith("COMMIT")]
    return said[begins[-1] + 1 : ends[-1]]
