"""The law of the planner: its answer equals, value for value, the naive evaluation of the same declarations.

Operations are written from a seed. REGULARS_TEST_SEED=n writes others; a failure shows the operation itself.
"""

from __future__ import annotations

import os
from random import Random
from typing import Any
from uuid import UUID

import pytest

from api.graph.schema import executable
from tests.plan.author import Author, Operation
from tests.plan.inputs import Inputs, Pool
from tests.plan.law import World, cursors_in, differences
from tests.plan.population import MOMENTS, Population

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("REGULARS_TEST_SEED", "2026"))
CHAPTERS, OPERATIONS = 4, 250


@pytest.mark.parametrize("chapter", range(CHAPTERS))
async def test_the_planner_answers_what_the_naive_evaluation_answers(world, chapter):
    random = Random(f"{SEED}:{chapter}")
    author = Author(executable, random, Inputs(random, pool(world.population)))
    written = refused = 0
    while written < OPERATIONS:
        operation = author.operation()
        if world.ask.refusals(operation.document):
            refused += 1
            continue
        written += 1
        owner = random.choice(world.population.customers).key if random.random() < 0.15 else None
        for variables in [operation.variables, *operation.others]:
            await check(world, author, operation, variables, owner)
        world.ask.documents.forget()
    assert refused < written / 10, "most operations are meant to be valid"


async def check(
    world: World, author: Author, operation: Operation, variables: dict[str, Any], owner: UUID | None
) -> None:
    expected = await world.naive(operation.document, variables, owner)
    actual = await world.planned(operation.document, variables, owner)
    found = list(differences(expected, actual))
    assert not found, f"seed {SEED}, owner {owner}, variables {variables}\n{operation.document}\n" + "\n".join(found)
    for name, text in cursors_in(expected, actual):
        seen = author.cursors.setdefault(name, [])
        seen.append(text)
        del seen[:-50]


def pool(population: Population) -> Pool:
    """Return values for arguments that occur in the population, and some that do not."""
    moments = [moment.isoformat() for moment in MOMENTS] + ["2025-03-03T11:30:00.25+02:00", "2024-06-01T00:00:00Z"]
    numbers = [0, 1, 2, 3, 5, 9]
    amounts = ["0", "10", "9.99", "120.004", "-1", "33.3333", 25]
    missing = ["cus_00000000000070008000000000000000", "xyz_00000000000070008000000000000000"]
    known = [("shop", f"S{number}") for number in range(12)] + [("shop", f"O{number}") for number in range(20)]
    pairs = [{"source": source, "value": value} for source, value in [*known, ("crm", "C3"), ("crm", "none")]]
    return Pool(
        named={
            "first": [1, 2, 3, 5, 100],
            "last": [1, 2, 3, 100],
            "since": ["2024-06-01T00:00:00Z", "2023-01-01T00:00:00+02:00"],
            "query": ["ann", "LEE", "example  ann", "100%", "n_b", "émile", "product", "tea", "nobody there", "von_"],
            "sku": ["TEA", "CUP", "tea-2", "NONE"],
            "reasonCodes": ["LATE", "PRICE", "SPEED", "NONE"],
            "loyaltyTier": ["bronze", "silver", "gold", "none"],
            "country": ["DE", "CH", "FR"],
            "category": ["drinks", "tools", "none"],
            "tags": ["vip", "press", "none"],
            "email": ["ann1@example.com", "ANN2@EXAMPLE.COM ", "ann3@example.com", "none@example.com"],
            "phone": [f"+49301234{number:02}" for number in range(6)],
            "source": ["shop", "crm"],
            "value": [f"{kind}{number}" for kind in "SCO" for number in range(12)],
            "number": [f"N{number}" for number in range(22)],
            "name": ["Regulars", "none"],
        },
        typed={
            "Int": numbers,
            "Decimal": amounts,
            "Float": [0, 0.2, 0.5, 0.75, 1, *(round(number / 40, 6) for number in range(1, 8))],
            "DateTime": moments,
            "Boolean": [True, False],
            "Duration": ["P12M", "P1Y", "P1M", "P14D", "P40D", "PT90M"],
            "CurrencyCode": ["EUR", "JPY", "kwd", "CHF"],
            "ID": [*(made.id for made in population.everything), *missing],
            "ExternalIdInput": pairs,
        },
    )


TOTALS = """query ($asOf: DateTime, $knownAt: DateTime) {
  customers(first: 100, asOf: $asOf, knownAt: $knownAt) {
    nodes { id lifetimeValue { total(horizon: "P18M") { amount currencyCode } again: total { amount } } }
  }
}"""


@pytest.mark.parametrize("known", [None, "2025-08-20T00:00:00Z"])
async def test_totals_are_what_the_naive_evaluation_adds_up(world, known):
    variables = {"asOf": "2025-08-10T00:00:00Z", "knownAt": known}
    expected, actual = await world.naive(TOTALS, variables), await world.planned(TOTALS, variables)
    assert list(differences(expected, actual)) == []
    assert any(node["lifetimeValue"]["total"] for node in actual["customers"]["nodes"])
