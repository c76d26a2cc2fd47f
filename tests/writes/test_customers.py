"""Customers that are created and changed at the same time stay one each."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from api.database import database as open_database
from api.domain.customer_name import CustomerName, ExternalKey
from api.errors import UserErrorCode
from api.writes import once as recording
from api.writes.customers import set_customer
from api.writes.once import once
from tests.writes.changes import new_key, request

pytestmark = pytest.mark.anyio

CRM_7 = ExternalKey("crm", "7")


@pytest.fixture
async def pools(database_url, given):
    """Two pools, as two processes have them."""
    await given.business()
    async with AsyncExitStack() as opened:
        yield [await opened.enter_async_context(open_database(database_url, pool_size=10)) for _ in range(2)]


async def known_as(database, name, expected_version=None, **parts):
    """Create or change a customer; return its outcome."""
    work = request(new_key())
    recorded = await once(database, work, lambda change: set_customer(change, name, parts, expected_version))
    return recorded.outcomes[0]


def taken(outcome):
    return [(error.code, error.field) for error in outcome.errors]


@pytest.mark.parametrize(
    "name",
    [CustomerName(external_id=CRM_7), CustomerName(email="Ann@example.com"), CustomerName(phone="+4930123456")],
    ids=["external id", "email", "phone"],
)
async def test_customers_created_at_the_same_time_under_one_name_are_one(pools, given, name):
    found = await asyncio.gather(*(known_as(pools[n % 2], name, first_name=f"Ann {n}") for n in range(40)))
    assert [outcome.errors for outcome in found] == [()] * 40
    assert len({outcome.ids["customer"] for outcome in found}) == 1
    assert sum(outcome.created for outcome in found) == 1
    assert await given.connection.fetchval("SELECT count(*) FROM customers") == 1
    assert await given.connection.fetchval("SELECT version FROM customers") == 40


async def test_one_email_under_many_external_identifiers_is_one_customer(pools, given):
    names = [CustomerName(external_id=ExternalKey("crm", str(number))) for number in range(20)]
    found = await asyncio.gather(*(known_as(pools[n % 2], name, email="a@example.com") for n, name in enumerate(names)))
    assert sum(not outcome.errors for outcome in found) == 1
    assert {code for outcome in found for code in taken(outcome)} == {
        (UserErrorCode.TAKEN, ("input", "customer", "email"))
    }
    assert await given.connection.fetchval("SELECT count(*) FROM customers") == 1
    assert await given.connection.fetchval("SELECT count(*) FROM customer_external_ids") == 1


async def test_one_company_named_by_many_at_the_same_time_is_one(pools, given):
    names = [CustomerName(external_id=ExternalKey("crm", str(number))) for number in range(20)]
    await asyncio.gather(*(known_as(pools[n % 2], name, company_name="Acme") for n, name in enumerate(names)))
    assert await given.connection.fetchval("SELECT count(*) FROM companies") == 1
    assert await given.connection.fetchval("SELECT count(company_id) FROM customers") == 20


async def test_of_changes_that_expect_one_version_the_first_is_made(pools, given):
    customer = await given.customer(first_name="Ann")
    name = CustomerName(id=customer.id)
    found = await asyncio.gather(*(known_as(pools[n % 2], name, 1, first_name=f"Ann {n}") for n in range(20)))
    assert sum(not outcome.errors for outcome in found) == 1
    assert {(e.code, e.current_version) for outcome in found for e in outcome.errors} == {(UserErrorCode.CONFLICT, 2)}


@pytest.mark.parametrize(
    ("name", "parts", "field"),
    [
        (CustomerName(email="new@example.com"), {"external_ids": [CRM_7]}, "externalIds"),
        (CustomerName(phone="+4930999999"), {"external_ids": [CRM_7]}, "externalIds"),
        (CustomerName(external_id=ExternalKey("crm", "8")), {"external_ids": [CRM_7]}, "externalIds"),
        (CustomerName(external_id=ExternalKey("crm", "8")), {"email": "ANN@example.com"}, "email"),
        (CustomerName(external_id=ExternalKey("crm", "8")), {"phone": "+4930123456"}, "phone"),
        (CustomerName(email="bob@example.com"), {"external_ids": [CRM_7]}, "externalIds"),
        (CustomerName(email="bob@example.com"), {"email": "ann@EXAMPLE.com"}, "email"),
        (CustomerName(email="bob@example.com"), {"phone": "+4930123456"}, "phone"),
    ],
)
async def test_what_names_one_customer_cannot_name_another(pools, given, name, parts, field):
    await given.customer(email="Ann@example.com", phone="+4930123456", external_ids=[("crm", "7")])
    await given.customer(email="bob@example.com")
    before = await given.connection.fetch("SELECT * FROM customers ORDER BY 1")
    assert taken(await known_as(pools[0], name, **parts)) == [(UserErrorCode.TAKEN, ("input", "customer", field))]
    assert await given.connection.fetch("SELECT * FROM customers ORDER BY 1") == before
    assert await given.connection.fetchval("SELECT count(*) FROM customer_external_ids") == 1


async def test_a_merged_customer_is_not_changed_and_its_survivor_buys(pools, given):
    survivor = await given.customer()
    gone = await given.customer(merged_into=survivor.key, external_ids=[("crm", "7")])
    for name in (CustomerName(id=gone.id), CustomerName(external_id=CRM_7)):
        outcome = await known_as(pools[0], name, first_name="Ann")
        assert taken(outcome) == [(UserErrorCode.ALREADY_MERGED, ("input", "identifier"))]


async def test_identifiers_in_any_order_do_not_lock_each_other_out(pools, given, monkeypatch):
    monkeypatch.setattr(recording, "ATTEMPTS", 1)  # a deadlock would not be tried again
    ids = [ExternalKey("crm", str(number)) for number in range(10)]
    one, two, other = [await given.customer(first_name=name) for name in "ABC"]
    # Whoever is held at the middle one has taken those before it.
    middle = given.connection.transaction()
    await middle.start()
    await given.connection.execute("INSERT INTO customer_external_ids VALUES ($1, 'crm', '5')", other.key)
    racing = asyncio.gather(
        known_as(pools[0], CustomerName(id=one.id), external_ids=ids),
        known_as(pools[1], CustomerName(id=two.id), external_ids=ids[::-1]),
    )
    await asyncio.sleep(0.3)
    await middle.rollback()
    assert sorted(len(outcome.errors) for outcome in await racing) == [0, 1]
    assert await given.connection.fetchval("SELECT count(DISTINCT customer_id) FROM customer_external_ids") == 1
