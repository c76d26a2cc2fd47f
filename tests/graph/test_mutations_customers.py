"""What setting a customer records, exactly, and what its answer shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
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


ADDRESS = "postalAddress { address1 address2 city provinceCode postalCode countryCode }"
SET_ADDRESS = f"""mutation ($input: SetCustomerInput!) {{ setCustomer(input: $input) {{
  customer {{ version {ADDRESS} }} userErrors {{ code field message }} }} }}"""


async def test_a_postal_address_is_set_replaced_and_emptied_as_a_whole(ask, given, ann):
    name = {"id": ann.id}

    async def answered(**parts):
        return (await ask(SET_ADDRESS, input=customer(name, **parts)))["setCustomer"]

    nothing = dict.fromkeys(("address1", "address2", "city", "provinceCode", "postalCode", "countryCode"))
    full = {"address1": " Lindenstraße 5 ", "address2": "3. Stock", "city": "Bonn", "provinceCode": "nw"}
    full |= {"postalCode": "53111", "countryCode": "de"}
    kept = {**full, "address1": "Lindenstraße 5", "provinceCode": "NW", "countryCode": "DE"}
    assert (await answered(postalAddress=full))["customer"] == {"version": 2, "postalAddress": kept}
    assert (await answered(postalAddress=full, firstName="Ann"))["customer"]["version"] == 2, "nothing changed"
    assert (await answered(firstName="Anna"))["customer"] == {"version": 3, "postalAddress": kept}
    short = {"address1": "12 Church Lane", "city": "York", "countryCode": "GB"}
    assert (await answered(postalAddress=short))["customer"] == {"version": 4, "postalAddress": nothing | short}
    wrong = {
        "address1": ({"address1": " "}, "BLANK"),
        "city": ({"city": "x" * 201}, "TOO_LONG"),
        "address2": ({"address2": "a\0b"}, "INVALID"),
        "provinceCode": ({"provinceCode": "Bavaria"}, "INVALID"),
        "postalCode": ({"postalCode": "1" * 65}, "TOO_LONG"),
        "countryCode": ({"countryCode": "XX"}, "INVALID"),
    }
    for part, (more, code) in wrong.items():
        (error,) = (await answered(postalAddress=short | more))["userErrors"]
        assert (error["code"], error["field"]) == (code, ["input", "customer", "postalAddress", part])
    assert (await answered(postalAddress=None))["customer"] == {"version": 5, "postalAddress": None}
    made = await ask(SET_ADDRESS, input=customer({"email": "bo@example.com"}, postalAddress=short))
    assert made["setCustomer"]["customer"] == {"version": 1, "postalAddress": nothing | short}


@pytest.mark.parametrize(
    "columns",
    [
        {"address1": "Lindenstraße 5", "city": "Bonn"},
        {"postal_code": "53111"},
        {"city": "Bonn", "postal_country": "DE"},
    ],
    ids=["no country", "a postal code alone", "no street"],
)
async def test_there_is_no_half_of_an_address(given, columns):
    with pytest.raises(asyncpg.CheckViolationError):
        await given.customer(**columns)


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
