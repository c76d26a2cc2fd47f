"""What setting a customer records, exactly, and what its answer shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.writes.changes import (
    SET_CUSTOMER,
    customer,
    told,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(given):
    """A customer who can be named by e-mail."""
    return await given.customer(first_name="Ann", email="ann@example.com")


async def test_a_customer_is_created_and_changed_part_by_part(ask, given):
    await given.business()
    name = {"externalId": {"source": "crm", "value": "7"}}
    made = await ask(
        SET_CUSTOMER,
        input=customer(
            name, firstName=" Ann ", lastName="Lee", email="Ann@Example.COM", phone="+49 30 123456", country="de",
            locale="de-DE", tags=["b", "a", "b"], companyName="Acme", kind="BUSINESS",
        ),
    )  # fmt: skip
    assert made["setCustomer"]["created"] is True
    first = made["setCustomer"]["customer"]
    assert first | {"id": None} == {
        "id": None, "kind": "BUSINESS", "displayName": "Ann Lee", "firstName": "Ann", "lastName": "Lee",
        "email": "Ann@example.com", "phone": "+4930123456", "country": "DE", "locale": "de-DE", "tags": ["b", "a"],
        "version": 1, "externalIds": [{"source": "crm", "value": "7"}], "company": {"name": "Acme"},
    }  # fmt: skip
    again = await ask(SET_CUSTOMER, input=customer(name, lastName=None, tags=None, companyName="ACME"))
    assert again["setCustomer"]["created"] is False
    second = again["setCustomer"]["customer"]
    assert second == first | {"lastName": None, "displayName": "Ann", "tags": [], "version": 2}


async def test_naming_a_customer_by_an_identifier_keeps_that_identifier(ask, given):
    await given.business()
    name = {"externalId": {"source": "crm", "value": "7"}}
    for _ in range(3):
        answer = await ask(SET_CUSTOMER, input=customer(name, externalIds=[{"source": "shop", "value": "9"}]))
        assert answer["setCustomer"]["userErrors"] == []
    assert await given.connection.fetchval("SELECT count(*) FROM customers") == 1
    assert answer["setCustomer"]["customer"]["externalIds"] == [
        {"source": "crm", "value": "7"},
        {"source": "shop", "value": "9"},
    ]


async def test_a_new_customer_can_be_found_by_what_named_it(ask, given):
    await given.business()
    both: list[Any] = [{"phone": None, "firstName": "Ann"}, {"lastName": "Lee"}]
    for parts in both:
        answer = (await ask(SET_CUSTOMER, input=customer({"phone": "+4930123456"}, **parts)))["setCustomer"]
        assert answer["userErrors"] == []
    assert answer["customer"]["displayName"] == "Ann Lee"
    assert await given.connection.fetchval("SELECT count(*) FROM customers") == 1


async def test_who_sends_what_is_known_changes_nothing(ask, given):
    await given.business()
    name = {"externalId": {"source": "crm", "value": "7"}}
    ask.now = datetime(2025, 6, 1, tzinfo=UTC)
    sent: Any = {"email": "a@example.com", "companyName": "Acme", "tags": ["a"], "externalIds": [name["externalId"]]}
    first = (await ask(SET_CUSTOMER, input=customer(name, **sent)))["setCustomer"]["customer"]
    ask.now = datetime(2025, 6, 2, tzinfo=UTC)
    again = (await ask(SET_CUSTOMER, input=customer(name, **sent)))["setCustomer"]["customer"]
    assert (again, again["version"]) == (first, 1)
    assert await given.connection.fetchval("SELECT updated_at FROM customers") == datetime(2025, 6, 1, tzinfo=UTC)
    for part in ({"tags": ["b"]}, {"companyName": "Other"}, {"externalIds": [{"source": "shop", "value": "1"}]}):
        answer = (await ask(SET_CUSTOMER, input=customer(name, **part)))["setCustomer"]["customer"]
        assert answer["version"] == again["version"] + 1
        again = answer


async def test_a_conflict_tells_the_version_to_read_again(ask, ann, given):
    await ask(SET_CUSTOMER, input=customer({"id": ann.id}, firstName="Anna", expected=1))
    answer = await ask(SET_CUSTOMER, input=customer({"id": ann.id}, firstName="Annie", expected=1))
    (error,) = answer["setCustomer"]["userErrors"]
    assert told(error) == ("CONFLICT", "input.expectedVersion")
    assert error["currentVersion"] == 2
    assert await given.connection.fetchval("SELECT first_name FROM customers") == "Anna"
