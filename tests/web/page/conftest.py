"""Chromium, and Regulars on the made-up population."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.web.demo_app import demo_app
from tests.web.live_server import serving
from tests.web.page.visit import CHROMIUM, QUIET, Visit, visiting


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def shop(shop_url: str) -> Iterator[str]:
    """Address of Regulars with the shop's customers, of this module's own."""
    with serving(demo_app(shop_url)) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, shop: str) -> Iterator[Visit]:
    """A first visit to the shop's page, which is ready to be used."""
    with visiting(browser, shop) as visit:
        visit.open()
        yield visit
