"""The strip at the top: what is in there, three questions answered by a press, and the way to a query of one's own."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.web.demo_app import golden
from tests.web.live_server import serving
from tests.web.page.greetings import HELLO, greetings
from tests.web.page.visit import NEEDS_CHROMIUM, Visit, visiting

pytestmark = NEEDS_CHROMIUM

BUTTONS = {
    "Who is active, but not for long?": "ActiveOnlyUntilSoon",
    "Who brings the most?": "NetValue",
    "Who stays away?": "Filter",
}


def asked(address: str, query: str) -> Any:
    return httpx2.post(f"{address}/graphql", json={"query": query}).json()["data"]


@pytest.mark.parametrize("name", BUTTONS)
def test_a_button_opens_its_tab_and_shows_the_answer(visit: Visit, name: str) -> None:
    visit.button(name).click()
    visit.sees(golden(BUTTONS[name]))
    visit.opens(BUTTONS[name])
    assert len(visit.tabs()) == 22
    visit.was_quiet()


def test_a_button_brings_a_closed_tab_back(visit: Visit) -> None:
    visit.tab("Filter").click()
    visit.page.locator(".graphiql-tab-active .graphiql-tab-close").click()
    assert "Filter" not in visit.tabs()
    visit.button("Who stays away?").click()
    visit.sees(golden("Filter"))
    visit.opens("Filter")


def test_a_button_leaves_alone_what_somebody_changed(visit: Visit) -> None:
    visit.tab("Filter").click()
    visit.write(".graphiql-query-editor", "query Filter { customers(first: 1) { nodes { email } } }")
    visit.page.wait_for_timeout(300)  # the editor tells the tab a tenth of a second after a change
    visit.button("Who stays away?").click()
    visit.sees(golden("Filter"))
    assert visit.tabs().count("Filter") == 2


def test_the_numbers_are_those_of_the_api_and_follow_a_change(visit: Visit) -> None:
    count = asked(visit.address, "{ orders { totalCount { count } } }")["orders"]["totalCount"]["count"]
    numbers = visit.page.locator("#numbers")
    expect(numbers).to_have_text(f"1,000 customers with {count:,} orders in here")
    visit.run("RecordPurchase")
    visit.sees(golden("RecordPurchase"))
    expect(numbers).to_have_text(f"1,000 customers with {count + 1:,} orders in here")


@pytest.mark.parametrize(
    ("customers", "orders", "told"),
    [
        (
            (10_000, "AT_LEAST"),
            (10_000, "AT_LEAST"),
            "more than 10,000 customers with more than 10,000 orders in here",
        ),
        ((10_000, "EXACT"), (0, "EXACT"), "10,000 customers with 0 orders in here"),
        ((1, "EXACT"), (1, "EXACT"), "1 customer with 1 order in here"),
        ((0, "EXACT"), (0, "EXACT"), "No customers yet: fill it with regulars demo or regulars import"),
    ],
)
def test_numbers_are_told_as_they_are(
    browser: Browser, customers: tuple[int, str], orders: tuple[int, str], told: str
) -> None:
    api = greetings(HELLO, customers=customers, orders=orders)
    with serving(api) as address, visiting(browser, address) as visit:
        visit.page.goto(address)
        expect(visit.page.locator("#numbers")).to_have_text(told)


def test_numbers_that_cannot_be_had_are_not_made_up(browser: Browser) -> None:
    with serving(greetings(HELLO)) as address, visiting(browser, address) as visit:
        visit.open()
        expect(visit.page.locator("#numbers")).to_have_text("The API did not say how many customers there are.")
        visit.was_quiet()


def test_a_newcomer_builds_a_query_of_their_own_by_pointing(visit: Visit) -> None:
    visit.button("Build your own query").click()
    builder = visit.page.locator(".docExplorerWrap")
    expect(builder).to_be_visible()
    expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("Tick fields on the left, then press play.")
    for inside, field in (("", "customers"), (".graphiql-explorer-customers", "nodes"), ("", "displayName")):
        builder.locator(f'{inside} [data-field-name="{field}"]').click()
    visit.page.locator(".graphiql-execute-button").click()
    visit.sees_text('"displayName": "Paul Klein"')
    assert "customers{nodes{displayName}}" in visit.text(".graphiql-query-editor")
    expect(visit.page.locator(".graphiql-query-editor")).not_to_contain_text("Tick fields")
    visit.was_quiet()


def test_the_documentation_opens_and_the_schema_is_a_link_away(visit: Visit) -> None:
    visit.button("Documentation").click()
    expect(visit.page.locator(".graphiql-doc-explorer")).to_be_visible()
    visit.page.get_by_role("link", name="Schema").click()
    expect(visit.page.locator("body")).to_contain_text("type Customer implements Node")
