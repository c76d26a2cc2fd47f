"""Fits of what is in the tables: simulated customers give their parameters back, and nothing else is looked at."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from api.cli.fitted.page import page
from api.cli.fitted.run import Seen, fitted, kept, moment_of
from api.cli.fitted.table import WIDTH, table
from api.cli.fitted.told import WARNINGS, Told
from api.database import Database
from api.database import database as open_database
from api.domain.lifetime_value.candidates import Trained
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.domain.lifetime_value.renewal_models import RenewalModel
from api.domain.lifetime_value.streams import Stream
from api.domain.lifetime_value.training import trained
from api.domain.lifetime_value.training_renewals import KeptTerms
from api.errors import BadUserInput
from api.reads.all_purchases import all_purchases
from api.writes.business import Business
from tests.cli.shop import BEGIN, DAYS, END, TRUE_COUNTS, TRUE_VALUES, purchases, sell
from tests.given import Given, connected

pytestmark = pytest.mark.anyio

SHOP = Business("Tea & Tools", "EUR", "Europe/Berlin")
ZONE = ZoneInfo(SHOP.time_zone)
EVENING = timedelta(hours=6)
LAST_MOMENT = timedelta(hours=11, microseconds=-1)
"""From noon in UTC to the end of the day in Berlin, in winter."""
CUT = 650


async def read(database: Database, moment: datetime) -> PurchaseDays:
    async with database.snapshot() as connection:
        return await all_purchases(connection, moment)


@pytest.fixture(scope="module")
async def shop(module_database_url):
    """The database of 4,000 simulated customers who were seen for two years and a half."""
    connection = await connected(module_database_url)
    await sell(Given(connection), purchases(4_000))
    await connection.close()
    async with open_database(module_database_url, pool_size=4) as opened:
        yield opened


@pytest.fixture(scope="module")
async def told(shop) -> Told:
    """What was fitted to them, at the end of the last day."""
    moment = END + LAST_MOMENT
    return fitted(Seen(SHOP, moment, await read(shop, moment)))


async def test_simulated_customers_give_their_parameters_back(told):
    trained = told.trained
    assert (trained.winner, trained.fit.converged, trained.fit.at_bound) == ("MBG/NBD", True, ())
    for fit, truth in ((trained.fit, TRUE_COUNTS), (trained.candidates.spend, TRUE_VALUES)):
        for name, value in fit.parameters.items():
            assert abs(value - getattr(truth, name)) < 3 * fit.standard_errors[name], name


async def test_ranges_hold_as_often_as_they_say(told):
    assert [trial.hold_out.length for trial in told.trained.trials] == [365, 90]
    for trial in told.trained.trials:
        assert 0.78 <= trial.spend_test.fair_coverage_80 <= 0.82
        assert 0.78 <= trial.tests["MBG/NBD"].fair_coverage_80 <= 0.82
        assert abs(trial.tests["MBG/NBD"].errors.bias) < 0.1


async def test_a_true_model_is_not_warned_of(told):
    assert told.trained.flags == frozenset()


async def test_the_naive_forecasts_stand_beside_the_models(told):
    text = table(told, 1)
    for named in (
        "last period repeated",
        "historic rate",
        "hiatus rule",
        "MBG/NBD x Gamma-Gamma",
        "NBD (nobody is lost)",
    ):
        assert named in text
    assert "nothing is known that would speak against" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def few(days: PurchaseDays, until: datetime, complete: datetime | None = None) -> Trained:
    """Return what is fitted to 400 of the customers."""
    today, over = (moment.date().toordinal() for moment in (until, complete or until))
    return trained(days, today=today, complete=over, most=400)


async def test_nothing_is_seen_that_came_after_the_moment(shop, given, database):
    await sell(given, [each for each in purchases(4_000) if each.day < CUT])
    moment = BEGIN + timedelta(days=CUT - 1) + EVENING
    present, ended = await read(shop, moment), await read(database, moment)
    assert present.fingerprint == ended.fingerprint
    assert len(present.days) < len((await read(shop, END + EVENING)).days)
    fits = [few(days, moment) for days in (present, ended)]
    assert fits[0].fit.parameters == fits[1].fit.parameters
    assert fits[0].candidates.spend.parameters == fits[1].candidates.spend.parameters
    assert [len(fit.trials) for fit in fits] == [1, 1]


async def test_a_day_that_is_not_over_is_not_held_out(told):
    some = told.trained.days.of_customers(np.arange(1, 101))
    ends = [
        [
            trial.hold_out.cut + trial.hold_out.length - some.days.max()
            for trial in fitted(Seen(SHOP, at, some)).trained.trials
        ]
        for at in (last_day_of(some) + LAST_MOMENT, last_day_of(some) + EVENING)
    ]
    assert ends == [[0, 0], [-1, -1]]


def last_day_of(days: PurchaseDays) -> datetime:
    return BEGIN + timedelta(days=int(days.days.max()) - BEGIN.date().toordinal())


async def test_fits_at_the_same_time_get_different_versions(shop, told, given, database):
    await given.business()
    versions = await asyncio.gather(*(kept(database, told) for _ in range(4)))
    assert sorted(versions) == [1, 2, 3, 4]


async def test_a_model_is_kept_with_its_tests_and_all_candidates(told, given, database):
    await given.business()
    assert await kept(database, told) == 1
    row = dict(await given.connection.fetchrow("SELECT * FROM lifetime_value_models"))
    trained = told.trained
    assert (row["method"], row["currency"], row["flags"]) == ("MBG/NBD", "EUR", [])
    assert json.loads(row["parameters"]) == pytest.approx(trained.fit.parameters)
    assert json.loads(row["spend_parameters"]) == pytest.approx(trained.candidates.spend.parameters)
    assert row["trained_from"] == datetime(2022, 1, 2, 23, tzinfo=UTC)
    assert row["trained_until"] == told.moment
    assert (row["customers"], row["data_hash"]) == (4_000, trained.days.fingerprint)
    report = json.loads(row["report"])
    assert list(report["candidates"]) == ["MBG/NBD", "BG/NBD", "Pareto/NBD", "NBD", "Gamma-Gamma"]
    assert len(report["candidates"]["MBG/NBD"]["covariance"]) == 4
    await assert_tests_are_kept(given, told)


async def assert_tests_are_kept(given, told):
    tests = await given.connection.fetch("SELECT * FROM lifetime_value_tests ORDER BY position")
    assert [(row["days"], (row["held_out_until"] - row["held_out_from"]).days) for row in tests] == [
        (365, 365),
        (90, 90),
    ]
    assert {row["held_out_until"] for row in tests} == {(BEGIN + timedelta(days=DAYS)).date()}
    for row, trial in zip(tests, told.trained.trials, strict=True):
        assert row["naive_total_bias"] == pytest.approx(trial.repeated_value.bias)
        assert float(row["mean_absolute_error"]) == pytest.approx(trial.spend_test.errors.mean_absolute, abs=1e-6)
        deciles = json.loads(row["deciles"])
        assert len(deciles) == 10
        assert [each[0] for each in deciles] == sorted(each[0] for each in deciles)


async def test_nothing_is_kept_of_a_model_whose_test_cannot_be(told, given, database, monkeypatch):
    await given.business()
    monkeypatch.setattr("api.writes.lifetime_value_models.LEVEL", None)
    with pytest.raises(Exception, match="level"):
        await kept(database, told)
    assert await given.connection.fetchval("SELECT count(*) FROM lifetime_value_models") == 0


async def test_of_too_many_customers_as_many_by_chance_are_looked_at(told):
    first, again = few(told.trained.days, END), few(told.trained.days, END)
    assert first.fit.parameters == again.fit.parameters
    assert (first.seen, first.customers) == (400, 4_000)
    assert "of 4,000 customers, 400 were drawn by chance" in table(replace(told, trained=first), 1)


def bought(*customers_and_days: tuple[int, int], value: float = 10) -> PurchaseDays:
    customers, days = zip(*customers_and_days, strict=True) if customers_and_days else ((), ())
    first = BEGIN.date().toordinal()
    return PurchaseDays.of(customers, [first + day for day in days], [value] * len(days))


MANY = [(number, 0) for number in range(60)]
BAD: dict[str, tuple[PurchaseDays, str]] = {
    "no purchase": (bought(), "Nothing was bought up to 2024-07-10"),
    "49 customers": (bought(*MANY[:49], (0, 9)), "Only 49 customers"),
    "nobody who came back": (bought(*MANY), "No customer bought on a second day"),
    "nothing paid": (bought(*MANY, (0, 9), value=0), "No purchase was worth anything"),
}


@pytest.mark.parametrize(("days", "said"), [pytest.param(*case, id=name) for name, case in BAD.items()])
def test_what_cannot_be_fitted_is_refused_with_what_is_needed(days, said):
    with pytest.raises(BadUserInput, match=said) as refused:
        fitted(Seen(SHOP, END + EVENING, days))
    assert "at least 50 customers" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_few_customers_are_fitted_and_warned_of():
    again = [(number, 20 + 3 * number) for number in range(0, 60, 2)]
    found = fitted(Seen(SHOP, END + EVENING, bought(*MANY, *again)))
    assert found.trained.flags >= {Flag.SMALL_SAMPLE}
    assert "SMALL_SAMPLE: There are fewer than 500 customers" in table(found, 1)


async def test_how_long_terms_are_kept_is_fitted_told_and_kept_with_the_model(told, given, database):
    terms = [KeptTerms(Stream.CONTRACTS, "P12M", age, age, ended=False, number=60) for age in range(6)]
    terms += [KeptTerms(Stream.CONTRACTS, "P12M", 3, 0, ended=True, number=40)]
    terms += [KeptTerms(Stream.SUPPORT_PLANS, "P12M", 1, 0, ended=True, number=3)]
    assert "Kept for a time" not in table(told, 1)
    few = fitted(Seen(SHOP, END + EVENING, told.trained.days.of_customers(np.arange(1, 101)), terms))
    plans, contracts = few.trained.renewals[2], few.trained.renewals[-1]
    assert (contracts.seen, contracts.rests_on_prior, plans.seen, plans.rests_on_prior) == (400, False, 3, True)
    text, html = table(few, 1), page(few, 1)
    shares = [f"{share:.1%}" for share in contracts.model.retention((1, 2, 3))]
    assert any(line.split() == ["contracts", "P12M", "sBG", *shares, "400"] for line in text.splitlines())
    assert any(line.split()[-2:] == ["~", "3"] for line in text.splitlines())
    assert max(map(len, text.splitlines())) <= WIDTH
    assert f"<td>contracts</td><td>P12M</td><td>sBG</td><td>{shares[0]}</td>" in html
    await kept(database, few)
    renewals = json.loads(await given.connection.fetchval("SELECT renewals FROM lifetime_value_models"))
    assert [RenewalModel.of(each) for each in renewals] == list(few.trained.renewals)


@pytest.mark.parametrize("flag", Flag)
def test_every_flag_has_a_sentence(flag):
    assert WARNINGS[flag].endswith(".")


NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, NOW),
        ("2025-06-29", datetime(2025, 6, 29, 21, 59, 59, 999_999, UTC)),
        ("2025-06-30T10:00+02:00", datetime(2025, 6, 30, 8, tzinfo=UTC)),
        ("2025-06-30T10:00", datetime(2025, 6, 30, 8, tzinfo=UTC)),
    ],
)
def test_a_day_is_its_last_moment_where_the_business_is(text, moment):
    assert moment_of(text, ZONE, NOW) == moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-06-30", "not come yet"),
        ("2099-01-01T00:00Z", "not come yet"),
        ("soon", "2025-06-30T12:00Z"),
        ("", "2025"),
        ("9999-12-31", "2025"),
    ],
)
def test_what_is_no_moment_or_not_there_yet_is_refused(text, said):
    with pytest.raises(BadUserInput, match=said):
        moment_of(text, ZONE, NOW)


async def test_a_day_that_was_paid_back_at_once_is_none_and_a_value_of_nothing_is_a_purchase(given, database):
    customer = await given.customer()
    for day, amount in enumerate((10, 20, 30)):
        order = await given.order(customer, amount, placed_at=BEGIN + timedelta(days=day))
        if amount > 10:
            later = timedelta(days=3 if amount == 20 else 40)
            await given.refund(customer, amount, order, refunded_at=BEGIN + timedelta(days=day) + later)
    days = await read(database, END)
    first = BEGIN.date().toordinal()
    assert (days.days - first).tolist() == [0, 2]
    assert days.values.tolist() == [Decimal(10), 0]
    assert days.spend().purchases.tolist() == [1]
