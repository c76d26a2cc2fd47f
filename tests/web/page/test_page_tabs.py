"""The ready tabs in a browser: each shows what its golden file says, and the page keeps quiet and at home."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from api.web.explorer import load_tabs
from tests.web.demo_app import golden
from tests.web.live_server import serving
from tests.web.page.greetings import GOODBYE, HELLO, greetings
from tests.web.page.visit import NEEDS_CHROMIUM, Visit, visiting

pytestmark = NEEDS_CHROMIUM

NAMES = [tab.name for tab in load_tabs()]
VARIABLES = ".graphiql-editor-tool .graphiql-editor:not(.hidden)"


def test_every_tab_shows_its_golden_answer_and_changes_are_made_once(visit: Visit) -> None:
    assert visit.page.title() == "Regulars"
    assert visit.tabs() == NAMES
    for name in NAMES:
        visit.run(name)
        visit.sees(golden(name))
        assert "latestorder" not in visit.text(VARIABLES)
        if name.startswith("Record"):
            visit.page.locator(".graphiql-execute-button").click()
            visit.sees(golden(f"{name}Again"))
    visit.was_quiet()


def test_a_visitor_turns_the_page_by_the_cursor(visit: Visit) -> None:
    visit.run("PageThrough")
    visit.sees(golden("PageThrough"))
    (cursor,) = re.findall(r'"endCursor": "([^"]+)"', golden("PageThrough"))
    visit.write(VARIABLES, f'{{"first": 5, "after": "{cursor}"}}')
    visit.page.locator(".graphiql-execute-button").click()
    visit.sees(golden("PageThroughNext"))


def test_the_page_serves_any_api_with_its_own_tabs(browser: Browser) -> None:
    with serving(greetings(HELLO, GOODBYE)) as address, visiting(browser, address) as visit:
        visit.open()
        assert visit.tabs() == ["Hello", "Goodbye"]
        for name, greeted in {"Hello": "Hello, Ada!", "Goodbye": "Hello, Grace!"}.items():
            visit.run(name)
            visit.sees_text(greeted)
        assert not visit.page.locator("[data-tab]").first.is_visible()
        visit.was_quiet()


def test_a_tab_run_at_once_after_another_sends_its_own_name(visit: Visit) -> None:
    visit.run("NetValue")
    visit.sees(golden("NetValue"))
    with visit.page.expect_request("**/graphql") as sent:
        visit.run("Filter")
    assert (sent.value.post_data_json or {}).get("operationName") in {None, "Filter"}
    visit.sees(golden("Filter"))
