"""The explorer's page, files and ready documents, over real HTTP."""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse
from starlette.applications import Starlette

from api.web.explorer import Tab, explorer_routes, load_tabs
from tests.web.client import Client
from tests.web.live_server import serving

ROOT = Path(__file__).parents[2]
MANIFEST = json.loads((files("api.web") / "page" / "manifest.json").read_bytes())
TABS = [Tab("First", "query First { a }", {"n": 1}), Tab("Second", "{ b }")]
SCRIPT = next(path for path in MANIFEST["files"] if re.match(r"assets/index-.*\.js$", path))


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serving(Starlette(routes=explorer_routes(TABS))) as address:
        yield Client(address)


def test_the_page_may_talk_to_nobody_but_its_own_server(client: Client) -> None:
    answer, body = client.ask("/")
    policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>Regulars</title>" in body
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' ws://{client.host} wss://{client.host}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "[::1]:8000", "*", "x:y"])
def test_a_host_that_is_no_plain_name_never_reaches_the_policy(client: Client, host: str) -> None:
    answer, _ = client.ask("/", Host=host)
    assert "connect-src 'self'; base-uri" in answer.headers["Content-Security-Policy"]


def test_no_file_of_the_page_names_another_origin_to_load_from(client: Client) -> None:
    _, body = client.ask("/")
    named = re.findall(r'(?:src|href)="([^"]+)"', body.decode())
    references = [reference for reference in named if reference not in {"#explorer", "./schema.graphql"}]
    assert references
    assert all(reference.startswith("./assets/") for reference in references)
    assert all(client.ask(reference.removeprefix("."))[0].status == 200 for reference in references)


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/tabs.json"])
def test_head_answers_like_get_without_a_body(client: Client, path: str) -> None:
    got, body = client.ask(path)
    head, nothing = client.ask(path, method="HEAD")
    assert (head.status, nothing) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
    assert int(head.headers["Content-Length"]) == len(body)


def test_every_file_is_served_as_it_was_built(client: Client) -> None:
    for path, facts in MANIFEST["files"].items():
        _, plain = client.ask(f"/{path}" if path != "index.html" else "/")
        _, packed = client.ask(f"/{path}" if path != "index.html" else "/", Accept_Encoding="gzip")
        assert (len(plain), hashlib.sha256(plain).hexdigest()[:20]) == (facts["size"], facts["etag"])
        assert gzip.decompress(packed) == plain


def test_brotli_and_gzip_hold_the_same_files_and_nothing_is_shipped_twice() -> None:
    page = ROOT / "api/web/page"
    shipped = {path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()}
    packed = {f"{path}{suffix}" for path in MANIFEST["files"] for suffix in (".br", ".gz")}
    assert shipped == packed | {"manifest.json", "LICENSES.md"}
    assert sum(path.stat().st_size for path in page.rglob("*") if path.is_file()) < 4_000_000


def test_hashed_files_are_kept_for_ever_and_the_page_is_asked_for_again(client: Client) -> None:
    assert all(re.fullmatch(r"assets/.+-[\w-]{8}\.\w+|index\.html", path) for path in MANIFEST["files"])
    assert client.ask(f"/{SCRIPT}")[0].headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.ask("/")[0].headers["Cache-Control"] == "no-cache"
    assert client.ask("/tabs.json")[0].headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/tabs.json"])
def test_what_the_client_holds_is_not_sent_again(client: Client, path: str) -> None:
    tag = client.ask(path)[0].headers["ETag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer, body = client.ask(path, If_None_Match=held)
        assert (answer.status, body, answer.headers["ETag"]) == (304, b"", tag)
    assert client.ask(path, If_None_Match='"other"')[0].status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/nothing.js",
        "/assets/../manifest.json",
        "/assets/%2e%2e/manifest.json",
        "/assets/..%2f..%2fexplorer.py",
        "/assets//etc/passwd",
        f"/{SCRIPT}.gz",
        "/manifest.json",
        "/index.html.gz",
    ],
)
def test_nothing_but_the_files_of_the_page_can_be_had(client: Client, path: str) -> None:
    assert client.ask(path)[0].status == 404


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/tabs.json"])
def test_the_page_takes_nothing_in(client: Client, path: str) -> None:
    assert client.ask(path, method="POST")[0].status == 405


def test_ready_documents_arrive_as_data(client: Client) -> None:
    answer, body = client.ask("/tabs.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(body) == [
        {"name": "First", "query": "query First { a }", "variables": {"n": 1}},
        {"name": "Second", "query": "{ b }"},
    ]


def test_shipped_documents_are_named_after_their_operation_and_come_in_the_order_of_their_numbers() -> None:
    tabs = load_tabs()
    assert [tab.name for tab in tabs] == [
        *("FindCustomer", "WhyActive", "WhyActiveAYearAgo", "ActiveOnlyUntilSoon", "StricterPolicy"),
        *("PageThrough", "Filter", "OrdersWithLines", "NetValue"),
        *("RecordPurchase", "RecordRefund", "BackInTime", "ExpectedValue", "WhatIf", "MostPromising"),
        *("Feedback", "Loyalty", "RedeemPoints", "Referrals", "Recommendations", "Segments"),
        "MarketingConsent",
    ]
    for tab in tabs:
        (operation,) = [each for each in parse(tab.query).definitions if isinstance(each, OperationDefinitionNode)]
        assert operation.name is not None
        assert tab.query.startswith("# ")
        assert operation.name.value == tab.name
        asked = {definition.variable.name.value for definition in operation.variable_definitions or ()}
        assert set(tab.variables or {}) == asked


def test_the_built_page_belongs_to_its_sources() -> None:
    """Fails when something in explorer/ changed and the page was not built again; `make explorer` builds it."""
    assert MANIFEST["source"] == source_hash(ROOT / "explorer")


def source_hash(explorer: Path) -> str:
    """Return the hash over all sources of the page, as `explorer/pack.mjs` computes it."""
    paths = {path.relative_to(explorer).as_posix(): path for path in explorer.rglob("*") if path.is_file()}
    made = re.compile(r"\.|(node_modules|dist)(/|$)")
    digest = hashlib.sha256()
    for name in sorted(paths, key=str.encode):
        if not made.match(name):
            content = paths[name].read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
