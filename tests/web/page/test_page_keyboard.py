"""Everything on the page without a mouse."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.web.demo_app import golden
from tests.web.page.visit import NEEDS_CHROMIUM, Visit, visiting

pytestmark = NEEDS_CHROMIUM

FOCUSED = """() => {
    const at = document.activeElement;
    return at.getAttribute('aria-label') || at.textContent || at.tagName;
}"""
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"


def press_until(visit: Visit, wanted: str, most: int = 40) -> None:
    for _ in range(most):
        visit.page.keyboard.press("Tab")
        if visit.page.evaluate(FOCUSED).strip().startswith(wanted):
            return
    raise AssertionError(f"{wanted} was not reached by {most} tabs")


def test_the_strip_is_walked_in_the_order_it_is_read_and_shows_where_one_is(visit: Visit) -> None:
    walked = []
    for _ in range(7):
        visit.page.keyboard.press("Tab")
        walked.append(visit.page.evaluate(FOCUSED).strip())
        assert visit.page.evaluate(OUTLINE) == "solid"
    assert walked == [
        *("Skip to the editor", "Documentation", "Schema"),
        *("Who is active, but not for long?", "Who brings the most?", "Who stays away?", "Build your own query"),
    ]


def test_a_question_is_answered_by_the_enter_key(visit: Visit) -> None:
    press_until(visit, "Who brings the most?")
    visit.page.keyboard.press("Enter")
    visit.sees(golden("NetValue"))


def test_the_skip_link_is_seen_and_leads_past_the_strip_to_the_tabs(visit: Visit) -> None:
    visit.page.keyboard.press("Tab")
    box = visit.page.locator(".skip").bounding_box()
    assert box is not None
    assert box["y"] >= 0
    visit.page.keyboard.press("Enter")
    press_until(visit, "PageThrough", most=20)
    visit.page.keyboard.press("Enter")
    press_until(visit, "Execute query", most=80)
    visit.page.keyboard.press("Enter")
    visit.sees(golden("PageThrough"))


def test_the_query_runs_from_within_the_editor(visit: Visit) -> None:
    visit.page.locator(".graphiql-query-editor .view-lines").first.click()
    visit.page.keyboard.press("Control+Enter")
    visit.sees(golden("FindCustomer"))


def test_everything_that_can_be_pressed_has_a_name(browser: Browser, shop: str) -> None:
    nameless = """() => [...document.querySelectorAll('button, a[href], input, select')]
        .filter(each => each.offsetParent && !each.closest('.monaco-editor'))
        .filter(each => !(each.getAttribute('aria-label') || each.title || each.textContent.trim()))
        .map(each => each.outerHTML)"""
    with visiting(browser, shop) as visit:
        visit.open()
        assert visit.page.evaluate(nameless) == []
        assert visit.page.locator("html").get_attribute("lang") == "en"
        assert visit.page.get_by_role("main").count() == visit.page.get_by_role("banner").count() == 1
