"""Models of parts of the customers: drawn towards that of all, tested as it was, told and kept beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
import numpy as np
import pytest

from api.cli.fitted.page import page
from api.cli.fitted.run import Seen, fitted, kept, seen_by
from api.cli.fitted.table import WIDTH, table
from api.cli.fitted.told import Told
from api.domain.lifetime_value.candidates import SegmentModel, Segments
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.segments import SegmentBasis
from api.domain.lifetime_value.training import trained
from api.writes.business import Business
from tests.cli.shop import BEGIN, DAYS, END, purchases
from tests.fitted import add_model

pytestmark = pytest.mark.anyio

SHOP = Business("Tea & Tools", "EUR", "Europe/Berlin")
MOMENT = END + timedelta(hours=11, microseconds=-1)
MEMBERS = {"FR": range(600, 700), "GB": range(600), "AT": range(700, 720), "US": range(700, 702)}
"""Those of France buy for five times as much, and four of five of them stop half-way."""
_FRENCH = set(MEMBERS["FR"])


def bought() -> PurchaseDays:
    """Return what 720 customers bought."""
    begin = BEGIN.date().toordinal()
    rows = [
        (each.customer, begin + each.day, float(each.value) * (5 if each.customer in _FRENCH else 1))
        for each in purchases(720)
        if each.customer not in _FRENCH or each.day < DAYS / 2 or each.customer % 5 == 0
    ]
    return PurchaseDays.of(*zip(*rows, strict=True))


@pytest.fixture(scope="module")
def told() -> Told:
    members = {country: np.array(numbers) for country, numbers in MEMBERS.items()}
    return fitted(Seen(SHOP, MOMENT, bought(), by=SegmentBasis.COUNTRY, members=members))


@pytest.fixture(scope="module")
def parts(told: Told) -> dict[str, SegmentModel]:
    assert told.segments is not None
    return {part.value: part for part in told.segments.models}


def logs(model) -> np.ndarray:
    return np.log(list(model.candidates.counts["MBG/NBD"].parameters.values()))


def test_the_largest_parts_come_first_and_who_are_too_few_are_left(told, parts):
    assert list(parts) == ["GB", "FR"]
    assert told.segments.left == {"AT": 20, "US": 2}
    assert [part.trained.seen for part in parts.values()] == [600, 100]
    assert [Flag.SMALL_SAMPLE in part.trained.flags for part in parts.values()] == [False, True]


def test_a_small_part_is_drawn_towards_all_and_yet_says_what_it_is(told, parts):
    french = parts["FR"].trained
    alone = trained(french.days, today=french.until, complete=french.until)
    away, further = (np.abs(logs(each) - logs(told.trained)).sum() for each in (french, alone))
    assert 0.05 < away < further
    # Most of them buy no more, and that is seen.
    alive = [each.fit.model.probability_alive(each.purchases).mean() for each in (french, parts["GB"].trained)]
    assert alive[0] < 0.6 * alive[1]


def test_what_few_spend_is_told_by_the_spread_of_all_around_their_own_median(told, parts):
    whole, french = (each.candidates.spend.model for each in (told.trained, parts["FR"].trained))
    assert (french.p, french.q) == (whole.p, whole.q)
    assert 4 < french.gamma / whole.gamma < 6
    assert parts["GB"].trained.candidates.spend.model.p != whole.p


def test_a_part_is_tested_with_what_all_were_known_by_before_the_cut(told, parts):
    for part in parts.values():
        assert [trial.hold_out.length for trial in part.trained.trials] == [365, 90]
        for of_part, of_all in [
            (part.trained, told.trained),
            *zip(part.trained.trials, told.trained.trials, strict=True),
        ]:
            prior = of_part.candidates.counts["MBG/NBD"].prior
            assert prior.centers == tuple(of_all.candidates.counts["MBG/NBD"].parameters.values())
        assert part.trained.trials[0].hold_out.cut == told.trained.trials[0].hold_out.cut


def test_each_part_stands_in_the_table_and_on_the_page_with_the_model_of_all_beside_it(told, parts):
    text, html = table(told, 3), page(told, 3)
    french = parts["FR"].trained.trials[0]
    scores = [f"{french.tests[french.best].log_score:,.1f}", f"{parts['FR'].score_of_all:,.1f}"]
    assert parts["FR"].score_of_all < french.tests[french.best].log_score
    (row,) = [line.split() for line in text.splitlines() if line.startswith("FR ")]
    assert row[:2] + row[5:7] == ["FR", "~", *scores]
    assert "AT (20), US (2). They go by the model of all." in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= WIDTH
    assert f"<td>{scores[0]}</td><td>{scores[1]}</td>" in html
    assert "By country" not in table(replace(told, segments=None), 3)


def test_where_the_model_of_all_did_better_it_is_said(told, parts):
    lucky = replace(parts["FR"], score_of_all=0.0)
    better = replace(told, segments=Segments(SegmentBasis.COUNTRY, (lucky,), {}))
    assert "Told better by the model of all customers, and left to it: FR." in table(better, 3)


async def test_all_models_of_a_fit_are_kept_as_one_version(told, parts, given, database):
    await given.business()
    await add_model(given, trained_until=END)
    assert await kept(database, told) == 2
    query = "SELECT * FROM lifetime_value_models WHERE version = 2 ORDER BY segment_value NULLS FIRST"
    whole, french, british = await given.connection.fetch(query)
    assert [row["segment_value"] for row in (whole, french, british)] == [None, "FR", "GB"]
    assert {row["segment_by"] for row in (whole, french, british)} == {"COUNTRY"}
    assert {row["trained_until"] for row in (whole, french, british)} == {MOMENT}
    assert json.loads(french["parameters"]) == pytest.approx(parts["FR"].trained.fit.parameters)
    tests = await given.connection.fetch(
        "SELECT model_id FROM lifetime_value_tests WHERE model_id = $1", french["model_id"]
    )
    assert len(tests) == 2
    with pytest.raises(asyncpg.UniqueViolationError):
        await add_model(given, trained_until=END, version=2)


async def test_customers_are_divided_by_what_they_have_in_common_under_the_numbers_of_their_purchases(given, database):
    await given.business()
    british, nobody, both, french = [
        await given.customer(country=country, tags=tags, kind=kind)
        for country, tags, kind in (
            ("GB", ["new"], "CONSUMER"),
            ("GB", ["new"], "CONSUMER"),
            (None, ["new", "old"], "BUSINESS"),
            ("FR", [], "CONSUMER"),
        )
    ]
    for value, customer in ((1, british), (2, both), (3, french)):
        await given.order(customer, value, placed_at=BEGIN)
    await given.order(nobody, 9, placed_at=END)
    found = {by: await values_by(database, given, by, END - timedelta(days=1)) for by in SegmentBasis}
    assert found == {
        SegmentBasis.KIND: {"CONSUMER": [1, 3], "BUSINESS": [2]},
        SegmentBasis.COUNTRY: {"GB": [1], "FR": [3]},
        SegmentBasis.TAG: {"new": [1, 2], "old": [2]},
    }


async def values_by(database, given, by: SegmentBasis, moment: datetime) -> dict[str, list[float]]:
    async with database.snapshot() as connection:
        seen = await seen_by(connection, SHOP, moment, by)
    return {value: sorted(seen.days.of_customers(numbers).values) for value, numbers in seen.members.items()}
