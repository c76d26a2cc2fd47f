"""Customers are scored by the model of their own part where the newest fit has one, and else by that of all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.domain.lifetime_value.beta_geometric import BetaGeometric
from api.domain.lifetime_value.scoring import score
from api.domain.lifetime_value.spend import GammaGamma
from api.domain.lifetime_value.statistics import PurchaseStatistics, SpendStatistics
from api.domain.lifetime_value.weeks import WEEKS_IN_YEAR
from api.reads.ranking_models import ranking_model
from tests.fitted import MODEL, SPEND, add_model

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ASKED = """query ($asOf: DateTime) { customers(first: 50, asOf: $asOf) { nodes { lastName lifetimeValue {
  predicted { ... on PredictedValue { expected { amount } model { version segment { by value } } } }
} } } }"""


async def add_part(given, value: str | None, r: float, **columns):
    """Add a model of a part of the customers, or of all, in which people buy at a rate of their own."""
    columns = {"trained_until": NOW - timedelta(days=1), "segment_by": "COUNTRY", **columns}
    return await add_model(given, segment_value=value, parameters=json.dumps(MODEL | {"r": r}), **columns)


def expected(r: float) -> str:
    """Return what who bought once, a hundred days ago, is expected to bring."""
    found = score(
        BetaGeometric(r, MODEL["alpha"], MODEL["a"], MODEL["b"]),
        GammaGamma(**SPEND),
        PurchaseStatistics.of([0], [0], [100 / 7]),
        SpendStatistics.of([1], [20]),
        weeks=WEEKS_IN_YEAR,
        annual_discount_rate=0.1,
    )
    return f"{found.discounted_value[0]:.2f}"


async def buyers(given, *people):
    for name, columns in people:
        customer = await given.customer(last_name=name, created_at=NOW - timedelta(days=200), **columns)
        await given.order(customer, 20, placed_at=NOW - timedelta(days=100))


async def predicted(ask, **variables) -> dict[str, tuple[str, int, Any]]:
    nodes = (await ask(ASKED, **variables))["customers"]["nodes"]
    found = {node["lastName"]: node["lifetimeValue"]["predicted"] for node in nodes}
    return {
        name: (value["expected"]["amount"], value["model"]["version"], value["model"]["segment"])
        for name, value in found.items()
    }


async def test_everybody_is_scored_by_the_model_of_their_country_or_of_all(ask, given):
    ask.now = NOW
    await given.business()
    await add_part(given, "DE", 0.9, version=1, trained_until=NOW - timedelta(days=9))
    await add_part(given, None, 0.5, version=1, trained_until=NOW - timedelta(days=9))
    whole = await add_part(given, None, 0.6, version=2)
    await add_part(given, "DE", 0.7, version=2)
    await add_part(given, "FR", 0.8, version=2)
    await buyers(given, ("A", {"country": "DE"}), ("B", {"country": "FR"}), ("C", {"country": "IT"}))
    await buyers(given, ("D", {}), ("E", {"country": "DE"}))
    german = (expected(0.7), 2, {"by": "COUNTRY", "value": "DE"})
    french = (expected(0.8), 2, {"by": "COUNTRY", "value": "FR"})
    of_all = (expected(0.6), 2, None)
    assert await predicted(ask) == {"A": german, "B": french, "C": of_all, "D": of_all, "E": german}
    assert len(ask.statements) == 2
    # Everybody is ranked by one model, totals are of one, and it is the one that is shown where nobody is named.
    shown = (await ask("{ lifetimeValueModel { version segment { value } } }"))["lifetimeValueModel"]
    assert shown == {"version": 2, "segment": None}
    assert (await ranking_model(given.connection, NOW)).model_id == whole.key
    # Looking back, the parts of that time count; and by a later fit of all alone, nobody is of a part.
    back = await predicted(ask, asOf=(NOW - timedelta(days=5)).isoformat())
    assert {name: value[1:] for name, value in back.items() if name in "AB"} == {
        "A": (1, {"by": "COUNTRY", "value": "DE"}),
        "B": (1, None),
    }
    await add_part(given, None, 0.6, version=3, segment_by=None, trained_until=NOW)
    assert set((await predicted(ask)).values()) == {(expected(0.6), 3, None)}


async def test_who_has_several_labels_goes_by_the_one_with_the_fewest_customers(ask, given):
    ask.now = NOW
    await given.business()
    for value, r, customers in ((None, 0.5, 900), ("new", 0.6, 500), ("vip", 0.7, 80), ("old", 0.8, 300)):
        await add_part(given, value, r, version=1, segment_by="TAG", customers=customers)
    await buyers(given, ("A", {"tags": ["old", "vip", "new"]}), ("B", {"tags": ["new"]}), ("C", {"tags": []}))
    assert {name: value[0] for name, value in (await predicted(ask)).items()} == {
        "A": expected(0.7),
        "B": expected(0.6),
        "C": expected(0.5),
    }
