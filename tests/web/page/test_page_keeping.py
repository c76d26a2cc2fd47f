"""What the page keeps in the browser, and what newer versions of it do with that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.web.live_server import serving
from tests.web.page.greetings import GOODBYE, HELLO, Switch, greetings
from tests.web.page.visit import NEEDS_CHROMIUM, Visit, visiting

pytestmark = NEEDS_CHROMIUM


def test_newer_tabs_replace_those_that_nobody_touched(browser: Browser) -> None:
    switch = Switch(greetings(HELLO))
    with serving(switch) as address, visiting(browser, address) as visit:
        visit.open()
        visit.run("Hello")
        visit.sees_text("Hello, Ada!")
        switch.app = greetings(GOODBYE, HELLO)
        visit.open()
        assert visit.tabs() == ["Goodbye", "Hello"]
        visit.was_quiet()


@pytest.mark.parametrize("kept", ["regulars:graphiql:query", "regulars:graphiql:tabState"])
def test_somebodys_own_tab_survives_newer_ones_as_soon_as_the_browser_keeps_it(browser: Browser, kept: str) -> None:
    switch = Switch(greetings(HELLO))
    with serving(switch) as address, visiting(browser, address) as visit:
        visit.open()
        visit.write(".graphiql-query-editor", 'query Mine { greeting(name: "me") }')
        visit.page.wait_for_function("key => (localStorage.getItem(key) ?? '').includes('Mine')", arg=kept)
        switch.app = greetings(GOODBYE)
        visit.open()
        assert "Mine" in visit.tabs()
        assert "Goodbye" not in visit.tabs()


def test_the_page_cannot_be_made_to_talk_to_another_origin(visit: Visit) -> None:
    attempt = "url => fetch(url).then(() => 'reached', () => 'refused')"
    with serving(greetings(HELLO)) as other:
        assert visit.page.evaluate(attempt, f"{visit.address}/tabs.json") == "reached"
        assert visit.page.evaluate(attempt, f"{other}/tabs.json") == "refused"
    assert any("Content Security Policy" in complaint for complaint in visit.complaints)
