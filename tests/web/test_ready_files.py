"""Ready files, over real HTTP: the client chooses the coding, and what it holds is not sent again."""

import gzip
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.app import schema_text
from api.web.ready_files import FOREVER, ReadyText, send
from tests.web.client import Client
from tests.web.live_server import serving

CONTENT = schema_text().encode()
TEXT = ReadyText.of(CONTENT, "text/plain; charset=utf-8")
SCRIPT = ReadyText("text/javascript", "one", {"br": b"b", "gzip": b"gg", "identity": b"iii"})


def script(request: Request) -> Response:
    return send(request, SCRIPT, FOREVER)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(Starlette(routes=[Route("/text", TEXT.answer), Route("/script.js", script)])) as address:
        yield Client(address)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("br;q=nonsense", None),
        ("br;q=", None),
        ("", None),
    ],
)
def test_the_client_chooses_the_coding(client: Client, accepted: str, coding: str | None) -> None:
    answer, body = client.ask("/script.js", Accept_Encoding=accepted)
    assert answer.headers["Content-Encoding"] == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert len(body) == int(answer.headers["Content-Length"])


def test_of_codings_equally_welcome_the_first_one_offered_is_sent(client: Client) -> None:
    assert client.ask("/script.js", Accept_Encoding="gzip;q=0.7, br;q=0.7")[1] == b"b"
    assert client.ask("/text", Accept_Encoding="br, gzip")[0].headers["Content-Encoding"] == "gzip"
    assert client.ask("/text", Accept_Encoding="br")[0].headers["Content-Encoding"] is None


def test_each_coding_has_its_own_entity_tag(client: Client) -> None:
    codings = ("br", "gzip", "identity")
    tags = [client.ask("/script.js", Accept_Encoding=coding)[0].headers["ETag"] for coding in codings]
    assert tags == ['"one-br"', '"one-gzip"', '"one-identity"']


def test_a_text_is_sent_compressed_to_a_quarter_and_asked_for_again(client: Client) -> None:
    answer, packed = client.ask("/text", Accept_Encoding="gzip")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "text/plain; charset=utf-8",
        "no-cache",
    )
    assert gzip.decompress(packed) == client.ask("/text")[1] == CONTENT
    assert len(packed) < len(CONTENT) / 4


def test_a_text_that_the_client_holds_is_not_sent_again(client: Client) -> None:
    tag = client.ask("/text", Accept_Encoding="gzip")[0].headers["ETag"]
    answer, body = client.ask("/text", Accept_Encoding="gzip", If_None_Match=tag)
    assert (answer.status, body) == (304, b"")
    assert client.ask("/text", Accept_Encoding="gzip", If_None_Match='"other"')[0].status == 200


def test_the_same_text_has_the_same_bytes_and_tag_in_every_process() -> None:
    assert ReadyText.of(CONTENT, "text/plain").parts == TEXT.parts
    assert ReadyText.of(CONTENT + b" ", "text/plain").etag != TEXT.etag
