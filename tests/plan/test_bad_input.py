"""What cannot be read: one code, a message that says what to do, and not one statement run."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from api.web.errors import execution_error

pytestmark = pytest.mark.anyio


def cursor(*held: Any) -> str:
    """Return a cursor that holds what no page would have put into it."""
    return urlsafe_b64encode(json.dumps(held).encode()).decode()


KEY = "01940000-0000-7000-8000-000000000001"
MOMENT = "2025-01-01T00:00:00.000000Z"
ORDERS = "query ($after: String) { orders(after: $after) { nodes { id } } }"
BY_TOTAL = "query ($after: String) { orders(after: $after, orderBy: {field: TOTAL}) { nodes { id } } }"
BY_COUNT = "query ($after: String) { customers(after: $after, orderBy: [{field: ORDER_COUNT}]) { nodes { id } } }"
BY_NAME = "query ($after: String) { products(after: $after) { nodes { id } } }"
PAGE = "query ($first: Int, $last: Int) { customers(first: $first, last: $last) { nodes { id } } }"
SEARCH = "query ($query: String) { customers(query: $query) { nodes { id } } }"
FOREIGN = "This cursor belongs to another list or order; start again without it."
GARBAGE = "This is not a cursor of this list; pass one that a page has returned."
IDENTIFIER = "look like cus_ and 32 hexadecimal digits"

CASES = {
    "no identifier": ('{ customer(by: {id: "18102"}) { id } }', {}, IDENTIFIER),
    "no identifier of a node": ('{ node(id: "cus_18102") { id } }', {}, IDENTIFIER),
    "an identifier in capitals": (f'{{ node(id: "CUS_{"A" * 32}") {{ id }} }}', {}, IDENTIFIER),
    "no identifier among nodes": ('{ nodes(ids: [""]) { id } }', {}, IDENTIFIER),
    "too many nodes": ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x"] * 101}, "at most 100"),
    "a cursor of another order": (BY_TOTAL, {"after": cursor("orders -placed_at", MOMENT, KEY)}, FOREIGN),
    "a cursor of another list": (ORDERS, {"after": cursor("customers +created_at", MOMENT, KEY)}, FOREIGN),
    "text that is no cursor": (ORDERS, {"after": "the second page"}, GARBAGE),
    "an empty cursor": (ORDERS, {"after": ""}, GARBAGE),
    "letters no cursor has": (ORDERS, {"after": "ÄÖÜ"}, GARBAGE),
    "a cursor with a tail": (ORDERS, {"after": cursor("orders -placed_at", MOMENT, KEY)[:-3]}, GARBAGE),
    "a cursor of nothing": (ORDERS, {"after": cursor()}, GARBAGE),
    "a cursor of a number": (ORDERS, {"after": urlsafe_b64encode(b"5").decode()}, GARBAGE),
    "a cursor with too little": (ORDERS, {"after": cursor("orders -placed_at", MOMENT)}, GARBAGE),
    "a cursor with too much": (ORDERS, {"after": cursor("orders -placed_at", MOMENT, KEY, KEY)}, GARBAGE),
    "a cursor with no moment": (ORDERS, {"after": cursor("orders -placed_at", "yesterday", KEY)}, GARBAGE),
    "a cursor with no offset": (ORDERS, {"after": cursor("orders -placed_at", "2025-01-01T00:00:00", KEY)}, GARBAGE),
    "a cursor with a number": (ORDERS, {"after": cursor("orders -placed_at", 5, KEY)}, GARBAGE),
    "a cursor with no key": (ORDERS, {"after": cursor("orders -placed_at", MOMENT, "key")}, GARBAGE),
    "a cursor with a number for a key": (ORDERS, {"after": cursor("orders -placed_at", MOMENT, 5)}, GARBAGE),
    "a cursor with a list": (BY_TOTAL, {"after": cursor("orders -business_total", [1], KEY)}, GARBAGE),
    "a cursor with no amount": (BY_TOTAL, {"after": cursor("orders -business_total", "cheap", KEY)}, GARBAGE),
    "a cursor with NaN": (BY_TOTAL, {"after": cursor("orders -business_total", "NaN", KEY)}, GARBAGE),
    "a cursor with an endless amount": (
        BY_TOTAL,
        {"after": cursor("orders -business_total", "1e999999", KEY)},
        GARBAGE,
    ),
    "a cursor with a long number": (
        BY_COUNT,
        {"after": cursor("customers +stands_order_count", "9" * 30, KEY)},
        GARBAGE,
    ),
    "a cursor with NUL": (BY_NAME, {"after": cursor("products +name", "a\0b", KEY)}, GARBAGE),
    "a cursor with a surrogate": (BY_NAME, {"after": cursor("products +name", "\ud800", KEY)}, GARBAGE),
    "first and last": (PAGE, {"first": 1, "last": 1}, "`first` or `last`, not both"),
    "first 0": (PAGE, {"first": 0}, "`first` must be between 1 and 100"),
    "first 101": (PAGE, {"first": 101}, "`first` must be between 1 and 100"),
    "first -1": (PAGE, {"first": -1}, "`first` must be between 1 and 100"),
    "last 0": (PAGE, {"last": 0}, "`last` must be between 1 and 100"),
    "last 101": (PAGE, {"last": 101}, "`last` must be between 1 and 100"),
    "first 101 below": ("{ customers { nodes { orders(first: 101) { nodes { id } } } } }", {}, "between 1 and 100"),
    "both below": ("{ customers { nodes { orders(first: 1, last: 1) { nodes { id } } } } }", {}, "not both"),
    "an empty query": (SEARCH, {"query": ""}, "a word of at least 3 characters"),
    "a short query": (SEARCH, {"query": " an be "}, "a word of at least 3 characters"),
    "relevance to nothing": ("{ customers(orderBy: [{field: RELEVANCE}]) { nodes { id } } }", {}, "needs `query`"),
    "one field twice": (
        "{ customers(orderBy: [{field: CREATED_AT}, {field: CREATED_AT, direction: DESC}]) { nodes { id } } }",
        {},
        "each field once",
    ),
    "a variable of another type": (PAGE, {"first": "one"}, "Int cannot represent non-integer value"),
    "a variable that is missing": ("query ($i: ID!) { node(id: $i) { id } }", {}, "to be provided"),
    "a moment without offset": (
        "query ($t: DateTime) { orders(asOf: $t) { nodes { id } } }",
        {"t": "2025-01-01T00:00:00"},
        "the offset is needed",
    ),
    "a moment long ago": (
        "query ($t: DateTime) { orders(asOf: $t) { nodes { id } } }",
        {"t": "0001-01-01T00:00:00Z"},
        "between the years 1900 and 2200",
    ),
    "an amount as a float": (
        "query ($a: Decimal) { orders(filter: {total: {gt: $a}}) { nodes { id } } }",
        {"a": 0.1},
        'such as "12.50"',
    ),
    "two names for one customer": (
        "query ($by: CustomerIdentifierInput!) { customer(by: $by) { id } }",
        {"by": {"email": "a@example.com", "phone": "+4930"}},
        "exactly one",
    ),
    "no name for a customer": (
        "query ($i: ID) { customer(by: {id: $i}) { id } }",
        {"i": None},
        "",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_cannot_be_read_is_refused_before_anything_is(ask, case):
    text, variables, message = case
    await ask.run(text, variables)
    (error,) = ask.errors
    told = execution_error(error, "request")
    assert told["extensions"]["code"] == "BAD_USER_INPUT", error.original_error
    assert message in told["message"]
    assert ask.statements == []


UNKNOWN = {
    "a customer": '{ found: customer(by: {id: "cus_00000000000070008000000000000000"}) { id } }',
    "an identifier of another type": '{ found: customer(by: {id: "ord_00000000000070008000000000000000"}) { id } }',
    "an external id": '{ found: customer(by: {externalId: {source: "s", value: "v"}}) { id } }',
    "an address": '{ found: customer(by: {email: "nobody@example.com"}) { id } }',
    "an order": '{ found: order(by: {number: "none"}) { id } }',
    "a product": '{ found: product(sku: "none") { id } }',
    "a node": '{ found: node(id: "ref_00000000000070008000000000000000") { id } }',
}


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
async def test_what_is_not_there_is_null_and_no_error(ask, given, text):
    await given.customers(1)
    assert await ask(text) == {"found": None}


async def test_a_document_that_names_two_customers_is_not_valid(ask):
    (refused,) = ask.refusals('{ customer(by: {email: "a@example.com", phone: "+4930"}) { id } }')
    assert "exactly one field" in refused


async def test_a_list_refused_does_not_keep_its_neighbour_from_being_read(ask, given):
    await given.customers(1)
    data = await ask('{ good: product(sku: "none") { id } customer(by: {id: "bad"}) { id } }', fails=True)
    assert data == {"good": None, "customer": None}
    assert ask.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("word", ["100%", "a_b", "back\\slash", "%%%", "___"])
async def test_wild_cards_are_searched_for_as_they_stand(ask, given, word):
    await given.customer(first_name="Ann", email=None)
    there = await given.customer(first_name=word)
    answer = await ask(SEARCH, query=word)
    assert answer == {"customers": {"nodes": [{"id": there.id}]}}


async def test_a_search_that_outlives_its_errors_works_again(ask, given):
    await given.customers(1)
    for query, found in (("x", None), ("customer", 1), ("", None), ("customer", 1)):
        data = await ask(SEARCH, query=query, fails=found is None)
        assert (data and len(data["customers"]["nodes"])) == found
