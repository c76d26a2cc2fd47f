"""Every document that stands ready in the explorer works on the made-up population."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from api.web.explorer import Tab, load_tabs
from tests.web.demo_app import SHOWN, demo_app
from tests.web.live_server import serving

TABS = {tab.name: tab for tab in load_tabs()}


@pytest.fixture(scope="module")
def address(module_database_url: str) -> Iterator[str]:
    with serving(demo_app(module_database_url)) as address:
        yield address


def run(address: str, tab: Tab) -> Any:
    body = {"query": tab.query, "variables": tab.variables, "operationName": tab.name}
    answer = httpx2.post(f"{address}/graphql", json=body).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_every_tab_is_tried():
    assert list(SHOWN) == list(TABS)


def test_the_first_tab_shows_customers_with_orders_lines_and_net_value(address: str):
    found = run(address, TABS["Customers"])["customers"]
    assert found["totalCount"] == {"count": 20, "precision": "EXACT"}
    assert len(found["nodes"]) == 10
    bought = [customer for customer in found["nodes"] if customer["orders"]["nodes"]]
    assert len(bought) >= 5
    for customer in bought:
        historic = customer["lifetimeValue"]["historic"]
        assert historic["orderCount"] >= len(customer["orders"]["nodes"])
        assert float(historic["net"]["amount"]) >= 0
        assert all(order["lines"]["nodes"] for order in customer["orders"]["nodes"])


def test_the_second_tab_finds_ada_with_sums_that_agree(address: str):
    ada = run(address, TABS["OneCustomer"])["customer"]
    assert (ada["displayName"], ada["email"], ada["country"]) == ("Ada Berger", "ada@example.com", "DE")
    sums = ada["lifetimeValue"]["historic"]
    amounts = {name: round(float(sums[name]["amount"]) * 100) for name in ("gross", "discounts", "refunds", "net")}
    assert amounts["net"] == amounts["gross"] - amounts["discounts"] - amounts["refunds"]
    assert min(amounts.values()) > 0


def test_the_third_tab_records_once_and_says_so_the_second_time(address: str):
    before = run(address, TABS["OneCustomer"])["customer"]["lifetimeValue"]["historic"]["orderCount"]
    answers = [run(address, TABS["RecordPurchase"])["recordPurchase"] for _ in range(2)]
    assert [answer["idempotency"]["replayed"] for answer in answers] == [False, True]
    assert [answer["userErrors"] for answer in answers] == [[], []]
    assert answers[0]["order"] == answers[1]["order"]
    assert answers[0]["order"]["total"] == {"amount": "17.00", "currencyCode": "EUR"}
    counts = [answer["customer"]["lifetimeValue"]["historic"]["orderCount"] for answer in answers]
    assert counts == [before + 1, before + 1]


def test_the_fourth_tab_shows_an_earlier_state(address: str):
    then = run(address, TABS["BackInTime"])["customers"]["nodes"]
    assert {customer["asOf"] for customer in then} == {"2026-01-01T00:00:00.000000Z"}
    bought = [each["lifetimeValue"]["historic"]["lastPurchaseAt"] for each in then]
    assert any(bought)
    assert all(moment is None or moment < "2026-01-01" for moment in bought)
