"""How the page looks: light and dark, readable in both, and on a small screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.web.demo_app import golden
from tests.web.page.visit import NEEDS_CHROMIUM, Visit, visiting

pytestmark = NEEDS_CHROMIUM

# WCAG 2.1, 1.4.3: text is readable from a contrast of 4.5 to 1 on.
READABLE = 4.5

# The least contrast of each selector's texts, over whatever is painted behind them.
CONTRASTS = """selectors => {
    const parts = colour => {
        const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
        return [r, g, b, a];
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((value, index) => value * a + under[index] * (1 - a));
    const light = colour => {
        const [r, g, b] = colour.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const above = [];
        for (let at = element; at; at = at.parentElement) above.unshift(parts(getComputedStyle(at).backgroundColor));
        return above.reduce((under, colour) => over(colour, under), [255, 255, 255]);
    };
    const contrast = element => {
        const paper = behind(element);
        const [more, less] = [light(paper), light(over(parts(getComputedStyle(element).color), paper))]
            .sort((one, other) => other - one);
        return (more + 0.05) / (less + 0.05);
    };
    return Object.fromEntries(selectors.map(selector => {
        const hasText = each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const seen = [...document.querySelectorAll(selector)].filter(each => each.offsetParent && hasText(each));
        return [selector, seen.length ? Math.min(...seen.map(contrast)) : 0];
    }));
}"""
TEXTS = [
    *(".strip-name", ".strip-line", "#numbers", ".strip-queries button", ".strip-own", ".strip-link", ".strip-hint"),
    *(".strip kbd", ".graphiql-tab-button", ".graphiql-editor-tools button", ".graphiql-plugin *"),
    *(".graphiql-query-editor .view-line span", ".result-window .view-line span"),
]
PAPER = "selector => getComputedStyle(document.querySelector(selector)).backgroundColor"


def test_light_and_dark_follow_the_reader(browser: Browser, shop: str) -> None:
    seen = {}
    for dark in (False, True):
        with visiting(browser, shop, dark=dark) as visit:
            visit.open()
            seen[dark] = [visit.page.evaluate(PAPER, selector) for selector in ("body", ".graphiql-container")]
    assert seen[False] == ["rgb(255, 255, 255)"] * 2
    assert all(light != dark for light, dark in zip(seen[False], seen[True], strict=True))


def test_the_switch_in_the_settings_wins_over_the_system(visit: Visit) -> None:
    visit.button("Open settings dialog").click()
    visit.button("Dark").click()
    visit.page.keyboard.press("Escape")
    assert visit.page.evaluate(PAPER, "body") == "rgb(32, 42, 59)"
    visit.was_quiet()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("pane", ["GraphiQL Explorer", "Documentation Explorer"])
def test_every_text_is_readable(browser: Browser, shop: str, pane: str, dark: bool) -> None:
    with visiting(browser, shop, dark=dark) as visit:
        visit.open()
        visit.button("Who brings the most?").click()
        visit.sees(golden("NetValue"))
        visit.button(f"Show {pane}").click()
        visit.page.mouse.move(0, 0)
        contrasts = visit.page.evaluate(CONTRASTS, TEXTS)
    assert {text: round(found, 2) for text, found in contrasts.items() if found < READABLE} == {}


def test_on_a_small_screen_nothing_is_cut_off_and_the_answer_is_below_the_question(browser: Browser, shop: str) -> None:
    with visiting(browser, shop, width=420) as visit:
        visit.open()
        visit.button("Who brings the most?").click()
        visit.sees_text("Femke")
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") == 420
        question, answer = (
            visit.page.locator(selector).bounding_box() for selector in (".graphiql-editors", ".graphiql-response")
        )
        assert question is not None
        assert answer is not None
        assert answer["y"] >= question["y"] + question["height"]
        assert min(question["width"], answer["width"]) > 300
        visit.was_quiet()
