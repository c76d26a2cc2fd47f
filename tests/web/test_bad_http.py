"""What is larger, shorter or otherwise than HTTP has it: refused in a few words, kept nowhere, and no harm done."""

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
    """After each input the log holds no error, and the server answers."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelname == "ERROR"] == []
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


def test_a_body_cut_short_gets_no_answer_and_does_no_harm(address: str, caplog: pytest.LogCaptureFixture):
    with connected_to(address) as leaving:
        leaving.sendall(HEAD + b"Content-Length: 99\r\n\r\n" + TYPENAME)
    assert caplog.records == []


def test_two_requests_sent_at_once_are_answered_one_after_the_other(address: str):
    second = TYPENAME.replace(b"{ _", b"{ second: _")
    requests = b"".join(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body for body in (TYPENAME, second))
    with connected_to(address) as both:
        both.sendall(requests)
        both.shutdown(1)
        received = both.makefile("rb").read()
    first, _, other = received.partition(b'{"data":{"__typename":"Query"}}')
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.startswith(b"HTTP/1.1 200 OK\r\n")
    assert other.endswith(b'{"data":{"second":"Query"}}')


# What is no HTTP: the server's own words.
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
