"""An import that is killed is continued by the next one of its file, and ends as if nothing had happened."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from api.database import database as open_database
from api.writes.importing import Counts
from tests.activity import online_retail
from tests.asking import Ask, WatchedDatabase
from tests.reads import online_retail_pairs
from tests.repository import ROOT
from tests.writes.imports import CDNOW, ONLINE_RETAIL, Imports, contract, subscription, write_csv

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("real files")]

COUNTED = ("customers", "customer_external_ids", "products", "orders", "order_lines", "refunds")
RETAIL_TOTALS = (
    "SELECT (SELECT sum(gross) FROM orders)::text, (SELECT sum(business_gross) FROM orders)::text,"
    " (SELECT sum(total) FROM order_lines)::text, (SELECT sum(amount) FROM refunds)::text,"
    " (SELECT count(DISTINCT customer_id) FROM orders), (SELECT count(DISTINCT customer_id) FROM refunds)"
)
CUSTOMER_18102 = (
    "SELECT count(*), sum(gross)::text FROM orders JOIN customer_external_ids i USING (customer_id)"
    " WHERE i.source = 'online-retail' AND i.value = '18102'"
)
needs_online_retail = pytest.mark.skipif(
    not ONLINE_RETAIL.exists(), reason=f"needs {ONLINE_RETAIL.name} beside the project"
)
needs_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason=f"needs {CDNOW.name} beside the project")


def kill_after(chunks: int, command: Sequence[str]) -> list[int]:
    """Run an import until it has told of some chunks, kill it there, and return what it told."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        told = [int(line) for line in islice(process.stdout, chunks)]
        process.kill()
    assert process.returncode == -9
    return told


def program(imports: Imports, path: Path, format: str, lines_a_chunk: int) -> list[str]:  # noqa: A002
    arguments = (imports.dsn, path, format, imports.rejects, lines_a_chunk)
    return [sys.executable, "-m", "tests.writes.imports", *map(str, arguments)]


async def counts(imports: Imports) -> dict[str, int]:
    return {table: await imports.one(f"SELECT count(*) FROM {table}") for table in COUNTED}


@needs_online_retail
async def test_online_retail_comes_out_exactly_also_when_killed_on_the_way(imports):
    told = kill_after(3, program(imports, ONLINE_RETAIL, "online-retail", 20_000))
    begun = await counts(imports)
    assert begun["order_lines"] >= told[-1]
    assert 0 < begun["orders"] < 19_215

    result = await imports.file(ONLINE_RETAIL, "online-retail")
    assert (result.rows_read, result.rows_taken, result.rejected) == (525_461, 417_534, {"NO_CUSTOMER": 107_927})
    assert result.added.orders + begun["orders"] == 19_215
    assert await counts(imports) == {
        "customers": 4_383,
        "customer_external_ids": 4_383,
        "products": 4_017,
        "orders": 19_215,
        "order_lines": 407_695,
        "refunds": 5_502,
    }
    totals = ("8832003.274", "8832003.274", "8832003.274", "483794.70", 4_314, 1_798)
    assert await imports.rows(RETAIL_TOTALS) == [totals]
    assert await imports.rows(CUSTOMER_18102) == [(89, "349164.35")]
    attached = "SELECT count(*), sum(amount)::text FROM refunds WHERE order_id IS NOT NULL"
    assert await imports.rows(attached) == [(4_200, "265334.47")]
    assert len(imports.rejected()) == 107_927

    again = await imports.file(ONLINE_RETAIL, "online-retail")
    assert again.added == Counts()
    assert again.known == Counts(customers=4_383, products=4_017, orders=19_215, refunds=4_372)
    assert await imports.rows(RETAIL_TOTALS) == [totals]
    await assert_active_as_in_the_file(imports)
    await assert_bought_together_as_in_the_file(imports)


TOGETHER = """query ($skus: [String!]!, $asOf: DateTime!) {
  products(first: 100, filter: { sku: $skus }, asOf: $asOf) { nodes { sku boughtTogether(first: 100) {
    offered { sku } support boughtSupport offeredSupport buyers lift } } } }"""


async def assert_bought_together_as_in_the_file(imports: Imports) -> None:
    """Ask what goes with the most bought products of the first two months, and count the same from the file."""
    until = datetime(2010, 2, 1, tzinfo=UTC)
    expected = online_retail_pairs.bought_together(ONLINE_RETAIL, until=until, products=50)
    async with open_database(imports.dsn, read_timeout=120) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        answer = (await ask(TOGETHER, skus=list(expected), asOf=until.isoformat()))["products"]["nodes"]
    told = {node["sku"]: [_pair(each) for each in node["boughtTogether"]] for node in answer}
    assert told.keys() == expected.keys()
    for sku, pairs in told.items():
        # Where several are equal at the end of the fifty, which of them are told is not the file's to say.
        assert [pair[1:] for pair in pairs] == [pair[1:] for pair in expected[sku][:50]]
        assert set(pairs) <= set(expected[sku])
    assert sum(map(len, told.values())) > 100


def _pair(told: dict[str, Any]) -> tuple[Any, ...]:
    return (told["offered"]["sku"], *[value for name, value in told.items() if name != "offered"])


ACTIVE = """query ($asOf: DateTime!) { customerBase(asOf: $asOf) { active byReason { code customers } } }"""
PAID_BACK = """SELECT o.number, max(r.refunded_at) FROM orders o JOIN refunds r USING (customer_id, order_id)
  GROUP BY o.customer_id, o.order_id, o.number, o.gross, o.discount HAVING sum(r.amount) >= o.gross - o.discount"""


async def assert_active_as_in_the_file(imports: Imports) -> None:
    """Ask how many customers are active for which reason, at three moments, and count the same from the file."""
    bought = online_retail.purchases(ONLINE_RETAIL)
    assert sum(map(len, bought.values())) == 19_215
    paid_back: dict[str, Any] = {str(row[0]): row[1] for row in await imports.rows(PAID_BACK)}
    assert len(paid_back) > 100
    told = {}
    async with open_database(imports.dsn, read_timeout=120) as opened:
        ask = Ask(WatchedDatabase.of(opened))
        for day in ("2010-06-30", "2010-12-10", "2011-06-01"):
            moment = datetime.fromisoformat(f"{day}T00:00:00+00:00")
            answer = (await ask(ACTIVE, asOf=moment.isoformat()))["customerBase"]
            reasons = {reason["code"]: reason["customers"] for reason in answer["byReason"] if reason["customers"]}
            told[day] = reasons | {"active": answer["active"]}
            assert told[day] == online_retail.active(bought, paid_back, moment)
    assert told == ACTIVE_OF_ONLINE_RETAIL


ACTIVE_OF_ONLINE_RETAIL = {
    "2010-06-30": {"RECENT_PURCHASE": 2955, "LOYAL": 367, "active": 2955},
    "2010-12-10": {"RECENT_PURCHASE": 4235, "LOYAL": 588, "active": 4235},
    "2011-06-01": {"RECENT_PURCHASE": 3549, "LOYAL": 5, "active": 3549},
}


@needs_cdnow
async def test_cdnow_comes_out_exactly_also_when_killed_on_the_way(imports):
    kill_after(3, program(imports, CDNOW, "cdnow", 10_000))
    assert 0 < (await counts(imports))["orders"] < 69_659
    result = await imports.file(CDNOW, "cdnow")
    assert (result.rows_taken, result.rows_rejected) == (69_659, 0)
    totals = "SELECT count(*), count(DISTINCT customer_id), sum(gross)::text FROM orders"
    assert await imports.rows(totals) == [(69_659, 23_570, "2500315.63")]
    assert await imports.rows("SELECT name, currency, time_zone FROM business") == [
        ("CDNOW", "USD", "America/New_York")
    ]
    first = (
        "SELECT number, placed_at::text, quantity, unit_price::text, l.name"
        " FROM orders JOIN order_lines l USING (order_id)"
    )
    assert await imports.rows(f"{first} WHERE number LIKE '00002-%' ORDER BY number") == [
        ("00002-19970112-1", "1997-01-12 05:00:00+00", 1, "12.00", "1 compact disc"),
        ("00002-19970112-2", "1997-01-12 05:00:00+00", 1, "77.00", "5 compact discs"),
    ]
    assert (await imports.file(CDNOW, "cdnow")).added == Counts()


async def test_things_with_a_term_come_out_exactly_also_when_killed_on_the_way(imports):
    ended = ("", "2024-05-10", "2024-06-10")
    rows = [subscription(customer=str(n % 50), subscription=f"S{n}", ended_at=ended[n % 3]) for n in range(300)]
    path = write_csv(imports.folder / "many.csv", rows)
    await imports.terms("contracts", contract())
    told = kill_after(3, program(imports, path, "subscriptions", 20))
    begun = await imports.one("SELECT count(*) FROM subscriptions WHERE version = 1")
    assert told == [20, 40, 60]
    assert 60 <= begun < 300
    result = await imports.file(path, "subscriptions")
    assert (result.rows_taken, result.rejected, result.added.subscriptions + begun) == (300, {}, 300)
    counted = "SELECT count(*) FILTER (WHERE version = 1), count(*) FILTER (WHERE version = 2) FROM subscriptions"
    assert await imports.rows(counted) == [(300, 200)]
    assert await imports.one("SELECT count(*) FROM customers") == 51
    assert await imports.is_sound()
