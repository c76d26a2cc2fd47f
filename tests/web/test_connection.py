"""No client holds a connection of `regulars serve` for longer than it may, and none keeps the others waiting."""

import os
import resource
import socket
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.web.live_server import connected_to, serving_as_shipped

HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ASKED = HEAD + b'Content-Length: 27\r\n\r\n{"query": "{ __typename }"}'
HEADER_SECONDS, BODY_SECONDS, ANSWER_SECONDS = 0.5, 0.7, 0.9
LATE_SECONDS = 4.0
"""How much later than told a busy machine may be; whoever waits for ever is later."""


@pytest.fixture(scope="module")
def address(module_database_url: str) -> Iterator[str]:
    with serving_as_shipped(
        module_database_url,
        header_timeout_seconds=HEADER_SECONDS,
        body_timeout_seconds=BODY_SECONDS,
        answer_timeout_seconds=ANSWER_SECONDS,
    ) as address:
        yield address


def received_until_closed(connection: socket.socket) -> bytes:
    """Return what comes until the server ends the connection; fail when that takes too long."""
    connection.settimeout(LATE_SECONDS)
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


SLOW = {
    "nothing at all": (b"", b""),
    "an empty line": (b"\r\n", b""),
    "half a head": (HEAD, b"HTTP/1.1 408 "),
    "half a head after an answer": (ASKED + HEAD, b"HTTP/1.1 200 "),
    "half a body": (HEAD + b"Content-Length: 99\r\n\r\n{", b"HTTP/1.1 408 "),
    "half a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", b"HTTP/1.1 408 "),
    "a body for a page that takes none": (
        b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 405 ",
    ),
}


@pytest.mark.parametrize(("sent", "answered"), [pytest.param(*case, id=name) for name, case in SLOW.items()])
def test_who_sends_no_more_is_not_waited_for(address: str, sent: bytes, answered: bytes):
    with connected_to(address) as slow:
        slow.sendall(sent)
        received = received_until_closed(slow)
    assert received.startswith(answered)
    assert (b'"REQUEST_TIMEOUT"' in received) == (b"HTTP/1.1 408 " in received)
    assert bool(received) == bool(answered)


def test_empty_lines_after_an_answer_buy_no_time(address: str):
    with connected_to(address) as slow:
        slow.sendall(ASKED)
        assert slow.recv(65_536).startswith(b"HTTP/1.1 200 ")
        slow.sendall(b"\r\n")
        begun = time.monotonic()
        assert b"HTTP/1.1" not in received_until_closed(slow)
        assert time.monotonic() - begun < HEADER_SECONDS + LATE_SECONDS


def test_a_byte_now_and_then_buys_no_time(address: str):
    begun = time.monotonic()
    with connected_to(address) as slow:
        try:
            for byte in HEAD * 2:
                slow.sendall(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
    assert HEADER_SECONDS * 0.9 < time.monotonic() - begun < HEADER_SECONDS + LATE_SECONDS


def test_who_does_not_take_its_answers_loses_them(address: str):
    with connected_to(address) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe"):
            ask_on(deaf, ANSWER_SECONDS + LATE_SECONDS)


def ask_on(connection: socket.socket, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection.sendall(b"GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
        time.sleep(0.05)


def test_two_hundred_slow_clients_keep_nobody_waiting_and_are_gone_soon(address: str):
    open_files = len(list_of_descriptors())
    slow = [connected_to(address) for _ in range(200)]
    for number, connection in enumerate(slow):
        connection.sendall(HEAD[: number % 50])
    for _ in range(20):
        answer = httpx2.post(f"{address}/graphql", json={"query": "{ __typename }"}, timeout=LATE_SECONDS)
        assert answer.status_code == 200
    for connection in slow:
        received_until_closed(connection)
        connection.close()
    until = time.monotonic() + LATE_SECONDS
    while len(list_of_descriptors()) > open_files + 5:
        assert time.monotonic() < until
        time.sleep(0.05)


def list_of_descriptors() -> list[int]:
    """Return the open file descriptors of this process, in which the server runs, too."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [number for number in range(min(most, 4_096)) if is_open(number)]


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_an_idle_connection_is_kept_for_the_next_request(address: str):
    with httpx2.Client(base_url=address) as client:
        ports = set()
        for _ in range(2):
            answer = client.post("/graphql", json={"query": "{ __typename }"})
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            time.sleep(HEADER_SECONDS + 0.5)
    assert len(ports) == 1


def test_more_connections_than_are_answered_are_told_to_come_again(module_database_url: str):
    with serving_as_shipped(module_database_url, connections=2) as address:
        held = [connected_to(address) for _ in range(2)]
        try:
            answer = httpx2.post(f"{address}/graphql", json={"query": "{ __typename }"})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json()["errors"][0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
            assert httpx2.get(f"{address}/livez").status_code == 200
        finally:
            for connection in held:
                connection.close()
        until = time.monotonic() + LATE_SECONDS
        while httpx2.post(f"{address}/graphql", json={"query": "{ __typename }"}).status_code != 200:
            assert time.monotonic() < until
