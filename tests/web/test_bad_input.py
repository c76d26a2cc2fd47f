"""Each bad input has one status and one code; none is a 5xx, none is an error in the log, none does harm."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.web.live_server import serving_as_shipped

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
TYPENAME = b'{"query": "{ __typename }"}'

FIND = "query Find($email: String!) { customer(by: {email: $email}) { displayName } }"
PAGE = "query Page($n: Int) { customers(first: $n) { nodes { id } } }"
AT = "query At($m: DateTime) { customers(asOf: $m, first: 1) { nodes { id } } }"
FILTER = "query Filter($filter: CustomerFilterInput) { customers(filter: $filter, first: 1) { nodes { id } } }"
COUNTED, SUMMED = {"orderCount": {"gte": 1}}, {"historicNet": {"gte": "1.00"}}
RECORD = "mutation Record($input: RecordPurchaseInput!) { recordPurchase(input: $input) { order { id } } }"


@pytest.fixture(scope="module")
def address(module_database_url: str) -> Iterator[str]:
    with serving_as_shipped(module_database_url) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address) as client:
        yield client


@pytest.fixture(autouse=True)
def harmless(client: httpx2.Client, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each input the log holds no error, and the server answers."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []
    assert post(client, TYPENAME).json() == {"data": {"__typename": "Query"}}


def post(client: httpx2.Client, body: bytes, accept: str = JSON, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/graphql", content=body, headers={"accept": accept, "content-type": JSON, **named})


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


def nested(depth: int) -> dict[str, Any]:
    return {"not": nested(depth - 1)} if depth else {}


def variables(text: str) -> bytes:
    """Return a request whose variables are written as given, which may be no JSON at all."""
    return b'{"query": "{ __typename }", "variables": ' + text.encode() + b"}"


# What is no GraphQL request at all: 400 BAD_REQUEST, whatever is accepted.
MALFORMED = {
    "nothing": b"",
    "white space": b" \r\n",
    "invalid UTF-8": b'{"query": "\xff"}',
    "an overlong NUL": b'{"query": "\xc0\x80"}',
    "UTF-16": TYPENAME.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + TYPENAME,
    "a number of 5,000 digits": b"1" * 5_000,
    "a number of 5,000 digits inside": variables(f'{{"n": {"1" * 5_000}}}'),
    "a number too large for a float": variables('{"n": 1e999}'),
    "NaN": variables('{"n": NaN}'),
    "Infinity": variables('{"n": -Infinity}'),
    "a leading zero": variables('{"n": 01}'),
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets, closed": b"[" * 100_000 + b"]" * 100_000,
    "100,000 objects in variables": variables('{"a":' * 100_000 + "1" + "}" * 100_000),
    "a string": b'"{ __typename }"',
    "an integer": b"1",
    "null": b"null",
    "a list": b"[]",
    "a batch": b"[" + TYPENAME + b"]",
    "two bodies": TYPENAME + TYPENAME,
    "trailing bytes": TYPENAME + b" x",
    "half a body": TYPENAME[:-9],
    "single quotes": b"{'query': '{ __typename }'}",
    "a form": b"query=%7B+__typename+%7D",
    "a NUL byte": b'{"query": "{ __typename }\x00"}',
    "a lone surrogate": variables('{"a": "\\ud800"}'),
    "the second half of a pair": variables('{"a": "\\udc00\\ud800"}'),
    "no query": b"{}",
    "a misspelt query": b'{"qeury": "{ __typename }"}',
    "a null query": b'{"query": null}',
    "an empty query": b'{"query": " "}',
    "a query that is no string": b'{"query": {"a": 1}}',
    "variables that are a list": variables("[7]"),
    "variables that are a string": variables('"{}"'),
    "an operation name that is a number": b'{"query": "{ __typename }", "operationName": 1}',
    "extensions that are a string": b'{"query": "{ __typename }", "extensions": "a"}',
    "the last of two queries": b'{"query": "{ __typename }", "query": 1}',
}


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in MALFORMED.items()])
def test_what_is_no_graphql_request_is_a_bad_request(client: httpx2.Client, body: bytes):
    for accept in (JSON, GRAPHQL_JSON):
        answer = post(client, body, accept)
        assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST"), answer.text
        assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
        assert "data" not in answer.json()


# A document that is named and not sent.
NAMED = {
    "by its hash": (
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "00"}}},
        "PERSISTED_QUERY_NOT_SUPPORTED",
    ),
    "by an identifier": ({"documentId": "sha256:00"}, "UNKNOWN_DOCUMENT"),
    "by both": ({"documentId": "a", "extensions": {"persistedQuery": {}}, "query": None}, "UNKNOWN_DOCUMENT"),
    "by a number": ({"documentId": 1}, "BAD_REQUEST"),
}


@pytest.mark.parametrize(("body", "expected"), [pytest.param(*case, id=name) for name, case in NAMED.items()])
def test_a_document_that_is_named_is_unknown(client: httpx2.Client, body: dict[str, Any], expected: str):
    for accept in (JSON, GRAPHQL_JSON):
        answer = post(client, json.dumps(body).encode(), accept)
        assert (answer.status_code, code(answer)) == (400, expected), answer.text
        assert "data" not in answer.json()


def test_the_place_of_what_is_no_utf8_is_told(client: httpx2.Client):
    message = post(client, b'{"query": "{ a\xff }"}').json()["errors"][0]["message"]
    assert message == "The request body is not JSON in UTF-8: no text has the byte 0xff there, at byte 14."


# Numbers in a document, and what is said of them.
SAID = {
    "5,000 digits": ("1" * 5_000, "The number at `customers.first` has more than 40 digits."),
    "a fraction": ("0." + "1" * 5_000, "The number at `customers.first` has more than 40 digits."),
}


@pytest.mark.parametrize(("number", "message"), [pytest.param(*case, id=name) for name, case in SAID.items()])
def test_a_long_number_is_not_sent_back(client: httpx2.Client, number: str, message: str):
    body = {"query": f"{{ customers(first: {number}) {{ nodes {{ id }} }} }}"}
    assert [error["message"] for error in post(client, json.dumps(body).encode()).json()["errors"]] == [message]


MOMENTS = {
    "2026-13-01T00:00:00Z": "There is no such moment",
    "2026-01-01T00:00:00+24:00": "There is no such moment",
    "0001-01-01T00:00:00+23:59": "between the years 1900 and 2200",
    "9999-12-31T23:59:59-23:59": "between the years 1900 and 2200",
    "x" * 9_000: "the offset is needed",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_that_is_none_is_told_in_our_words(client: httpx2.Client, moment: str):
    written = {"query": f'{{ customers(asOf: "{moment}") {{ nodes {{ id }} }} }}'}
    for body in (written, {"query": AT, "variables": {"m": moment}}):
        (error,) = post(client, json.dumps(body).encode()).json()["errors"]
        assert error["extensions"]["code"] in ("VALIDATION_FAILED", "BAD_USER_INPUT")
        assert MOMENTS[moment] in error["message"] or len(error["message"]) == 1_001
        assert len(error["message"]) <= 1_001


# What cannot be executed: told in the body to those who accept plain JSON (200), by the status to the others (400).
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "no GraphQL": ("{", {}, "PARSE_FAILED"),
    "nothing but a comment": ("# nothing", {}, "PARSE_FAILED"),
    "an unclosed string": ('{ customers(query: "a) { nodes { id } } }', {}, "PARSE_FAILED"),
    "a surrogate in a document": ('{ customers(query: "\\uD800") { nodes { id } } }', {}, "PARSE_FAILED"),
    "an unknown field": ("{ customerz { id } }", {}, "VALIDATION_FAILED"),
    "an unknown argument": ("{ customers(firs: 1) { nodes { id } } }", {}, "VALIDATION_FAILED"),
    "an unknown type": ("query A($a: Nothing) { __typename }", {}, "VALIDATION_FAILED"),
    "an unknown directive": ("{ __typename @nothing }", {}, "VALIDATION_FAILED"),
    "an unknown fragment": ("{ ...A }", {}, "VALIDATION_FAILED"),
    "a cycle of fragments": ("{ ...A } fragment A on Query { ...A }", {}, "VALIDATION_FAILED"),
    "a subscription": ("subscription { a }", {}, "VALIDATION_FAILED"),
    "a deferred fragment": ("{ ... @defer { __typename } }", {}, "VALIDATION_FAILED"),
    "no operation": ("fragment A on Query { __typename }", {}, "VALIDATION_FAILED"),
    "a type definition": ("type Query { a: Int }", {}, "VALIDATION_FAILED"),
    "a literal of the wrong kind": ('{ customers(first: "1") { nodes { id } } }', {}, "VALIDATION_FAILED"),
    "a literal above 32 bits": ("{ customers(first: 2147483648) { nodes { id } } }", {}, "VALIDATION_FAILED"),
    "a literal of 5,000 digits": (
        f"{{ customers(first: {'1' * 5_000}) {{ nodes {{ id }} }} }}",
        {},
        "BAD_USER_INPUT",
    ),
    "a day that does not exist": (
        '{ customers(asOf: "2026-02-31T00:00:00Z") { nodes { id } } }',
        {},
        "VALIDATION_FAILED",
    ),
    "several operations without a name": ("query A { __typename } query B { __typename }", {}, "BAD_REQUEST"),
    "a missing variable": (FIND, {}, "BAD_USER_INPUT"),
    "null for a text": (FIND, {"email": None}, "BAD_USER_INPUT"),
    "a number for a text": (FIND, {"email": 1}, "BAD_USER_INPUT"),
    "a list for a text": (FIND, {"email": ["a"]}, "BAD_USER_INPUT"),
    "a text for a number": (PAGE, {"n": "1"}, "BAD_USER_INPUT"),
    "a fraction for a number": (PAGE, {"n": 1.5}, "BAD_USER_INPUT"),
    "2^31": (PAGE, {"n": 2**31}, "BAD_USER_INPUT"),
    "2^63": (PAGE, {"n": 2**63}, "BAD_USER_INPUT"),
    "2^64": (PAGE, {"n": 2**64}, "BAD_USER_INPUT"),
    "1e308": (PAGE, {"n": 1e308}, "BAD_USER_INPUT"),
    "a moment without offset": (AT, {"m": "2026-01-01"}, "BAD_USER_INPUT"),
    "a moment of 10,000 digits": (AT, {"m": "1" * 10_000}, "BAD_USER_INPUT"),
    "an unknown input field": (FILTER, {"filter": {"a": 1}}, "BAD_USER_INPUT"),
    "variables 17 deep": (FILTER, {"filter": nested(16)}, "BAD_USER_INPUT"),
    "variables 900 deep": (FILTER, {"filter": nested(900)}, "BAD_USER_INPUT"),
    "25,001 values": (FILTER, {"filter": [[0] * 250] * 100}, "BAD_USER_INPUT"),
    "a list of 251 values": (FILTER, {"filter": {"kind": ["CONSUMER"] * 251}}, "BAD_USER_INPUT"),
    "a written list of 251 values": (
        f"{{ customers(filter: {{kind: [{'CONSUMER ' * 251}]}}) {{ nodes {{ id }} }} }}",
        {},
        "BAD_USER_INPUT",
    ),
    "3,600 conditions": (FILTER, {"filter": {"or": [{"and": [COUNTED] * 60}] * 60}}, "DOCUMENT_TOO_LARGE"),
    "250 conditions on sums": (FILTER, {"filter": {"or": [SUMMED] * 250}}, "DOCUMENT_TOO_LARGE"),
    "a list of 20,000 kinds": (FILTER, {"filter": {"kind": ["CONSUMER"] * 20_000}}, "BAD_USER_INPUT"),
    "900 conditions": (FILTER, {"filter": {"and": [{"or": [COUNTED] * 30}] * 30}}, "DOCUMENT_TOO_LARGE"),
    "NUL in a variable": (FIND, {"email": "a\0b"}, "BAD_USER_INPUT"),
    "NUL in a document": ('{ customers(query: "\\u0000") { nodes { id } } }', {}, "BAD_USER_INPUT"),
    "an escape character": (FIND, {"email": "\x1b[31m"}, "BAD_USER_INPUT"),
    "an override of direction": (FIND, {"email": "a\u202eb"}, "BAD_USER_INPUT"),
    "an isolate of direction": (FIND, {"email": "a\u2066b"}, "BAD_USER_INPUT"),
    "a text too long": (FIND, {"email": "a" * 10_001}, "BAD_USER_INPUT"),
    "a change without its input": (RECORD, {}, "BAD_USER_INPUT"),
    "too many tokens": ("{" + " a" * 2_000 + " }", {}, "DOCUMENT_TOO_LARGE"),
    "too many characters": ("{ __typename }" + " " * 20_000, {}, "DOCUMENT_TOO_LARGE"),
    "600 levels": ("{ a" * 600 + " }" * 600, {}, "DOCUMENT_TOO_LARGE"),
    "5,000 lists in a list": ("{ a(b: " + "[" * 5_000 + "]" * 5_000 + ") }", {}, "DOCUMENT_TOO_LARGE"),
}


@pytest.mark.parametrize(
    ("query", "given", "expected"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_what_cannot_be_executed_is_told_in_the_body_and_to_those_who_ask_by_the_status(
    client: httpx2.Client, query: str, given: dict[str, Any], expected: str
):
    body = json.dumps({"query": query, "variables": given}).encode()
    for accept, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
        answer = post(client, body, accept)
        assert (answer.status_code, code(answer)) == (status, expected), answer.text
        assert "data" not in answer.json()


def test_a_list_of_250_values_is_taken(client: httpx2.Client):
    body = {"query": FILTER, "variables": {"filter": {"kind": ["CONSUMER"] * 250}}}
    assert post(client, json.dumps(body).encode()).json() == {"data": {"customers": {"nodes": []}}}
    written = f"{{ customers(filter: {{kind: [{'CONSUMER ' * 250}]}}) {{ nodes {{ id }} }} }}"
    assert post(client, json.dumps({"query": written}).encode()).json() == {"data": {"customers": {"nodes": []}}}


def test_values_are_counted_before_they_are_looked_at(client: httpx2.Client):
    answer = post(client, json.dumps({"query": FILTER, "variables": {"filter": [[0] * 250] * 100}}).encode())
    assert answer.json()["errors"][0]["message"] == "The variables hold more than 25,000 values; send less at once."


@pytest.mark.parametrize("name", ["B", "", "a" * 100_000, "\u202e", "A "])
def test_a_name_that_no_operation_has_is_a_bad_request(client: httpx2.Client, name: str):
    body = json.dumps({"query": "query A { __typename }", "operationName": name}).encode()
    for accept, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
        answer = post(client, body, accept)
        assert (answer.status_code, code(answer)) == (status, "BAD_REQUEST"), answer.text
        assert len(answer.content) < 500


# What only the field can tell: 200, and the error stands beside the data.
ON_A_FIELD = {
    "an impossible page": "{ customers(first: 101) { nodes { id } } }",
    "both ends at once": "{ customers(first: 1, last: 1) { nodes { id } } }",
    "a foreign cursor": '{ customers(first: 1, after: "x") { nodes { id } } }',
    "no identifier": '{ node(id: "x") { id } }',
}


@pytest.mark.parametrize("query", [pytest.param(query, id=name) for name, query in ON_A_FIELD.items()])
def test_an_error_of_a_field_stands_beside_the_data(client: httpx2.Client, query: str):
    for accept in (JSON, GRAPHQL_JSON):
        answer = post(client, json.dumps({"query": query}).encode(), accept)
        assert (answer.status_code, code(answer)) == (200, "BAD_USER_INPUT"), answer.text
        assert "data" in answer.json()
        assert answer.json()["errors"][0]["path"]


# Headers that announce what is not taken, or ask for what is not given.
HEADERS = {
    "no content type": ({"content_type": ""}, 415),
    "text": ({"content_type": "text/plain"}, 415),
    "bare GraphQL": ({"content_type": "application/graphql"}, 415),
    "a form": ({"content_type": "application/x-www-form-urlencoded"}, 415),
    "several parts": ({"content_type": "multipart/form-data; boundary=x"}, 415),
    "JSON of another kind": ({"content_type": "application/json-patch+json"}, 415),
    "two content types": ({"content_type": "application/json, text/plain"}, 415),
    "another charset": ({"content_type": "application/json; charset=latin-1"}, 415),
    "UTF-16 announced": ({"content_type": 'application/json; charset="utf-16"'}, 415),
    "a compressed body": ({"content_encoding": "gzip"}, 415),
    "a body compressed twice": ({"content_encoding": "identity, br"}, 415),
    "nothing but a page accepted": ({"accept": "text/html"}, 406),
    "ours accepted not at all": ({"accept": f"{JSON};q=0, {GRAPHQL_JSON};q=0.0, text/html"}, 406),
    "everything accepted not at all": ({"accept": "*/*;q=0"}, 406),
    "another charset accepted": ({"accept": f"{JSON}; charset=utf-16"}, 406),
    "a weight that is none": ({"accept": f"{JSON}; q=high"}, 406),
}
CODES = {406: "NOT_ACCEPTABLE", 415: "UNSUPPORTED_MEDIA_TYPE"}


@pytest.mark.parametrize(("headers", "status"), [pytest.param(*case, id=name) for name, case in HEADERS.items()])
def test_what_is_announced_or_asked_for_wrongly_is_refused(client: httpx2.Client, headers: dict[str, str], status: int):
    answer = post(client, TYPENAME, **headers)
    assert (answer.status_code, code(answer)) == (status, CODES[status])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_every_method_but_post_is_not_allowed(client: httpx2.Client, method: str):
    for accept in (JSON, GRAPHQL_JSON):
        answer = client.request(method, "/graphql", params={"query": "{ __typename }"}, headers={"accept": accept})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        if method == "HEAD":
            assert answer.content == b""
        else:
            assert code(answer) == "METHOD_NOT_ALLOWED"
