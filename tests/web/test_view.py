"""GraphQL over HTTP: what is asked well is answered, in the form the client prefers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from api.web.negotiation import answer_type
from tests.given import Given, connected
from tests.postgresql import outside_any_loop
from tests.web.live_server import connected_to, serving_as_shipped

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
FIRST = "{ customers(first: 1) { nodes { displayName } } }"
TYPENAME = {"data": {"__typename": "Query"}}
BY_EMAIL = "query Find($email: String!) { customer(by: {email: $email}) { displayName } }"
FILTER = "query Filter($filter: CustomerFilterInput) { customers(filter: $filter) { nodes { id } } }"
PARTIAL = '{ customers(first: 1) { nodes { displayName } } node(id: "x") { id } }'
CHANGE = """
mutation Name { setCustomer(input: {
  idempotencyKey: "a-key-of-this-test", identifier: {email: "customer7@example.com"}, customer: {firstName: "Ada"}
}) { userErrors { code } } }
"""


async def populate(dsn: str) -> None:
    connection = await connected(dsn)
    given = Given(connection)
    for number in range(50):
        await given.customer(first_name=f"Customer {number:02}", email=f"customer{number}@example.com")
    await connection.close()


@pytest.fixture(scope="module")
def dsn(module_database_url: str) -> str:
    outside_any_loop(lambda: populate(module_database_url))
    return module_database_url


@pytest.fixture(scope="module")
def address(dsn: str) -> Iterator[str]:
    with serving_as_shipped(dsn) as address:
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


def test_a_query_is_answered_with_its_data_alone(client: httpx2.Client):
    answer = post(client, {"query": BY_EMAIL, "variables": {"email": "customer7@example.com"}, "extensions": {}})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert answer.json() == {"data": {"customer": {"displayName": "Customer 07"}}}
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("accept", "no-store")


def test_the_operation_is_chosen_by_its_name(client: httpx2.Client):
    query = "query A { a: __typename } query B { b: __typename }"
    assert post(client, {"query": query, "operationName": "B"}).json() == {"data": {"b": "Query"}}


def test_of_a_repeated_key_the_last_one_counts(client: httpx2.Client):
    assert post(client, b'{"query": "nonsense", "query": "{ __typename }"}').json() == TYPENAME


def test_null_is_as_nothing_and_what_is_unknown_is_passed_over(client: httpx2.Client):
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None, "id": 7}
    assert post(client, body).json() == TYPENAME


@pytest.mark.parametrize(
    "content_type", [JSON, "Application/JSON", f"{JSON}; charset=utf-8", f'{JSON};charset="UTF-8"; x=y']
)
def test_json_may_be_announced_in_every_way_it_is_written(client: httpx2.Client, content_type: str):
    assert post(client, {"query": FIRST}, content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (GRAPHQL_JSON.upper(), GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8", GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", JSON),
        (f"{JSON}, {GRAPHQL_JSON};q=0.9", JSON),
        (f"{JSON};q=0.5, {GRAPHQL_JSON} ; q=0.9", GRAPHQL_JSON),
        (f"{JSON};q=0, */*", GRAPHQL_JSON),
        (f"{JSON};charset=latin-1, {GRAPHQL_JSON};q=0.1", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, */*", GRAPHQL_JSON),
        (f"*/*, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, */*", JSON),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", JSON),
        ("*/*", JSON),
        ("", JSON),
    ],
)
def test_the_answer_has_the_type_the_client_prefers(client: httpx2.Client, accept: str, expected: str):
    answer = post(client, {"query": FIRST}, accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{expected}; charset=utf-8")
    assert answer_type(accept.encode()) == expected


def test_who_says_nothing_of_types_gets_plain_json(address: str):
    body = b'{"query": "{ __typename }"}'
    with connected_to(address) as bare:
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        bare.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert b"\r\ncontent-type: application/json; charset=utf-8\r\n" in bare.makefile("rb").read()


@pytest.fixture(scope="module", params=["open", "preflight"])
def by_get(dsn: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    headers = {"GraphQL-Require-Preflight": "1"} if request.param == "preflight" else {}
    with (
        serving_as_shipped(dsn, get_queries=request.param) as address,
        httpx2.Client(base_url=address, headers={"accept": GRAPHQL_JSON, **headers}) as client,
    ):
        yield client


def test_a_query_may_be_asked_by_get(by_get: httpx2.Client):
    given = {"query": f"query A {{ a: __typename }} {BY_EMAIL}", "operationName": "Find", "extensions": "{}"}
    answer = by_get.get("/graphql", params={**given, "variables": '{"email": "customer7@example.com"}'})
    assert (answer.status_code, answer.json()) == (200, {"data": {"customer": {"displayName": "Customer 07"}}})
    empty = by_get.get("/graphql", params={"query": "{ __typename }", "operationName": "", "variables": ""})
    assert empty.json() == TYPENAME


def test_head_is_get_without_its_body(by_get: httpx2.Client):
    answer = by_get.head("/graphql", params={"query": "{ __typename }"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(b'{"data":{"__typename":"Query"}}'))


def test_a_change_is_never_made_by_get(by_get: httpx2.Client):
    answer = by_get.get("/graphql", params={"query": CHANGE})
    assert (answer.status_code, code(answer), answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")
    put = by_get.put("/graphql", json={"query": FIRST})
    assert (put.status_code, put.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "query=",
        "quer=%7B__typename%7D",
        "query=%FF",
        "query=%7B__typename%7D&variables=%7B",
        "&".join("abcdefghijklmnopqrstu"),
    ],
)
def test_parameters_that_are_none_are_a_bad_request(by_get: httpx2.Client, parameters: str):
    answer = by_get.get(f"/graphql?{parameters}")
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


def test_what_any_page_can_make_a_browser_send_is_refused_where_a_header_is_asked_for(dsn: str):
    with serving_as_shipped(dsn, get_queries="preflight") as address:
        for headers in ({}, {"GraphQL-Require-Preflight": ""}):
            answer = httpx2.get(f"{address}/graphql", params={"query": FIRST}, headers=headers)
            assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


def test_statuses_of_the_draft_tell_more_to_those_who_ask(dsn: str):
    two = "query A { __typename } query B { __typename }"
    statuses = {"{": 400, "{ a }": 422, BY_EMAIL: 422, two: 422, FIRST: 200, PARTIAL: 294}
    with (
        serving_as_shipped(dsn, http_status_profile="draft-2026") as address,
        httpx2.Client(base_url=address) as client,
    ):
        for query, status in statuses.items():
            assert post(client, {"query": query}, accept=GRAPHQL_JSON).status_code == status, query
            assert post(client, {"query": query}).status_code == 200
        assert post(client, b"", accept=GRAPHQL_JSON).status_code == 400


def test_data_with_errors_is_a_success(client: httpx2.Client):
    answer = post(client, {"query": PARTIAL}, accept=GRAPHQL_JSON)
    assert (answer.status_code, set(answer.json())) == (200, {"data", "errors"})


def test_fifty_requests_at_once_get_their_own_answers(address: str):
    def ask(number: int) -> Any:
        body = {"query": BY_EMAIL, "variables": {"email": f"customer{number}@example.com"}}
        return httpx2.post(f"{address}/graphql", json=body, timeout=60).json()

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
    answer = post(client, {"query": FILTER, "variables": {"filter": {"kin": 1}}})
    assert "Did you mean" not in answer.text


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"query": BY_EMAIL, "variables": {"email": "\x07"}}, "$email"),
        ({"query": FILTER, "variables": {"filter": {"and": [{}, {"a": "\x07"}]}}}, "$filter.and.1.a"),
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
