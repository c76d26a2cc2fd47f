"""How content customers are: of one and of all, within windows that run forwards, as of any moment, as was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.domain.satisfaction import net_promoter_score

pytestmark = pytest.mark.anyio

INSTANT = timedelta(microseconds=1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SATISFACTION = """query ($id: ID!, $window: Duration = "P12M", $asOf: DateTime, $knownAt: DateTime) {
  customer(by: {id: $id}, asOf: $asOf, knownAt: $knownAt) { satisfaction(window: $window) {
    nps latestNps averageCsat averageCes responses trend openComplaints } } }"""
BASE = """query ($window: Duration = "P12M", $asOf: DateTime, $knownAt: DateTime, $filter: CustomerFilterInput) {
  customerBase(asOf: $asOf, knownAt: $knownAt, filter: $filter) { total satisfaction(window: $window) {
    nps { score low high promoters passives detractors responses } csat { satisfied mean responses }
    ces { mean responses } responses openComplaints
    byMonth { month responses nps { score } csat { mean } ces { mean } } } } }"""
BANDS = "query ($in: [NpsBand!]!) { customers(filter: {npsBand: $in}) { nodes { id satisfaction { nps } } } }"
NONE = {
    **dict.fromkeys(("nps", "latestNps", "averageCsat", "averageCes", "trend")),
    "responses": 0,
    "openComplaints": 0,
}


def day(month: int, day: int, hour: int = 12, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.fixture
async def told(ask, given) -> Any:
    """Asks what a customer's answers say."""
    ask.now = NOW

    async def asked(customer: Any, **given_arguments: Any) -> Any:
        moments = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in given_arguments.items()
        }
        return (await ask(SATISFACTION, id=customer.id, **moments))["customer"]["satisfaction"]

    return asked


async def test_means_and_trend_are_those_worked_out_by_hand(told, given):
    ann = await given.customer()
    assert await told(ann) == NONE
    for kind, score, at in (
        ("NPS", 9, day(4, 1)),
        ("NPS", 7, day(5, 1)),
        ("NPS", 0, day(1, 1)),
        ("CSAT", 5, day(5, 1)),
        ("CSAT", 4, day(6, 1)),
        ("CSAT", 2, day(7, 1)),
        ("CSAT", 1, day(2, 1)),
        ("CSAT", 2, day(3, 1, 11)),
        ("CES", 6, day(8, 1)),
        ("CES", 1, day(1, 1, year=2023)),
        ("REVIEW", 1, day(8, 1)),
    ):
        await given.feedback(ann, kind, score, at=at)
    assert await told(ann) == {
        "nps": "PASSIVE",
        "latestNps": 7,
        "averageCsat": pytest.approx(11 / 3),
        "averageCes": 6,
        "responses": 6,
        "trend": pytest.approx(11 / 3 - 1.5),
        "openComplaints": 0,
    }
    assert (await told(ann, window="P1M")) == NONE


async def test_an_answer_counts_while_the_moment_lies_before_it_plus_the_window(told, given):
    """A month from 31 January ends on 28 February, by the clocks of Berlin, where the hour changed meanwhile."""
    ann = await given.customer()
    await given.feedback(ann, "NPS", 10, at=day(1, 31, 8))
    for window, until in (
        ("P1M", day(2, 28, 8)),
        ("P2M", day(3, 31, 7)),
        ("P12M", day(1, 31, 8, 2026)),
        ("P14D", day(2, 14, 8)),
    ):
        assert (await told(ann, window=window, asOf=until - INSTANT))["latestNps"] == 10
        assert (await told(ann, window=window, asOf=until)) == NONE
    await given.feedback(ann, "NPS", 1, at=NOW + INSTANT)
    assert await told(ann) == NONE
    assert (await told(ann, asOf=day(1, 31, 8)))["nps"] == "PROMOTER"
    assert (await told(ann, asOf=day(1, 31, 8) - INSTANT)) == NONE


async def test_both_clocks_hold_for_answers_complaints_and_what_settles_them(told, given):
    ann = await given.customer()
    await given.feedback(ann, "NPS", 3, at=day(2, 1))
    await given.feedback(ann, "NPS", 9, at=day(3, 1), recorded_at=day(5, 1))
    complaint = await given.feedback(ann, "COMPLAINT", at=day(2, 1))
    await given.resolution(ann, complaint, at=day(4, 1), recorded_at=day(6, 1))
    for clocks, score, complaints in (
        ({"asOf": day(1, 15)}, None, 0),
        ({"asOf": day(2, 1)}, 3, 1),
        ({"asOf": day(3, 1)}, 9, 1),
        ({"asOf": day(4, 1)}, 9, 0),
        ({"asOf": day(4, 1), "knownAt": day(4, 30)}, 3, 1),
        ({"asOf": day(4, 1), "knownAt": day(5, 1)}, 9, 1),
        ({"asOf": day(4, 1), "knownAt": day(6, 1)}, 9, 0),
    ):
        found = await told(ann, **clocks)
        assert (found["latestNps"], found["openComplaints"]) == (score, complaints), clocks


async def test_all_together_and_month_by_month_are_those_worked_out_by_hand(ask, given):
    ask.now = NOW
    people = [await given.customer(country=country) for country in ("DE", "DE", "CH")]
    for who, kind, score, at in (
        (0, "NPS", 10, day(6, 30, 21)),
        (0, "NPS", 6, day(6, 30, 22)),
        (1, "NPS", 9, day(7, 31, 22)),
        (2, "NPS", 8, day(8, 15)),
        (0, "CSAT", 5, day(6, 1)),
        (1, "CSAT", 4, day(6, 2)),
        (2, "CSAT", 2, day(6, 3)),
        (2, "CES", 3, day(7, 3)),
        (2, "CES", 6, day(7, 4)),
        (1, "NPS", 0, day(3, 1, 11)),
        (1, "REVIEW", 1, day(6, 1)),
    ):
        await given.feedback(people[who], kind, score, at=at)
    settled, _ = [await given.feedback(people[0], "COMPLAINT", at=day(1, 1)) for _ in range(2)]
    await given.resolution(people[0], settled, at=day(2, 1))
    found = (await ask(BASE))["customerBase"]["satisfaction"]
    interval = net_promoter_score(promoters=2, passives=1, detractors=1)
    assert interval is not None
    assert found["nps"] == {
        "score": 25,
        "low": pytest.approx(interval.low),
        "high": pytest.approx(interval.high),
        "promoters": 2,
        "passives": 1,
        "detractors": 1,
        "responses": 4,
    }
    assert found["csat"] == {"satisfied": pytest.approx(2 / 3), "mean": pytest.approx(11 / 3), "responses": 3}
    assert found["ces"] == {"mean": 4.5, "responses": 2}
    assert (found["responses"], found["openComplaints"]) == (9, 1)
    assert found["byMonth"] == [
        # 22 o'clock in UTC is the first hour of the next month in Berlin.
        {
            "month": "2025-06-01",
            "responses": 4,
            "nps": {"score": 100},
            "csat": {"mean": pytest.approx(11 / 3)},
            "ces": None,
        },
        {"month": "2025-07-01", "responses": 3, "nps": {"score": -100}, "csat": None, "ces": {"mean": 4.5}},
        {"month": "2025-08-01", "responses": 2, "nps": {"score": 50}, "csat": None, "ces": None},
    ]
    swiss = (await ask(BASE, filter={"country": ["CH"]}))["customerBase"]
    assert (swiss["total"], swiss["satisfaction"]["responses"], swiss["satisfaction"]["nps"]["score"]) == (1, 4, 0)
    then = (await ask(BASE, asOf=day(6, 2).isoformat()))["customerBase"]["satisfaction"]
    assert (then["csat"]["mean"], then["nps"]["score"], then["openComplaints"]) == (4.5, -100, 1)
    early = (await ask(BASE, knownAt=day(1, 15).isoformat()))["customerBase"]["satisfaction"]
    assert (early["nps"], early["csat"], early["byMonth"], early["openComplaints"]) == (None, None, [], 2)
    apart = '{ customerBase { b: satisfaction(window: "P36M") { ...N } a: satisfaction(window: "P7M") { ...N } } }'
    apart += " fragment N on BaseSatisfaction { responses }"
    assert (await ask(apart))["customerBase"] == {"b": {"responses": 10}, "a": {"responses": 1}}
    own = (await ask.as_customer(people[1].key)(BASE))["customerBase"]
    assert (own["total"], own["satisfaction"]["responses"], own["satisfaction"]["openComplaints"]) == (1, 2, 0)


async def test_a_band_finds_whom_the_field_puts_in_it(ask, given):
    ask.now = NOW
    scores = {"PROMOTER": [9, 10], "PASSIVE": [7, 8], "DETRACTOR": [0, 6], None: []}
    made: dict[Any, list[str]] = {band: [] for band in scores}
    for band, found in scores.items():
        for score in found:
            customer = await given.customer()
            await given.feedback(customer, "NPS", (score + 5) % 11, at=day(5, 1))
            await given.feedback(customer, "NPS", score, at=day(6, 1))
            made[band].append(customer.id)
    old = await given.customer()
    await given.feedback(old, "NPS", 10, at=day(3, 1, 11))
    for wanted in (["PROMOTER"], ["PASSIVE"], ["DETRACTOR"], ["DETRACTOR", "PROMOTER"], []):
        nodes = (await ask(BANDS, **{"in": wanted}))["customers"]["nodes"]
        assert sorted(node["id"] for node in nodes) == sorted(each for band in wanted for each in made[band])
        assert {node["satisfaction"]["nps"] for node in nodes} == set(wanted)


async def test_a_window_that_cannot_be_used_is_refused(ask, given):
    ann = await given.customer()
    await ask(SATISFACTION, id=ann.id, window="P0D", fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]
    for window in ("P0D", "P37M", "P4Y", "P2000D", "PT90000H"):
        await ask(BASE, window=window, fails=True)
        assert ask.codes == ["BAD_USER_INPUT"]
