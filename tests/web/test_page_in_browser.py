"""The explorer in a real Chromium, against a real server that answers real GraphQL."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from graphql import build_schema, graphql
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Request as AskedFor
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web.explorer import Tab, explorer_routes
from tests.web.demo_app import SHOWN, demo_app
from tests.web.live_server import serving

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# What Chromium would do on its own on a machine without a network, and the sandbox that root cannot have.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

LOUD = {"error", "warning"}

GREETINGS = build_schema('type Query { "A kind word." greeting("Who is meant." name: String!): String! }')
HELLO = Tab("Hello", "query Hello($name: String!) { greeting(name: $name) }", {"name": "Ada"})
GOODBYE = Tab("Goodbye", 'query Goodbye { greeting(name: "Grace") }')

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found: the page was not tried in a browser")


@dataclass(frozen=True)
class Explored:
    """An application with an explorer, and what each of its tabs must show once it is run."""

    app: ASGIApp
    shown: dict[str, re.Pattern[str]]


@dataclass
class Switch:
    """Lets a server change under its visitors, as an upgrade does."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@dataclass
class Visit:
    """An open page and everything it complained about or asked others for."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Load the page, or load it again, and wait until it can be used."""
        self.page.goto(f"{self.address}/")
        expect(self.page.locator(".graphiql-execute-button")).to_be_visible(timeout=20_000)
        expect(self.page.locator(".graphiql-query-editor .view-line").first).not_to_be_empty(timeout=20_000)

    def tabs(self) -> list[str]:
        return self.page.locator(".graphiql-tab-button").all_inner_texts()

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tablist").get_by_role("button", name=name, exact=True)

    def run(self, tab: str) -> str:
        """Open a tab, press the play button and return what the result pane shows."""
        self.tab(tab).click()
        self.page.wait_for_timeout(300)  # the editor reads the operation's name a tenth of a second after a change
        self.page.locator(".graphiql-execute-button").click()
        expect(self.page.locator(".result-window")).to_contain_text(re.compile(r'"(data|errors)"'), timeout=20_000)
        return self.result()

    def result(self) -> str:
        return self.page.locator(".result-window .view-lines").inner_text().replace("\xa0", " ")

    def watch(self) -> None:
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type in LOUD else None)
        self.page.on("pageerror", lambda error: self.complaints.append(error.message))
        self.page.on("requestfailed", self.note_failure)
        self.page.on("request", lambda request: self.note(request.url))

    def note_failure(self, request: AskedFor) -> None:
        # Whoever leaves a page stops what it was still loading.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}")

    def note(self, url: str) -> None:
        if urlsplit(url).scheme not in {"data", "blob"} and not url.startswith(f"{self.address}/"):
            self.elsewhere.append(url)


async def answer(request: Request) -> Response:
    asked = await request.json()
    given = asked.get("variables")
    result = await graphql(
        GREETINGS,
        asked["query"],
        {"greeting": lambda _info, name: f"Hello, {name}!"},
        variable_values=json.loads(given) if isinstance(given, str) else given,
        operation_name=asked.get("operationName"),
    )
    return JSONResponse(result.formatted)


def greetings(*tabs: Tab) -> Starlette:
    return Starlette(routes=[*explorer_routes(tabs), Route("/graphql", answer, methods=["POST"])])


def greetings_explored() -> Explored:
    return Explored(greetings(HELLO, GOODBYE), {"Hello": re.compile("Hello, Ada!"), "Goodbye": re.compile("Grace!")})


@pytest.fixture(scope="module", params=["greetings", "regulars"])
def explored(request: pytest.FixtureRequest) -> Explored:
    """Return the application under test: a greeting of two tabs, and Regulars itself on a made-up population."""
    if request.param == "greetings":
        return greetings_explored()
    return Explored(demo_app(request.getfixturevalue("module_database_url")), SHOWN)


@pytest.fixture(scope="module")
def address(explored: Explored) -> Iterator[str]:
    with serving(explored.app) as address:
        yield address


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


@contextmanager
def visiting(browser: Browser, address: str, *, dark: bool = False) -> Iterator[Visit]:
    context = browser.new_context(color_scheme="dark" if dark else "light", viewport={"width": 1440, "height": 900})
    visit = Visit(context.new_page(), address)
    visit.watch()
    yield visit
    context.close()


def test_every_tab_runs_and_the_page_keeps_quiet_and_at_home(
    browser: Browser, explored: Explored, address: str
) -> None:
    with visiting(browser, address) as visit:
        visit.open()
        assert visit.page.title() == "Regulars"
        assert visit.tabs() == list(explored.shown)
        for tab, expected in explored.shown.items():
            shown = visit.run(tab)
            assert expected.search(shown), shown
            assert '"errors"' not in shown
        assert visit.complaints == []
        assert visit.elsewhere == []


def test_the_schema_the_builder_and_the_history_can_be_opened(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open()
        visit.page.get_by_role("button", name="Show Documentation Explorer").click()
        expect(visit.page.locator(".graphiql-doc-explorer")).to_contain_text("Query", timeout=20_000)
        visit.page.get_by_role("button", name="Show GraphiQL Explorer").click()
        expect(visit.page.locator(".docExplorerWrap")).to_be_visible()
        visit.page.get_by_role("button", name="Show History").click()
        expect(visit.page.locator(".graphiql-history")).to_be_visible()
        visit.page.locator(".graphiql-editor-tools").get_by_role("button", name="Headers").click()
        assert visit.complaints == []


def test_the_query_runs_from_the_keyboard_and_can_be_prettified(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open()
        visit.page.get_by_role("button", name=re.compile("Prettify")).click()
        visit.page.locator(".graphiql-query-editor .view-lines").first.click()
        visit.page.keyboard.press("Control+Enter")
        expect(visit.page.locator(".result-window")).to_contain_text('"data"', timeout=20_000)
        assert visit.complaints == []


def test_the_page_cannot_be_made_to_talk_to_another_origin(browser: Browser, address: str) -> None:
    attempt = "url => fetch(url).then(() => 'reached', () => 'refused')"
    with visiting(browser, address) as visit, serving(greetings(HELLO)) as other:
        visit.open()
        assert visit.page.evaluate(attempt, f"{address}/tabs.json") == "reached"
        assert visit.page.evaluate(attempt, f"{other}/tabs.json") == "refused"
        assert any("Content Security Policy" in complaint for complaint in visit.complaints)


def test_light_and_dark_follow_the_reader(browser: Browser, address: str) -> None:
    paper = "selector => getComputedStyle(document.querySelector(selector)).backgroundColor"
    seen = {}
    for dark in (False, True):
        with visiting(browser, address, dark=dark) as visit:
            visit.open()
            seen[dark] = [visit.page.evaluate(paper, selector) for selector in ("body", ".graphiql-container")]
    assert seen[False] == ["rgb(255, 255, 255)"] * 2
    assert all(light != dark for light, dark in zip(seen[False], seen[True], strict=True))


def test_newer_tabs_replace_those_that_nobody_touched(browser: Browser) -> None:
    switch = Switch(greetings(HELLO))
    with serving(switch) as address, visiting(browser, address) as visit:
        visit.open()
        visit.run("Hello")
        switch.app = greetings(GOODBYE, HELLO)
        visit.open()
        assert visit.tabs() == ["Goodbye", "Hello"]
        assert visit.complaints == []


@pytest.mark.parametrize("kept", ["regulars:graphiql:query", "regulars:graphiql:tabState"])
def test_somebodys_own_tab_survives_newer_ones_as_soon_as_the_browser_keeps_it(browser: Browser, kept: str) -> None:
    switch = Switch(greetings(HELLO))
    with serving(switch) as address, visiting(browser, address) as visit:
        visit.open()
        visit.page.locator(".graphiql-query-editor .view-lines").first.click()
        visit.page.keyboard.press("Control+A")
        visit.page.keyboard.insert_text('query Mine { greeting(name: "me") }')
        visit.page.wait_for_function("key => (localStorage.getItem(key) ?? '').includes('Mine')", arg=kept)
        switch.app = greetings(GOODBYE)
        visit.open()
        assert "Mine" in visit.tabs()
        assert "Goodbye" not in visit.tabs()


def test_tokens_typed_into_the_headers_are_not_kept(browser: Browser, address: str) -> None:
    with visiting(browser, address) as visit:
        visit.open()
        visit.page.locator(".graphiql-editor-tools").get_by_role("button", name="Headers").click()
        visit.page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines").click()
        visit.page.keyboard.insert_text('{"Authorization": "Bearer open-sesame"}')
        visit.run(visit.tabs()[0])
        visit.page.wait_for_timeout(800)  # longer than the editors wait before they keep anything
        assert "open-sesame" not in visit.page.evaluate("() => JSON.stringify(localStorage)")
