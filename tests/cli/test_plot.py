"""The course of a forecast, drawn: at each day what the API would have said by the model in use today."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.cli.drawn.dates import day_marks
from api.cli.plotted.figures import Drawn
from api.cli.plotted.page import page
from api.cli.plotted.run import drawn
from api.domain.lifetime_value.course import days_to_show
from api.errors import BadUserInput
from tests.fitted import MODEL, add_model

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FIRST = datetime(2025, 6, 1, 12, tzinfo=UTC)
ASKED = """query ($id: ID!, $asOf: DateTime) { customer(by: {id: $id}, asOf: $asOf) { lifetimeValue {
  historic { net { amount } }
  predicted { ... on PredictedValue {
    expected { amount } probabilityActive interval { low { amount } high { amount } } model { version }
  } }
} } }"""


async def asked(ask, customer, day: date | None = None) -> list[float]:
    """Return the figures of the API at the end of a day in Berlin in summer."""
    moment = day and datetime(day.year, day.month, day.day, 22, tzinfo=UTC) - timedelta(microseconds=1)
    answer = (await ask(ASKED, id=customer.id, asOf=moment and moment.isoformat()))["customer"]["lifetimeValue"]
    value = answer["predicted"]
    money = (answer["historic"]["net"], value["expected"], value["interval"]["low"], value["interval"]["high"])
    return [*(float(each["amount"]) for each in money), value["probabilityActive"]]


def shown(found: Drawn, day: date) -> list[float]:
    (point,) = [each for each in found.points if each.day == day]
    money = (point.brought, point.expected.amount, point.low.amount, point.high.amount)
    return [*map(float, money), point.active]


async def test_every_day_is_what_the_api_said_of_it(ask, given, database):
    ask.now = NOW
    await given.business()
    # Fitted so early that it was in use all the time: looking back, the API takes the model of the time.
    fitted: dict[str, Any] = {"trained_until": FIRST - timedelta(days=1), "version": 1, "segment_by": "COUNTRY"}
    await add_model(given, **fitted)
    await add_model(given, **fitted, segment_value="DE", parameters=json.dumps(MODEL | {"r": 0.9}))
    customer = await given.customer(first_name="Ada", last_name="<Berger>", country="DE", created_at=FIRST)
    orders = [await given.order(customer, 40, placed_at=FIRST + timedelta(days=day)) for day in (0, 90, 200)]
    await given.refund(customer, 40, orders[1], refunded_at=FIRST + timedelta(days=100))
    found = await drawn(database, customer.id, NOW)
    before = next(point.day for point in found.points if point.day > (FIRST + timedelta(days=90)).date())
    for day in (FIRST.date(), before, (FIRST + timedelta(days=200)).date()):
        assert shown(found, day) == await asked(ask, customer, day)
    assert shown(found, NOW.date()) == await asked(ask, customer)
    # What was paid back at once was there until it was: then nobody knew.
    assert shown(found, before)[0] == 80
    assert [day for day, _ in found.about.bought] == [(FIRST + timedelta(days=day)).date() for day in (0, 200)]
    assert all(0 <= point.active <= (point.alive or 0) <= 1 for point in found.points)
    assert_page(page(found), found)


def assert_page(html: str, found: Drawn) -> None:
    """See that the page opens without a network, tells its figures in words, marks purchases and names the model."""
    assert re.findall(r"(?:https?:)?//[^\s\"<]+|@import|<script|url\(", html) == []
    assert "<h1>Ada &lt;Berger&gt;</h1>" in html
    for name in ("chances", "expected", "brought"):
        assert re.search(rf'<title id="{name}-title">[^<]+</title><desc id="{name}-text">[^<]+</desc>', html)
    assert len(re.findall(r'<line class="notch', html)) == 3 * len(found.about.bought)
    assert "by the model in use today for DE, version 1 (MBG/NBD" in html
    assert f"{found.points[-1].expected.amount:,}" in html
    assert not re.search(r"\bnan\b|\binf\b", html)


async def test_who_bought_for_the_first_time_today_has_a_picture_of_one_day(given, database):
    await given.business()
    await add_model(given, trained_until=NOW)
    customer = await given.customer(created_at=NOW - timedelta(hours=3))
    await given.order(customer, 40, placed_at=NOW - timedelta(hours=2))
    found = await drawn(database, customer.id, NOW)
    assert [point.day for point in found.points] == [NOW.date()]
    assert f"{found.points[0].expected.amount:,}" in page(found)


async def test_where_there_is_nothing_to_draw_one_sentence_says_why(given, database):
    await given.business()
    buyer, nobody = await given.customer(), await given.customer()
    await given.order(buyer, 10, placed_at=FIRST)
    said = [await refused(database, each) for each in ("Ada", f"ord_{buyer.id[4:]}", f"cus_{'0' * 32}", buyer.id)]
    await add_model(given, trained_until=NOW)
    said.append(await refused(database, nobody.id))
    wanted = [
        "not an identifier",
        "no customer ord_",
        "no customer cus_0",
        "No model had been fitted",
        "not bought anything",
    ]
    assert [part in text for part, text in zip(wanted, said, strict=True)] == [True] * 5, said
    assert not any("\n" in text for text in said)


async def refused(database, customer_id: str) -> str:
    with pytest.raises(BadUserInput) as error:
        await drawn(database, customer_id, NOW)
    return str(error.value)


def test_days_are_few_in_order_and_hold_the_purchases():
    bought = [date(2020, 1, 1) + timedelta(days=9 * number) for number in range(200)]
    days = days_to_show(bought[0], date(2026, 6, 1), bought)
    assert days == sorted(set(days))
    assert (days[0], days[-1]) == (bought[0], date(2026, 6, 1))
    assert set(bought[-80:]) <= set(days)
    assert len(days) <= 161 + 2 * 80


@pytest.mark.parametrize("length", [1, 5, 20, 100, 400, 3_000, 20_000])
def test_marks_of_days_are_few_and_inside(length):
    first = date(2024, 11, 20)
    marks = day_marks(first, first + timedelta(days=length))
    assert 2 <= len(marks) <= 9
    places = [place for place, _ in marks]
    assert places == sorted(set(places))
    assert first.toordinal() <= places[0] <= places[-1] <= first.toordinal() + length
    assert len({name for _, name in marks}) == len(marks)
