"""The ready tabs in a browser: each shows what its golden file says, and the page keeps quiet and at home."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from playwright.sync_api import Browser, expect

from api.web.explorer import load_tabs
from api.web.view import now
from tests.web.demo_app import demo_app, fill, golden
from tests.web.live_server import serving
from tests.web.page.greetings import GOODBYE, HELLO, greetings
from tests.web.page.visit import NEEDS_CHROMIUM, PATIENCE_MILLISECONDS, Visit, visiting
from tests.web.test_tabs import CHANGES

pytestmark = NEEDS_CHROMIUM

NAMES = [tab.name for tab in load_tabs()]
VARIABLES = ".graphiql-editor-tool .graphiql-editor:not(.hidden)"
WRONG = ".squiggly-error"
LOOKED_AT_MILLISECONDS = 1_500
"""Until then the editor has looked for mistakes, half a second after a change."""


def test_every_tab_shows_its_golden_answer_with_nothing_underlined_and_changes_are_made_once(visit: Visit) -> None:
    assert visit.page.title() == "Regulars"
    assert visit.tabs() == NAMES
    for name in NAMES:
        opened = time.monotonic()
        visit.run(name)
        visit.sees(golden(name))
        assert "latestorder" not in visit.text(VARIABLES)
        assert "ofthisvisit" not in visit.text(VARIABLES)
        if name in CHANGES:
            visit.page.locator(".graphiql-execute-button").click()
            visit.sees(golden(f"{name}Again"))
        visit.page.wait_for_timeout(max(0, LOOKED_AT_MILLISECONDS - 1_000 * (time.monotonic() - opened)))
        assert visit.page.locator(WRONG).count() == 0, name
    visit.was_quiet()


def test_a_visitor_turns_the_page_by_the_cursor(visit: Visit) -> None:
    visit.run("PageThrough")
    visit.sees(golden("PageThrough"))
    (cursor,) = re.findall(r'"endCursor": "([^"]+)"', golden("PageThrough"))
    visit.write(VARIABLES, f'{{"first": 5, "after": "{cursor}"}}')
    visit.page.locator(".graphiql-execute-button").click()
    visit.sees(golden("PageThroughNext"))


def test_a_shop_that_sold_something_yesterday_is_asked_about_now(browser: Browser, database_url: str) -> None:
    fill(database_url, customers=200, until=datetime.now(UTC))
    with serving(demo_app(database_url, now)) as address, visiting(browser, address) as visit:
        visit.open()
        visit.run("WhyActive")
        visit.sees_text('"displayName": "Ada Berger"')
        assert '"asOf":null' in visit.text(VARIABLES)
        visit.run("ActiveOnlyUntilSoon")
        visit.sees_text('"precision": "EXACT"')
        assert '"asOf":null' in visit.text(VARIABLES)
        visit.was_quiet()


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


def test_a_variable_that_nobody_takes_is_underlined_as_wrong(visit: Visit) -> None:
    visit.write(VARIABLES, '{"nobody": 1}')
    expect(visit.page.locator(WRONG)).not_to_have_count(0, timeout=PATIENCE_MILLISECONDS)


def test_every_tab_and_button_is_quiet_beside_the_builder(visit: Visit) -> None:
    visit.button("Build your own query").click()
    for name in NAMES:
        visit.run(name)
        visit.sees_text('"data"')
    for name in ("Who is active, but not for long?", "Who brings the most?", "Who stays away?"):
        visit.button(name).click()
        visit.sees_text('"data"')
    assert visit.page.locator(".docExplorerWrap").is_visible()
    visit.was_quiet()


def test_a_second_visitor_records_a_purchase_of_their_own(browser: Browser, shop: str, visit: Visit) -> None:
    visit.run("RecordPurchase")
    visit.sees_text('"replayed": false')
    with visiting(browser, shop) as second:
        second.open()
        second.run("RecordPurchase")
        second.sees_text('"replayed": false')
        second.keeps("RecordPurchase")
        second.open()
        second.run("RecordPurchase")
        second.sees_text('"replayed": true')


def test_no_line_of_a_query_is_cut_on_a_small_screen(browser: Browser, shop: str) -> None:
    with visiting(browser, shop, width=390) as visit:
        visit.open()
        wide = "() => document.querySelector('.graphiql-query-editor .view-line > span').scrollWidth"
        room = "() => document.querySelector('.graphiql-query-editor .monaco-scrollable-element').clientWidth"
        assert visit.page.evaluate(wide) <= visit.page.evaluate(room)
