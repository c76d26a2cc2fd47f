"""Pages: walking a list visits every row exactly once, in any order, either way, also while rows come in."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from tests.given import NEW_YEAR
from tests.plan.population import MOMENTS

pytestmark = pytest.mark.anyio

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
DIRECTIONS = ("ASC", "DESC")
CUSTOMER_ORDERS = [
    "",
    'query: "ann"',
    'query: "example", orderBy: [{field: RELEVANCE, direction: ASC}]',
    "orderBy: [{field: LAST_PURCHASE_AT, direction: DESC}, {field: CREATED_AT}]",
    "orderBy: [{field: CREATED_AT, direction: DESC}, {field: LAST_PURCHASE_AT}]",
    *(
        f"orderBy: [{{field: {field}, direction: {direction}}}]"
        for field, direction in product(("CREATED_AT", "LAST_PURCHASE_AT", "ORDER_COUNT", "HISTORIC_NET"), DIRECTIONS)
    ),
]
ORDER_ORDERS = [
    "",
    *(
        f"orderBy: {{field: {field}, direction: {direction}}}"
        for field, direction in product(("PLACED_AT", "TOTAL"), DIRECTIONS)
    ),
]
LISTS = [
    *(("customers", order) for order in CUSTOMER_ORDERS),
    *(("orders", order) for order in ORDER_ORDERS),
    ("products", ""),
    ("products", 'query: "product"'),
]


def document(field: str, arguments: str) -> str:
    return f"""query ($first: Int, $last: Int, $after: String, $before: String) {{
      {field}(first: $first, last: $last, after: $after, before: $before, {arguments}) {{ nodes {{ id }} {PAGE} }}
    }}"""


async def walked(ask: Any, text: str, at: Any, size: int, *, backward: bool, meanwhile: Any = None) -> list[str]:
    """Return the ids met on the way through all pages, in the order of the list."""
    met: list[str] = []
    cursor, more = None, True
    while more:
        page = at(await ask(text, **{"last": size, "before": cursor} if backward else {"first": size, "after": cursor}))
        ids = [node["id"] for node in page["nodes"]]
        met = [*ids, *met] if backward else [*met, *ids]
        info = page["pageInfo"]
        came_from = info["hasNextPage" if backward else "hasPreviousPage"]
        assert came_from == (cursor is not None), "whence we came there are rows"
        cursor, more = (
            info["startCursor" if backward else "endCursor"],
            info["hasPreviousPage" if backward else "hasNextPage"],
        )
        if meanwhile:
            await meanwhile()
    return met


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize(("field", "arguments"), LISTS, ids=lambda text: text or "default")
async def test_a_walk_visits_every_row_once_and_in_order(world, field, arguments, backward):
    text = document(field, arguments)
    whole = (await world.ask(text, first=100))[field]
    ids = [node["id"] for node in whole["nodes"]]
    assert len(ids) == len(set(ids)) > 2
    assert not whole["pageInfo"]["hasNextPage"]
    for size in (1, 4):
        assert await walked(world.ask, text, lambda answer: answer[field], size, backward=backward) == ids


NESTED = {
    "orders": "customer(by: {{id: {customer}}}) {{ inner: orders({page}) {{ nodes {{ id }} {info} }} }}",
    "orders by total": (
        "customer(by: {{id: {customer}}}) {{ inner: orders({page}, orderBy: {{field: TOTAL}})"
        " {{ nodes {{ id }} {info} }} }}"
    ),
    "refunds": "customer(by: {{id: {customer}}}) {{ inner: refunds({page}) {{ nodes {{ id }} {info} }} }}",
    "lines": "order(by: {{id: {order}}}) {{ inner: lines({page}) {{ nodes {{ id }} {info} }} }}",
    "customers": "node(id: {company}) {{ ... on Company {{ inner: customers({page}) {{ nodes {{ id }} {info} }} }} }}",
}


@pytest.mark.parametrize("derived", [False, True], ids=["as JSON", "as rows"])
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("name", NESTED)
async def test_a_walk_below_an_object_visits_every_row_once(ask, given, name, backward, derived):
    company = await given.company("Acme")
    async with given.standing_at_the_end():
        (buyer,) = await given.customers(1)
        for number in range(5):
            await given.customer(company=company, created_at=NEW_YEAR + timedelta(days=number // 2))
            order = await given.order(buyer, *[2] * 5, placed_at=NEW_YEAR + timedelta(days=number // 2))
            await given.refund(buyer, 1, order, refunded_at=NEW_YEAR + timedelta(days=9 + number // 2))
    known = {"customer": f'"{buyer.id}"', "order": f'"{order.id}"', "company": f'"{company.id}"', "info": PAGE}
    page = "first: $first, last: $last, after: $after, before: $before"
    text = NESTED[name].format(**known, page=page)
    if derived:
        text = text.replace("nodes { id }", f"nodes {{ id {'a' * 70}: __typename }}")
    text = f"query ($first: Int, $last: Int, $after: String, $before: String) {{ {text} }}"

    def at(answer: Any) -> Any:
        return next(iter(answer.values()))["inner"]

    ids = [node["id"] for node in at(await ask(text, first=100))["nodes"]]
    assert len(set(ids)) == 5
    for size in (1, 2):
        assert await walked(ask, text, at, size, backward=backward) == ids


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("order", ORDER_ORDERS, ids=lambda text: text or "default")
async def test_a_walk_keeps_its_rows_while_others_come_in(ask, given, order, backward):
    (buyer,) = await given.customers(1)
    before = [await given.order(buyer, 5 + n % 2, placed_at=MOMENTS[n % 3]) for n in range(7)]

    async def meanwhile() -> None:
        for amount, moment in ((1, MOMENTS[0]), (5, MOMENTS[1]), (99, MOMENTS[4])):
            if given.made < 80:
                await given.order(buyer, amount, placed_at=moment)

    def at(answer: Any) -> Any:
        return answer["orders"]

    met = await walked(ask, document("orders", order), at, 2, backward=backward, meanwhile=meanwhile)
    assert len(met) == len(set(met))
    assert {made.id for made in before} < set(met)


async def test_a_page_between_two_cursors_knows_what_lies_around_it(ask, given):
    (buyer,) = await given.customers(1)
    for day in range(6):
        await given.order(buyer, 1, placed_at=NEW_YEAR + timedelta(days=day))
    edges = (await ask("{ orders { edges { cursor node { number } } } }"))["orders"]["edges"]
    text = document("orders", "").replace("id }", "number }")
    between = {"after": edges[0]["cursor"], "before": edges[5]["cursor"]}
    numbers = [edge["node"]["number"] for edge in edges]
    for size, shown, around in [
        ({"first": 9}, numbers[1:5], (True, True)),
        ({"last": 9}, numbers[1:5], (True, True)),
        ({"first": 2}, numbers[1:3], (True, True)),
        ({"last": 2}, numbers[3:5], (True, True)),
    ]:
        page = (await ask(text, **size, **between))["orders"]
        assert [node["number"] for node in page["nodes"]] == shown
        assert (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]) == around
    page = (await ask(text, last=9, before=edges[2]["cursor"]))["orders"]
    assert [node["number"] for node in page["nodes"]] == numbers[:2]
    assert not page["pageInfo"]["hasPreviousPage"]
    assert page["pageInfo"]["hasNextPage"]


async def test_an_empty_page_says_so(ask, given):
    (buyer,) = await given.customers(1)
    empty = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    parts = f"nodes {{ id }} edges {{ cursor }} totalCount {{ count precision }} {PAGE}"
    text = f"{{ customers {{ nodes {{ orders {{ {parts} }} }} }} }}"
    (customer,) = (await ask(text))["customers"]["nodes"]
    count = {"count": 0, "precision": "EXACT"}
    assert customer["orders"] == {"nodes": [], "edges": [], "totalCount": count, "pageInfo": empty}
    split = text.replace("nodes { id }", f"nodes {{ {'i' * 64}: id }}")
    assert (await ask(split))["customers"]["nodes"] == [customer]
    assert buyer.key is not None


async def test_counting_stops_and_says_so(ask, given, monkeypatch):
    (buyer,) = await given.customers(1, orders=[1] * 3)
    monkeypatch.setattr("api.reads.page.COUNTED_AT_MOST", 2)
    monkeypatch.setattr("api.plan.fetched.COUNTED_AT_MOST", 2)
    for nodes in ("id", f"{'i' * 64}: id"):
        parts = f"nodes {{ {nodes} }} totalCount {{ count precision }}"
        answer = await ask(f"{{ orders(first: 1) {{ {parts} }} }}")
        assert answer["orders"]["totalCount"] == {"count": 2, "precision": "AT_LEAST"}
        answer = await ask(f"{{ orders(first: 1, filter: {{total: {{gt: 1}}}}) {{ {parts} }} }}")
        assert answer["orders"]["totalCount"] == {"count": 0, "precision": "EXACT"}
    assert buyer.key is not None
