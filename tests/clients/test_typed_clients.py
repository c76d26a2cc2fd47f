"""Client code that @graphql-codegen makes from the schema: it compiles strictly, it works, and it stops mistakes."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.web.explorer import load_tabs
from tests.clients.workshop import Workshop
from tests.given import Given, Line, Made, connected
from tests.postgresql import outside_any_loop

BY = {"externalId": {"source": "shop", "value": "1001"}}
PURCHASE = {
    "customer": BY,
    "placedAt": "2026-01-15T10:30:00Z",
    "lines": [
        {"sku": "TEA", "quantity": 3, "unitPrice": {"amount": "8.50", "currencyCode": "EUR"}},
        {"sku": "TIN", "name": "Tin", "quantity": 1, "unitPrice": {"amount": "4", "currencyCode": "EUR"}},
    ],
    "discount": {"amount": "2.05", "currencyCode": "EUR"},
}


def generate(workshop: Workshop, *, fails: bool = False, **variables: str) -> str:
    """Have the client code made anew and return what the generator printed."""
    shutil.rmtree(workshop.folder / "consumer/generated", ignore_errors=True)
    return workshop.run("graphql-codegen", "--config", "codegen.ts", fails=fails, **variables)


def mistakes(printed: str) -> dict[str, str]:
    """Return the compiler's number of each mistake by its file and line."""
    found = re.findall(r"^(\S+\.ts)\((\d+),\d+\): error (TS\d+):", printed, re.MULTILINE)
    return {f"{file}:{line}": number for file, line, number in found}


@pytest.fixture(scope="module")
def built(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A workshop whose client code is generated and compiled, strictly and without a complaint."""
    made = workshop.copy(tmp_path_factory.mktemp("typed") / "built")
    generate(made)
    assert made.run("tsc", "--project", ".") == ""
    return made


@pytest.fixture(scope="module")
def orders(module_database_url: str) -> list[Made]:
    """The orders of Ada, who bought three times."""
    return outside_any_loop(lambda: filled(module_database_url))


async def filled(dsn: str) -> list[Made]:
    connection = await connected(dsn)
    try:
        return await ada_buys(Given(connection))
    finally:
        await connection.close()


async def ada_buys(given: Given) -> list[Made]:
    ada = await given.customer(first_name="Ada", last_name="Berger", external_ids=[("shop", "1001")])
    await given.customer(first_name="Grace")
    moments = [datetime(2025, month, 1, 9, tzinfo=UTC) for month in (1, 2, 3)]
    made = [
        await given.order(ada, Line("8.50", 2), Line("20.00", 1, "POT"), placed_at=moments[0], discount="1.25"),
        await given.order(ada, "9.99", placed_at=moments[1], source="till", external_id="T-1"),
        await given.order(ada, "0.10", "0.20", placed_at=moments[2]),
    ]
    await given.refund(ada, "9.99", made[1], refunded_at=moments[2])
    return made


@pytest.fixture(scope="module")
def visit(built: Workshop, address: str, orders: list[Made]) -> Any:
    """What the shop's screen showed, in one visit to the running server."""
    return built.tell("run.mjs", address, json.dumps(BY), json.dumps(PURCHASE))


def test_the_explorers_operations_are_among_those_compiled(built: Workshop):
    operations = (built.folder / "consumer/generated/operations.ts").read_text()
    assert [tab.name for tab in load_tabs() if f"const {tab.name}Document" not in operations] == []
    assert (built.folder / "built/generated/operations.js").exists()


def test_code_made_from_the_servers_introspection_serves_the_same_client(built: Workshop, address: str, tmp_path: Path):
    told = built.copy(tmp_path / "told")
    generate(told, SCHEMA=address)
    assert told.run("tsc", "--project", ".", "--noEmit") == ""


def test_a_typed_client_reads_orders_page_by_page(visit: Any, orders: list[Made]):
    latest, refunded, first = visit["before"]
    assert latest == {
        "id": orders[2].id,
        "number": latest["number"],
        "status": "COMPLETED",
        "placedAt": 1_740_819_600_000,
        "source": None,
        "total": "0.30 EUR",
        "lines": ["1 × TEA: 0.10 EUR", "1 × TEA: 0.20 EUR"],
        "sum": 30,
    }
    assert (refunded["status"], refunded["source"], refunded["total"]) == ("REFUNDED", "till", "9.99 EUR")
    assert first["lines"] == ["2 × TEA: 17.00 EUR", "1 × POT: 20.00 EUR"]
    assert (first["total"], first["sum"]) == ("35.75 EUR", 3575)


def test_a_typed_client_records_a_purchase_once(visit: Any):
    recorded = {"total": "27.45 EUR", "lines": ["3 × TEA", "1 × TIN"], "refusals": []}
    assert visit["first"] == {**recorded, "replayed": False}
    assert visit["again"] == {**recorded, "replayed": True}


def test_a_typed_client_shows_a_customer_with_what_is_missing(visit: Any):
    assert visit["buyer"] == {
        "kind": "CONSUMER",
        "name": "Ada Berger",
        "email": None,
        "company": None,
        "orderCount": 4,
        "net": "63.50 EUR",
        "average": "15.88 EUR",
        "lastPurchaseAt": "2026-01-15T10:30:00.000Z",
        "count": 4,
    }
    assert visit["nobody"] is None
    assert visit["buyers"] == ["Ada Berger"]


def test_a_typed_client_is_told_what_is_wrong_with_its_input(visit: Any):
    refusals = ["input.purchase.lines must be filled in"]
    assert visit["refused"] == {"total": None, "lines": [], "replayed": False, "refusals": refusals}


def test_a_typed_client_tells_things_of_many_types_apart(visit: Any):
    numbers = [order["number"] for order in visit["before"]]
    assert visit["things"] == [*(f"order {number} of Ada Berger" for number in numbers), "customer Ada Berger"]


def test_every_wrong_use_of_the_types_stops_the_compiler(built: Workshop, tmp_path: Path):
    wrong = built.copy(tmp_path / "wrong")
    shutil.copy(wrong.folder / "wrong/uses.ts", wrong.folder / "consumer")
    lines = (wrong.folder / "wrong/uses.ts").read_text().splitlines()
    marked = {
        f"consumer/uses.ts:{number}": line.split("// ")[1] for number, line in enumerate(lines, 1) if "; // TS" in line
    }
    assert len(marked) == 10
    assert mistakes(wrong.run("tsc", "--project", ".", "--noEmit", fails=True)) == marked


@pytest.mark.parametrize("change", ["Float!", "Decimal"])
def test_an_amount_that_is_a_number_or_missing_stops_the_compiler(built: Workshop, tmp_path: Path, change: str):
    changed = built.copy(tmp_path / "changed")
    changed.rewrite_schema("  amount: Decimal!", f"  amount: {change}")
    generate(changed)
    found = mistakes(changed.run("tsc", "--project", ".", "--noEmit", fails=True))
    assert found
    assert {place.split(":")[0] for place in found} == {"consumer/shop.ts"}


def test_a_scalar_that_nobody_mapped_stops_the_generator(built: Workshop, tmp_path: Path):
    changed = built.copy(tmp_path / "changed")
    changed.rewrite_schema("scalar Decimal", "scalar Real\n\nscalar Decimal")
    changed.rewrite_schema("  amount: Decimal!", "  amount: Real!")
    assert "Unknown scalar type Real" in generate(changed, fails=True)
