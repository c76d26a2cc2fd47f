"""GraphQL over HTTP: what is asked well is answered, and each bad input has one status and one code."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from api.app import build_app
from api.settings import Settings
from tests.given import Given, connected
from tests.postgresql import outside_any_loop
from tests.web.live_server import serving

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
FIRST = "{ customers(first: 1) { nodes { displayName } } }"
BY_EMAIL = "query Find($email: String!) { customer(by: {email: $email}) { displayName } }"
BEGUN = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
DEEP_FILTER = "query Deep($filter: CustomerFilterInput) { customers(filter: $filter) { nodes { id } } }"


async def populate(dsn: str) -> None:
    connection = await connected(dsn)
    given = Given(connection)
    for number in range(50):
        await given.customer(first_name=f"Customer {number:02}", email=f"customer{number}@example.com")
    await connection.close()


@pytest.fixture(scope="module")
def address(module_database_url: str) -> Iterator[str]:
    outside_any_loop(lambda: populate(module_database_url))
    with serving(build_app(Settings(), dsn=module_database_url)) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address) as client:
        yield client


def post(client: httpx2.Client, body: Any, *, accept: str = JSON, content_type: str = JSON) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/graphql", content=content, headers={"accept": accept, "content-type": content_type})


def code(answer: httpx2.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


def nested(depth: int) -> dict[str, Any]:
    return {"not": nested(depth - 1)} if depth else {}


def test_a_query_is_answered_with_its_data_alone(client: httpx2.Client):
    answer = post(client, {"query": BY_EMAIL, "variables": {"email": "customer7@example.com"}, "extensions": {}})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert answer.json() == {"data": {"customer": {"displayName": "Customer 07"}}}


def test_the_operation_is_chosen_by_its_name(client: httpx2.Client):
    query = "query A { a: __typename } query B { b: __typename }"
    assert post(client, {"query": query, "operationName": "B"}).json() == {"data": {"b": "Query"}}


def test_of_a_repeated_key_the_last_one_counts(client: httpx2.Client):
    answer = post(client, b'{"query": "nonsense", "query": "{ __typename }"}')
    assert answer.json() == {"data": {"__typename": "Query"}}


BODIES = {
    "nothing": b"",
    "white space": b" \r\n",
    "invalid UTF-8": b'{"query": "\xff"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "a number of 5,000 digits": b"1" * 5_000,
    "a number of 5,000 digits inside": b'{"query": "{ __typename }", "variables": {"n": ' + b"1" * 5_000 + b"}}",
    "a number too large for a float": b'{"query": "{ __typename }", "variables": {"n": 1e999}}',
    "not a number": b'{"query": "{ __typename }", "variables": {"n": NaN}}',
    "100,000 brackets": b"[" * 100_000,
    "a string": b'"{ __typename }"',
    "an integer": b"1",
    "null": b"null",
    "a list": b"[]",
    "a batch": b'[{"query": "{ __typename }"}]',
    "two bodies": b'{"query": "{ __typename }"}{"query": "{ __typename }"}',
    "trailing bytes": b'{"query": "{ __typename }"} x',
    "half a body": b'{"query": "{ __typena',
    "a lone surrogate": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "no query": b"{}",
    "a null query": b'{"query": null}',
    "an empty query": b'{"query": " "}',
    "a query that is no string": b'{"query": {"a": 1}}',
    "variables that are a list": b'{"query": "{ __typename }", "variables": []}',
    "variables that are a string": b'{"query": "{ __typename }", "variables": "{}"}',
    "an operation name that is a number": b'{"query": "{ __typename }", "operationName": 1}',
    "extensions that are a string": b'{"query": "{ __typename }", "extensions": "a"}',
}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL_JSON])
@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items()])
def test_what_is_no_graphql_request_is_a_bad_request(client: httpx2.Client, body: bytes, accept: str):
    answer = post(client, body, accept=accept)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert "data" not in answer.json()


REFUSED = {
    "no GraphQL": ({"query": "{"}, "PARSE_FAILED"),
    "an unclosed string": ({"query": '{ customers(query: "a) { nodes { id } } }'}, "PARSE_FAILED"),
    "a surrogate in a document": ({"query": '{ customers(query: "\\uD800") { nodes { id } } }'}, "PARSE_FAILED"),
    "600 levels": ({"query": "{ a" * 600 + " }" * 600}, "PARSE_FAILED"),
    "too many tokens": ({"query": "{" + " a" * 2_000 + " }"}, "PARSE_FAILED"),
    "too many characters": ({"query": "{ __typename }" + " " * 20_000}, "PARSE_FAILED"),
    "5,000 lists in a list": ({"query": "{ a(b: " + "[" * 5_000 + "]" * 5_000 + ") }"}, "PARSE_FAILED"),
    "an unknown field": ({"query": "{ customerz { id } }"}, "VALIDATION_FAILED"),
    "an unknown argument": ({"query": "{ customers(firs: 1) { nodes { id } } }"}, "VALIDATION_FAILED"),
    "a cycle of fragments": ({"query": "{ ...A } fragment A on Query { ...A }"}, "VALIDATION_FAILED"),
    "an unknown fragment": ({"query": "{ ...A }"}, "VALIDATION_FAILED"),
    "a subscription": ({"query": "subscription { a }"}, "VALIDATION_FAILED"),
    "no operation": ({"query": "fragment A on Query { __typename }"}, "VALIDATION_FAILED"),
    "a literal of the wrong kind": ({"query": '{ customers(first: "1") { nodes { id } } }'}, "VALIDATION_FAILED"),
    "a day that does not exist": (
        {"query": '{ customers(asOf: "2026-02-31T00:00:00Z") { nodes { id } } }'},
        "VALIDATION_FAILED",
    ),
    "several operations without a name": ({"query": "query A { __typename } query B { __typename }"}, "BAD_REQUEST"),
    "an unknown operation": ({"query": "query A { __typename }", "operationName": "B"}, "BAD_REQUEST"),
    "an empty operation name": ({"query": "query A { __typename }", "operationName": ""}, "BAD_REQUEST"),
    "a missing variable": ({"query": BY_EMAIL}, "BAD_USER_INPUT"),
    "a variable of the wrong kind": ({"query": BY_EMAIL, "variables": {"email": 1}}, "BAD_USER_INPUT"),
    "an integer above 32 bits": (
        {"query": "query A($n: Int) { customers(first: $n) { nodes { id } } }", "variables": {"n": 2**31}},
        "BAD_USER_INPUT",
    ),
    "a moment without offset": (
        {"query": "query A($m: DateTime) { customers(asOf: $m) { nodes { id } } }", "variables": {"m": "2026-01-01"}},
        "BAD_USER_INPUT",
    ),
    "an unknown input field": ({"query": DEEP_FILTER, "variables": {"filter": {"a": 1}}}, "BAD_USER_INPUT"),
    "variables 40 deep": ({"query": DEEP_FILTER, "variables": {"filter": nested(40)}}, "BAD_USER_INPUT"),
    "variables 900 deep": ({"query": DEEP_FILTER, "variables": {"filter": nested(900)}}, "BAD_USER_INPUT"),
    "NUL in a variable": ({"query": BY_EMAIL, "variables": {"email": "a\0b"}}, "BAD_USER_INPUT"),
    "NUL in a document": ({"query": '{ customers(query: "\\u0000") { nodes { id } } }'}, "BAD_USER_INPUT"),
    "an override of direction": ({"query": BY_EMAIL, "variables": {"email": "a\u202eb"}}, "BAD_USER_INPUT"),
    "a text too long": ({"query": BY_EMAIL, "variables": {"email": "a" * 10_001}}, "BAD_USER_INPUT"),
}


@pytest.mark.parametrize(
    ("body", "expected"), [pytest.param(body, expected, id=name) for name, (body, expected) in REFUSED.items()]
)
def test_a_refused_document_is_told_in_the_body_and_to_those_who_ask_by_the_status(
    client: httpx2.Client, body: dict[str, Any], expected: str
):
    for accept, status in ((JSON, 200), (GRAPHQL_JSON, 400)):
        answer = post(client, body, accept=accept)
        assert (answer.status_code, code(answer)) == (status, expected), answer.text
        assert "data" not in answer.json()


ON_A_FIELD = {
    "an impossible page": ("{ customers(first: 101) { nodes { id } } }", "BAD_USER_INPUT"),
    "both ends at once": ("{ customers(first: 1, last: 1) { nodes { id } } }", "BAD_USER_INPUT"),
    "a foreign cursor": ('{ customers(after: "x") { nodes { id } } }', "BAD_USER_INPUT"),
    "no identifier": ('{ node(id: "x") { id } }', "BAD_USER_INPUT"),
    "35 customers in one another": (
        "{ customers(first: 1) { nodes { id "
        + "orders(first: 1) { nodes { customer { id " * 35
        + "} } }" * 35
        + "} } }",
        "BAD_USER_INPUT",
    ),
}


@pytest.mark.parametrize(
    ("query", "expected"), [pytest.param(query, expected, id=name) for name, (query, expected) in ON_A_FIELD.items()]
)
def test_an_error_of_a_field_stands_beside_the_data(client: httpx2.Client, query: str, expected: str):
    answer = post(client, {"query": query}, accept=GRAPHQL_JSON)
    assert (answer.status_code, code(answer)) == (200, expected), answer.text
    assert "data" in answer.json()
    assert answer.json()["errors"][0]["path"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
    ],
)
def test_anything_but_json_is_an_unsupported_media_type(client: httpx2.Client, content_type: str):
    answer = post(client, {"query": FIRST}, content_type=content_type)
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_body_is_an_unsupported_media_type(client: httpx2.Client):
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    answer = client.post("/graphql", content=b"x", headers=headers)
    assert (answer.status_code, code(answer)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("content_type", ["application/json;charset=UTF-8", 'Application/JSON; charset="utf-8"'])
def test_json_may_name_its_charset(client: httpx2.Client, content_type: str):
    assert post(client, {"query": FIRST}, content_type=content_type).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_every_method_but_post_is_not_allowed(client: httpx2.Client, method: str):
    answer = client.request(method, "/graphql", params={"query": "{ __typename }"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert code(answer) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON};q=0.9", JSON),
        (f"{GRAPHQL_JSON};q=nonsense, {JSON};q=0.1", JSON),
        ("*/*", JSON),
        ("text/html", JSON),
        ("", JSON),
    ],
)
def test_the_answer_has_the_type_the_client_prefers(client: httpx2.Client, accept: str, expected: str):
    answer = post(client, {"query": FIRST}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{expected}; charset=utf-8")


def test_a_body_too_large_is_refused_before_it_is_read(client: httpx2.Client):
    chunks = (b" " * 65_536 for _ in range(160))
    for content in (b" " * 10_000_000, chunks):
        answer = client.post("/graphql", content=content, headers={"content-type": JSON})
        assert (answer.status_code, code(answer)) == (413, "PAYLOAD_TOO_LARGE")
    assert post(client, {"query": FIRST}).status_code == 200


def test_a_body_that_does_not_arrive_is_not_waited_for(module_database_url: str):
    app = build_app(Settings(body_timeout_seconds=0.2), dsn=module_database_url)
    with serving(app) as address, socket.create_connection(split(address)) as slow:
        slow.sendall(BEGUN)
        answer = slow.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 408")
    assert "REQUEST_TIMEOUT" in answer


def test_a_client_that_leaves_in_the_middle_is_nobodys_trouble(
    address: str, client: httpx2.Client, caplog: pytest.LogCaptureFixture
):
    with socket.create_connection(split(address)) as leaving:
        leaving.sendall(BEGUN)
    assert post(client, {"query": FIRST}).status_code == 200
    assert caplog.records == []


def split(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    return str(parts.hostname), int(parts.port or 0)


def test_fifty_requests_at_once_get_their_own_answers(address: str):
    def ask(number: int) -> Any:
        body = {"query": BY_EMAIL, "variables": {"email": f"customer{number}@example.com"}}
        return httpx2.post(f"{address}/graphql", json=body).json()

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(ask, range(50)))
    assert answers == [{"data": {"customer": {"displayName": f"Customer {number:02}"}}} for number in range(50)]


def test_every_answer_has_an_id_of_its_own(client: httpx2.Client):
    ids = {post(client, body).headers["x-request-id"] for body in ({"query": FIRST}, {"query": FIRST}, b"")}
    assert len(ids) == 3


def test_nothing_is_suggested_to_those_who_guess(client: httpx2.Client):
    guesses = [
        "{ customerz { id } }",
        "{ customers(firs: 1) { nodes { id } } }",
        "query A($a: CustomerFilterInputt) { __typename }",
        '{ customers(filter: {kin: "x"}) { nodes { id } } }',
        "{ customers(filter: {kind: {eq: CONSUMERR}}) { nodes { id } } }",
    ]
    for query in guesses:
        assert "Did you mean" not in post(client, {"query": query}).text, query
    answer = post(client, {"query": DEEP_FILTER, "variables": {"filter": {"kin": 1}}})
    assert "Did you mean" not in answer.text


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"query": BY_EMAIL, "variables": {"email": "\x07"}}, "$email"),
        ({"query": DEEP_FILTER, "variables": {"filter": {"and": [{}, {"a": "\x07"}]}}}, "$filter.and.1.a"),
        ({"query": '{ customer(by: {email: "\\u0007"}) { id } }'}, "customer.by.email"),
        ({"query": 'query A($a: String = "\\u0007") { customers(query: $a) { nodes { id } } }'}, "$a"),
    ],
)
def test_a_text_that_is_not_taken_is_found_by_its_place(client: httpx2.Client, body: dict[str, Any], place: str):
    [error] = post(client, body).json()["errors"]
    assert error["message"] == f"The text at `{place}` holds the character U+0007, which is not taken."


def test_any_script_and_lines_and_tabs_are_taken(client: httpx2.Client):
    for text in ("Zoë", "山田", "עברית", "👩‍👩‍👧", "one\ntwo\tthree"):
        query = "query Find($text: String!) { customer(by: {externalId: {source: $text, value: $text}}) { id } }"
        answer = post(client, {"query": query, "variables": {"text": text}})
        assert answer.json() == {"data": {"customer": None}}


def test_at_most_five_errors_of_a_document_are_told(client: httpx2.Client):
    answer = post(client, {"query": "{" + " a b c d e f g h" + " }"})
    assert len(answer.json()["errors"]) == 5
