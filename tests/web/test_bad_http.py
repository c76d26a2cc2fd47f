"""What is larger, shorter or otherwise than HTTP has it: refused in a few words, kept nowhere, and no harm done."""

import json
import logging
from collections.abc import Iterator

import httpx2
import pytest

from tests.web.live_server import connected_to, serving_as_shipped

JSON, GRAPHQL_JSON = "application/json", "application/graphql-response+json"
TYPENAME = b'{"query": "{ __typename }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def address(module_database_url: str) -> Iterator[str]:
    with serving_as_shipped(module_database_url) as address:
        yield address


@pytest.fixture(autouse=True)
def harmless(address: str, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each input the log holds nothing that calls for attention, and the server answers."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []
    with connected_to(address) as other:
        other.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(TYPENAME) + TYPENAME)
        assert other.makefile("rb").read().endswith(b'\r\n\r\n{"data":{"__typename":"Query"}}')


def test_a_body_too_large_is_refused_by_its_length_and_in_chunks(address: str):
    for accept in (JSON, GRAPHQL_JSON):
        chunks = (b" " * 65_536 for _ in range(160))
        for content in (b" " * 10_000_000, chunks):
            answer = httpx2.post(
                f"{address}/graphql", content=content, headers={"content-type": JSON, "accept": accept}
            )
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
            assert answer.headers["connection"] == "close"


def test_who_sends_a_body_too_large_to_its_end_can_still_read_why(address: str):
    with connected_to(address) as stubborn:
        stubborn.sendall(HEAD + b"Content-Length: 10000000\r\n\r\n" + b" " * 10_000_000)
        received = stubborn.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"PAYLOAD_TOO_LARGE" in received


def test_a_length_beyond_all_bounds_is_refused_before_anything_is_sent(address: str):
    with connected_to(address) as leaving:
        leaving.sendall(HEAD + b"Content-Length: 9223372036854775807\r\n\r\n")
        assert leaving.makefile("rb").readline().startswith(b"HTTP/1.1 413 ")


def test_who_cuts_a_body_short_gets_no_answer_and_the_connection_ends(address: str):
    with connected_to(address) as leaving:
        leaving.sendall(HEAD + b"Content-Length: 99\r\n\r\n" + TYPENAME)
        leaving.shutdown(1)
        assert leaving.makefile("rb").read() == b""


def test_two_requests_sent_at_once_are_answered_one_after_the_other(address: str):
    second = TYPENAME.replace(b"{ _", b"{ second: _")
    requests = [HEAD + b"Content-Length: %d\r\n\r\n" % len(TYPENAME) + TYPENAME]
    requests += [HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(second) + second]
    with connected_to(address) as both:
        both.sendall(b"".join(requests))
        received = both.makefile("rb").read()
    first, _, other = received.partition(b'{"data":{"__typename":"Query"}}')
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.endswith(b'{"data":{"second":"Query"}}')


# What is no HTTP, or more of it than is taken.
NO_HTTP = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "a length that is none": (HEAD + b"Content-Length: x\r\n\r\n", 400),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a length and chunks": (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a chunk without a length": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "a header of 20,000 bytes": (HEAD + b"X: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    "a header without end": (HEAD + b"X: " + b"x" * 40_000, 431),
    "an address of 20,000 bytes": (b"GET /graphql?query=" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
}


@pytest.mark.parametrize(("sent", "status"), [pytest.param(*case, id=name) for name, case in NO_HTTP.items()])
def test_what_is_no_http_is_refused_and_the_connection_closed(address: str, sent: bytes, status: int):
    with connected_to(address) as connection:
        connection.sendall(sent)
        received = connection.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 %d " % status), received[:100]
    require_one_shape(received, {400: "BAD_REQUEST", 431: "HEADERS_TOO_LARGE"}[status])


def require_one_shape(received: bytes, code: str) -> None:
    head, _, body = received.partition(b"\r\n\r\n")
    (error,) = json.loads(body)["errors"]
    assert error["message"]
    assert error["extensions"]["code"] == code
    lines = head.lower().split(b"\r\n")
    assert b"content-type: application/json; charset=utf-8" in lines
    assert b"content-length: %d" % len(body) in lines
    assert b"connection: close" in lines
    assert len(next(line for line in lines if line.startswith(b"x-request-id: "))) == 46


# Where there is nothing, or nothing for the method: status, code and the header Allow.
ELSEWHERE = {
    "an unknown address": ("GET", "/nothing", 404, "NOT_FOUND", None),
    "a change sent there": ("POST", "/nothing", 404, "NOT_FOUND", None),
    "a slash too many": ("POST", "/graphql/", 404, "NOT_FOUND", None),
    "an unknown file of the page": ("GET", "/assets/nothing.js", 404, "NOT_FOUND", None),
    "a change of the page": ("POST", "/", 405, "METHOD_NOT_ALLOWED", {"GET", "HEAD"}),
    "a change of the health": ("DELETE", "/livez", 405, "METHOD_NOT_ALLOWED", {"GET", "HEAD"}),
}


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allowed"), [pytest.param(*case, id=name) for name, case in ELSEWHERE.items()]
)
def test_every_refusal_has_one_shape(
    address: str, method: str, path: str, status: int, code: str, allowed: set[str] | None
):
    answer = httpx2.request(method, f"{address}{path}")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert len(answer.headers["x-request-id"]) == 32
    assert "location" not in answer.headers
    assert (set(answer.headers["allow"].split(", ")) if allowed else None) == allowed


AFTER = {
    "letters": b"hello\r\n\r\n",
    "a byte": b"\0",
    "another body": TYPENAME,
    "a head too long": b"GET /" + b"x" * 40_000,
}


@pytest.mark.parametrize("after", [pytest.param(sent, id=name) for name, sent in AFTER.items()])
def test_a_request_is_answered_whatever_comes_after_it(address: str, after: bytes):
    body = b'{"query": "{ customers { totalCount { count } } }"}'
    request = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    for requests in (1, 2):
        with connected_to(address) as muddled:
            muddled.sendall(request * requests + after)
            received = muddled.makefile("rb").read()
        assert received.count(b"HTTP/1.1 ") == requests
        assert received.count(b"HTTP/1.1 200 OK") == requests
        assert received.count(b'{"data":{"customers":{"totalCount":{"count":0}}}}') == requests
        assert received.count(b"connection: close") == 1


def test_a_wish_for_another_protocol_is_passed_over(address: str):
    wish = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    with connected_to(address) as hopeful:
        hopeful.sendall(wish)
        assert hopeful.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/livez", 200), ("/schema.graphql", 200), ("/nothing", 404), ("/graphql", 405)]
)
def test_an_answer_to_head_has_no_body(address: str, path: str, status: int):
    with connected_to(address) as curious:
        curious.sendall(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, end, body = curious.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (end, body) == (b"\r\n\r\n", b"")


def test_how_much_of_a_head_is_taken_is_a_setting(module_database_url: str):
    with serving_as_shipped(module_database_url, header_limit_bytes=1_024) as narrow:
        for size, status in ((500, 200), (1_500, 431)):
            assert httpx2.get(f"{narrow}/livez", headers={"x": "x" * size}).status_code == status
