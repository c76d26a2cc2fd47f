"""Contracts that are renewed from year to year: a published survival curve, told back as who is active.

The file has no dates, only the year in which each customer left. So every contract begins with 2017 here, for a year at
a time, and who left in year k ended it when that year did; 8 is the last year that is known, and nobody is known to
have left with it.
"""

from collections import Counter
from csv import DictReader
from datetime import datetime

import pytest

from api.writes.importing import Counts
from tests.writes.imports import RENEWALS, contract

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("real files")]

ACTIVE = """query ($asOf: DateTime!) {
  customers(asOf: $asOf, filter: {activeBecause: [CONTRACT]}) { totalCount { count } } }"""
HELD = """SELECT name, count(*) FROM contracts WHERE superseded_at IS NULL AND held @> $1::timestamptz
 GROUP BY name ORDER BY name"""
FIRST_YEAR = 2017
needs_renewals = pytest.mark.skipif(not RENEWALS.exists(), reason=f"needs {RENEWALS.name} beside the project")


def renewals() -> list[dict[str, object]]:
    """Return the file's rows as rows of contracts; notice was given in time."""
    with RENEWALS.open(newline="") as file:
        return [_contract(row["customer_id"], row["cohort"], int(row["recency"])) for row in DictReader(file)]


def _contract(customer: str, cohort: str, left: int) -> dict[str, object]:
    last = FIRST_YEAR + left
    ended = {"terminated_at": f"{last - 1}-11-30", "ended_at": f"{last}-01-01", "termination_reason": "Left"}
    term = {"starts_at": f"{FIRST_YEAR}-01-01", "ends_at": f"{FIRST_YEAR + 1}-01-01", "auto_renew": "yes"}
    agreed = {"customer": customer, "contract": customer, "name": cohort, "notice": "P1M", **term}
    return contract(**agreed, **(ended if left < 8 else {}))


def survivors(year: int) -> Counter[str]:
    """Return how many customers of each kind have not left in a year after the first; straight from the file."""
    with RENEWALS.open(newline="") as file:
        rows = [(row["cohort"], int(row["recency"])) for row in DictReader(file)]
    return Counter(cohort for cohort, left in rows if left > year or left == 8)


@needs_renewals
async def test_who_renews_stays_active_from_year_to_year(imports, ask):
    result = await imports.terms("contracts", *renewals())
    assert (result.rows_taken, result.added) == (2_000, Counts(customers=2_000, contracts=2_000))
    assert (await imports.terms("contracts", *renewals())).added == Counts()
    for year in range(8):
        moment, expected = f"{FIRST_YEAR + year}-06-15T12:00:00Z", survivors(year)
        active = await ask(ACTIVE, asOf=moment)
        assert active["customers"]["totalCount"]["count"] == expected.total()
        assert await imports.rows(HELD, datetime.fromisoformat(moment)) == sorted(expected.items())
    # As the table of Fader and Hardie (2007) has it, in percent.
    assert [survivors(year)["regular"] for year in range(8)] == [1_000, 631, 468, 382, 326, 289, 262, 241]
    assert [survivors(year)["highend"] for year in range(8)] == [1_000, 869, 743, 653, 593, 551, 517, 491]
    for moment, count in (("2017-12-31T22:59:59Z", 2_000), ("2017-12-31T23:00:00Z", 1_500)):
        assert (await ask(ACTIVE, asOf=moment))["customers"]["totalCount"]["count"] == count
    assert await imports.is_sound()
