"""Somebody before the page in a real Chromium, who notices everything it complains about or asks others for."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import Request as AskedFor

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# What Chromium would do on its own on a machine without a network, and the sandbox that root cannot have.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found: the page was not tried in a browser")

LOUD = {"error", "warning"}
PATIENCE_MILLISECONDS = 30_000

# Monaco draws only the lines in sight, and not in their order.
LINES = """selector => [...document.querySelectorAll(`${selector} .view-line`)]
    .sort((one, other) => parseInt(one.style.top) - parseInt(other.style.top))
    .map(line => line.textContent).join('').replace(/\\s/g, '')"""
BEGINS = f"""wanted => {{
    const shown = ({LINES})('.result-window');
    return shown.length >= Math.min(300, wanted.length) && wanted.startsWith(shown);
}}"""

# The tabs and the texts of the open one are kept one after the other.
KEEPS = """tab => {
    const [tabs, query, variables] = ['tabState', 'query', 'variables']
        .map(name => localStorage.getItem(`regulars:graphiql:${name}`) ?? '');
    const kept = JSON.parse(tabs || '{"tabs": []}');
    const open = kept.tabs[kept.activeTabIndex];
    return open?.title === tab && open.query === query && (open.variables ?? '') === variables;
}"""


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
        expect(self.page.locator(".graphiql-execute-button")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        expect(self.page.locator(".graphiql-query-editor .view-line").first).not_to_be_empty(
            timeout=PATIENCE_MILLISECONDS
        )
        expect(self.page.locator("#own")).to_be_enabled(timeout=PATIENCE_MILLISECONDS)

    def tabs(self) -> list[str]:
        return self.page.locator(".graphiql-tab-button").all_inner_texts()

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tablist").get_by_role("button", name=name, exact=True)

    def opens(self, tab: str) -> None:
        """Wait until a tab is open under its name, which the page shows a moment after what is in it."""
        expect(self.page.locator(".graphiql-tab-active .graphiql-tab-button")).to_have_text(tab)

    def run(self, tab: str) -> None:
        """Open a tab and press the play button."""
        self.tab(tab).click()
        self.page.locator(".graphiql-execute-button").click()

    def keeps(self, tab: str) -> None:
        """Wait until the browser has kept that a tab is open: the editor writes that down a moment later."""
        self.page.wait_for_function(KEEPS, arg=tab, timeout=PATIENCE_MILLISECONDS)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def sees(self, answer: str) -> None:
        """Wait until the result pane shows the beginning of an answer, letter by letter; spaces do not count."""
        wanted = re.sub(r"\s", "", answer)
        self.page.wait_for_function(BEGINS, arg=wanted, timeout=PATIENCE_MILLISECONDS)

    def sees_text(self, text: str | re.Pattern[str]) -> None:
        """Wait until the result pane shows some text."""
        expect(self.page.locator(".result-window")).to_contain_text(text, timeout=PATIENCE_MILLISECONDS)

    def text(self, selector: str) -> str:
        """Return the lines that an editor shows, without spaces."""
        shown: str = self.page.evaluate(LINES, selector)
        return shown

    def write(self, selector: str, text: str) -> None:
        """Put a text into an editor in place of what it holds."""
        self.page.locator(f"{selector} .view-lines").first.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        # The editor closes brackets and quotes by itself, behind what was written.
        self.page.keyboard.press("Control+Shift+End")
        self.page.keyboard.press("Delete")

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

    def was_quiet(self) -> None:
        """Assert that the page complained of nothing and asked nobody but its own server."""
        assert self.complaints == []
        assert self.elsewhere == []


@contextmanager
def visiting(browser: Browser, address: str, *, dark: bool = False, width: int = 1440) -> Iterator[Visit]:
    """Open a window of its own, with nothing kept from earlier visits."""
    context = browser.new_context(color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900})
    visit = Visit(context.new_page(), address)
    visit.watch()
    yield visit
    context.close()
