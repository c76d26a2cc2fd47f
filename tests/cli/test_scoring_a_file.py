"""`regulars score`: the answers come from what was bought alone, and what cannot be scored is said in one line."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from api.cli.scored.purchases import purchases
from api.cli.scored.run import table_of
from api.domain.calendar import Duration
from api.domain.lifetime_value import prediction
from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.file_models import fitted_models, known_customers
from api.domain.lifetime_value.fitting import fit_beta_geometric
from api.domain.lifetime_value.flags import Flag
from api.domain.lifetime_value.forecasts import Horizon, forecasts
from api.domain.lifetime_value.purchase_table import PurchaseTable
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR
from benchmarks.cohorts import CDNOW_SAMPLE, cdnow, day, missing
from benchmarks.holdout import CUT
from tests.cli.purchase_files import END, answers, bought, scored, written
from tests.domain.lifetime_value.golden import MBG

YEAR = Horizon(WEEKS_IN_YEAR, 0.1)
VALUES = GammaGamma(6.0, 4.0, 15.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "bought.csv", bought())


def test_each_customer_has_one_row_with_what_is_known_and_expected(file):
    rows = answers(file)
    assert [row["customer"] for row in rows] == sorted({name for name, _, _ in bought()})
    assert list(rows[0]) == [
        *("customer", "purchase_days", "first_purchase", "last_purchase", "net_value", "probability_active"),
        *("expected_purchases", "expected_value", "low_80", "high_80", "churn_band", "next_purchase", "overdue"),
    ]
    mine = [(when, Decimal(amount)) for name, when, amount in bought() if name == "c7"]
    (row,) = [row for row in rows if row["customer"] == "c7"]
    days = {when for when, _ in mine}
    assert (row["purchase_days"], row["first_purchase"], row["last_purchase"]) == (len(days), min(days), max(days))
    assert row["net_value"] == pytest.approx(float(sum(amount for _, amount in mine)))
    assert all(0 <= row["low_80"] <= row["high_80"] and 0 <= row["probability_active"] <= 1 for row in rows)


def test_cdnow_gives_the_parameters_that_are_known(tmp_path):
    if absent := missing(CDNOW_SAMPLE):
        pytest.skip(absent)
    days = cdnow(CDNOW_SAMPLE).until(day(CUT))
    rows = zip(days.customers.tolist(), map(date.fromordinal, days.days.tolist()), days.values.tolist(), strict=True)
    found = purchases(pyarrow.csv.read_csv(written(tmp_path / "cdnow.csv", list(rows))))
    last = int(found.days.days.max())
    known = [0.525, 6.183, 0.891, 1.614]
    by_data_alone = fit_beta_geometric(known_customers(found.days, last).purchases)
    assert list(by_data_alone.parameters.values()) == pytest.approx(known, abs=1e-3)
    models = fitted_models(found.days, last, YEAR)
    # What was believed before moves what the data says by less than its standard error.
    assert list(models.purchases.parameters.values()) == pytest.approx(known, rel=0.05)
    assert models.purchases.rows == 2_357


def test_parquet_and_csv_give_equal_answers(file, tmp_path):
    columns = dict(zip(("customer_id", "placed_at", "total"), zip(*bought(), strict=True), strict=True))
    columns["total"] = pa.array([Decimal(amount) for amount in columns["total"]])
    pq.write_table(pa.table(columns), tmp_path / "bought.parquet")
    assert answers(tmp_path / "bought.parquet") == answers(file)


def test_csv_and_parquet_are_written_with_equal_answers(file):
    into = file.with_name("bought.scored.csv")
    assert f"The forecasts are in {into}." in scored(file)
    assert pyarrow.csv.read_csv(into).to_pylist() == answers(file)


def test_the_order_of_rows_does_not_matter(file, tmp_path):
    rows = bought()
    np.random.default_rng(5).shuffle(rows)
    assert answers(written(tmp_path / "shuffled.csv", rows)) == answers(file)


def test_purchases_of_one_day_are_one_purchase(file, tmp_path):
    halves = [
        (name, f"{when} {hour}:30", str(Decimal(amount) / 2)) for hour in (9, 17) for name, when, amount in bought()
    ]
    assert answers(written(tmp_path / "halves.csv", halves)) == answers(file)


@pytest.mark.parametrize(
    ("form", "delimiter"),
    [("{:%Y%m%d}", ","), ("{:%Y-%m-%d}T23:30:00Z", ";"), ("{:%Y-%m-%d} 00:15:00+02:00", "\t")],
    ids=["digits", "UTC", "an offset"],
)
def test_a_day_may_be_written_in_several_ways(file, tmp_path, form: str, delimiter: str):
    lines = [delimiter.join((name, form.format(when), f" {amount} ")) for name, when, amount in bought()]
    other = tmp_path / "other.csv"
    other.write_text("\n".join([delimiter.join(("id", "Purchased at", "VALUE")), *lines]), encoding="utf-8-sig")
    assert answers(other) == answers(file)


def test_moments_of_parquet_count_by_the_clock_of_their_zone(file, tmp_path):
    names, days, amounts = zip(*bought(), strict=True)
    moments = pa.array(days).cast(pa.timestamp("ns"))
    zoned = pyarrow.compute.assume_timezone(moments, "Asia/Tokyo")
    table = pa.table({"id": names, "timestamp": zoned, "value": [float(amount) for amount in amounts]})
    pq.write_table(table, tmp_path / "zoned.parquet")
    assert answers(tmp_path / "zoned.parquet") == answers(file)


def test_what_comes_after_the_last_day_is_not_looked_at(file, tmp_path):
    until = date(2025, 9, 30)
    early = written(tmp_path / "early.csv", [row for row in bought() if row[1] <= until])
    assert answers(file, "--until", str(until)) == answers(early, "--until", str(until))


def test_a_customer_more_changes_no_other_row_under_one_model():
    rows = bought()
    table = pa.table(dict(zip(("customer", "date", "amount"), zip(*rows, strict=True), strict=True)))
    more = pa.table({"customer": ["c60x"], "date": [END], "amount": ["4000"]})
    tables = []
    for each in (table, pa.concat_tables([table, more])):
        found = purchases(each)
        last = (END - date(1970, 1, 1)).days
        known = known_customers(found.days, last)
        tables.append(table_of(found, last, forecasts(MBG, VALUES, known, YEAR, knows_losses=True)).to_pylist())
    assert tables[0] == [row for row in tables[1] if row["customer"] != "c60x"]
    assert len(tables[1]) == len(tables[0]) + 1


@pytest.mark.parametrize("flags", [frozenset[Flag](), frozenset({Flag.SMALL_SAMPLE})], ids=["losses", "silence"])
@pytest.mark.parametrize("q", [4.0, 1.1], ids=["finite", "infinite variance"])
def test_a_file_is_scored_as_the_api_predicts(flags: frozenset[Flag], q: float):
    """Both look at the same facts; what differs is the way through columns or through objects."""
    rows = bought(60)
    found = purchases(pa.table(dict(zip(("customer", "date", "amount"), zip(*rows, strict=True), strict=True))))
    last = (END - date(1970, 1, 1)).days
    values = GammaGamma(0.5, q, 15.0)
    scores = forecasts(MBG, values, known_customers(found.days, last), YEAR, knows_losses=not flags)
    table = table_of(found, last, scores).to_pylist()
    facts = [
        (
            row["purchase_days"], (END - row["first_purchase"]).days, (END - row["last_purchase"]).days,
            row["purchase_days"], float(row["net_value"]),
        )
        for row in table
    ]  # fmt: skip
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    model = FittedModel(MBG, values, "EUR", moment, moment, moment, flags)
    asked = prediction.Asked(Duration(12), Decimal("0.1"))
    for row, fact in zip(table, facts, strict=True):
        known = PurchaseTable.of(END, [[each] * 2 for each in fact])
        (one,) = prediction.predictions(known, asked, model, ("EUR", "EUR"))[:1]
        assert isinstance(one, prediction.PredictedValue)
        assert row["expected_value"] == pytest.approx(float(one.expected.amount), abs=0.01)
        assert row["probability_active"] == pytest.approx(one.probability_active, abs=1e-4)
        assert row["churn_band"] == one.churn_risk.band
        interval = one.interval()
        assert [row["low_80"], row["high_80"]] == pytest.approx(
            [float(interval.low.amount), float(interval.high.amount)], abs=0.01
        )
        due = one.next_purchase
        assert (row["next_purchase"], row["overdue"]) == ((due.expected_on, due.overdue) if due else (None, False))
