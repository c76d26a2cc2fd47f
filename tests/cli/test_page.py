"""The page of a fit, in a real Chromium that cannot reach anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from api.cli.drawn.svg import Plot, number, ticks
from api.cli.fitted.page import page
from api.cli.fitted.run import Seen, fitted
from api.cli.fitted.told import Told
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.writes.business import Business
from tests.cli.shop import BEGIN, DAYS, purchases
from tests.web.page.visit import CHROMIUM, NEEDS_CHROMIUM, QUIET

PLOTS = ["tracking", "expected", "reliability", "value", "ranges"]
SHOP = Business("Tea & Tools", "EUR", "Europe/Berlin")


def told_of(days: int) -> Told:
    """Return the fit to 600 simulated customers who were seen for so many days."""
    begin = BEGIN.date().toordinal()
    bought = [each for each in purchases(600) if each.day < days]
    rows = (
        [each.customer for each in bought],
        [begin + each.day for each in bought],
        [float(each.value) for each in bought],
    )
    moment = datetime.fromordinal(begin + days - 1).replace(hour=22, tzinfo=UTC)
    return fitted(Seen(SHOP, moment, PurchaseDays.of(*rows)))


@pytest.fixture(scope="module")
def told() -> Told:
    return told_of(DAYS)


@pytest.fixture(scope="module")
def html(told: Told) -> str:
    return page(told, 7)


@pytest.fixture
def opened(html: str, tmp_path: Path) -> Iterator[tuple[Page, list[str]]]:
    """The page, opened from a file without a network, and everything it complained about or asked for."""
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    noticed: list[str] = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        shown = browser.new_context(offline=True, color_scheme="dark").new_page()
        shown.on("console", lambda message: noticed.append(message.text))
        shown.on("pageerror", lambda error: noticed.append(str(error)))
        shown.on("request", lambda asked: noticed.append(asked.url))
        address = (tmp_path / "page.html").as_uri()
        shown.goto(address)
        noticed.remove(address)
        yield shown, noticed
        browser.close()


@NEEDS_CHROMIUM
def test_the_page_opens_offline_without_a_complaint_and_has_its_plots(opened):
    shown, noticed = opened
    assert shown.title() == "Lifetime value, version 7"
    assert [plot.get_attribute("aria-labelledby") for plot in shown.get_by_role("img").all()] == [
        f"{name}-title {name}-text" for name in PLOTS
    ]
    for plot in shown.locator("svg").all():
        box = plot.bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert plot.locator("text.label").count() == 2
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 15)"
    assert [each for each in noticed if not each.startswith("data:")] == []


def test_the_page_names_nobody_else(html):
    assert re.findall(r"(?:https?:)?//[^\s\"<]+|@import|<script|url\(", html) == []


def test_every_plot_has_a_title_and_says_in_words_what_it_shows(html):
    for name in PLOTS:
        assert re.search(rf'<title id="{name}-title">[^<]+</title><desc id="{name}-text">[^<]+</desc>', html)


def test_models_parameters_and_naive_forecasts_stand_in_it(html, told):
    for name in ("MBG/NBD", "BG/NBD", "Pareto/NBD", "NBD", "Gamma-Gamma", "last period repeated", "hiatus rule"):
        assert f"<td>{name}</td>" in html
    fit = told.trained.fit
    assert f"r {fit.parameters['r']:.4g} ± {fit.standard_errors['r']:.2g}" in html
    assert "nan" not in re.sub(r"<style>.*?</style>", "", html).lower().replace("finance", "")


def test_without_a_hold_out_the_page_says_so_and_shows_what_was_seen():
    html = page(told_of(200), 1)
    assert "Not tested: there is too little history" in html
    assert re.findall(r'aria-labelledby="(\w+)-title', html) == ["tracking"]
    assert "SEASON_RISK" in html


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 1e-4), (0, 0.7), (0, 8), (0, 99), (0, 50_000), (3, 1e9)])
def test_ticks_are_few_round_and_hold_everything(low, high):
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8
    assert np.allclose(np.diff(found), found[1] - found[0])
    assert all(len(number(each)) <= 13 for each in found)


def test_text_in_a_plot_is_text():
    plot = Plot("<b>", "a & b", [0, 1], [0, 1], "<x>", "y")
    plot.dots([(0, 0)], "model", ["<script>"])
    assert "<b>" not in plot.svg("p")
    assert "<script>" not in plot.svg("p")
