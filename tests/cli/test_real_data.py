"""Public data as it would be fitted in a shop: the figures the field reaches, and what must be warned of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from api.cli.fitted.run import Seen, fitted, moment_of
from api.cli.fitted.table import table
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.purchase_days import PurchaseDays
from api.reads.all_purchases import all_purchases
from api.writes.business import Business
from benchmarks.cohorts import CDNOW_SAMPLE, ONLINE_RETAIL, cdnow, missing, online_retail
from tests.cli.shop import BEGIN, Purchase, sell

pytestmark = pytest.mark.anyio

RETAIL, MUSIC = Business("Retail", "GBP", "Europe/London"), Business("CDNOW", "USD", "America/New_York")
needs_online_retail = pytest.mark.skipif(bool(missing(ONLINE_RETAIL)), reason=str(missing(ONLINE_RETAIL)))
needs_cdnow = pytest.mark.skipif(bool(missing(CDNOW_SAMPLE)), reason=str(missing(CDNOW_SAMPLE)))


async def sold(given, business: Business, days: PurchaseDays) -> None:
    """Put the purchase days of a file into the tables, each as an order of one line."""
    await given.business(business.currency, business.name, business.time_zone)
    rows = zip(days.customers.tolist(), days.days.tolist(), days.values.tolist(), strict=True)
    begin = BEGIN.date().toordinal()
    await sell(given, [Purchase(who, day - begin, Decimal(str(round(value, 2)))) for who, day, value in rows])


async def fit_at(database, business: Business, day: date):
    moment = moment_of(day.isoformat(), ZoneInfo(business.time_zone), datetime.now(UTC))
    async with database.snapshot() as connection:
        return fitted(Seen(business, moment, await all_purchases(connection, moment)))


@needs_online_retail
async def test_online_retail_cannot_tell_the_lost_from_the_silent_in_its_first_nine_months(given, database):
    await sold(given, RETAIL, online_retail(ONLINE_RETAIL).until(date(2010, 8, 31).toordinal()))
    for day, customers, of_nbd in ((date(2010, 5, 31), 2_703, -12_945.8), (date(2010, 8, 31), 3_321, -22_655.45)):
        told = await fit_at(database, RETAIL, day)
        assert told.trained.seen == customers
        assert told.trained.flags == {Flag.ATTRITION_NOT_IDENTIFIED, Flag.SEASON_RISK}
        assert told.trained.candidates.without_loss.log_likelihood == pytest.approx(of_nbd, abs=0.1)
        for fit in told.trained.candidates.counts.values():
            assert fit.log_likelihood - of_nbd < 3
        assert "customers who are lost from those who are silent" in " ".join(table(told, 1).split())


@needs_cdnow
async def test_cdnow_tells_losses_and_is_forecast_better_than_by_repeating_the_last_period(given, database):
    await sold(given, MUSIC, cdnow(CDNOW_SAMPLE))
    told = await fit_at(database, MUSIC, date(1998, 6, 30))
    assert (told.trained.winner, told.trained.seen) == ("MBG/NBD", 2_357)
    assert told.trained.flags == {Flag.SEASON_RISK}
    (trial,) = told.trained.trials
    assert (trial.hold_out.length, trial.tests["MBG/NBD"].fair_coverage_80) == (90, pytest.approx(0.8, abs=0.02))
    assert trial.spend_test.fair_coverage_80 == pytest.approx(0.8, abs=0.02)
    assert trial.spend_test.errors.mean_absolute < trial.repeated_value.mean_absolute
    assert abs(trial.spend_test.errors.bias) < abs(trial.repeated_value.bias)
