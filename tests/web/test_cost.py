"""What an operation may cost: the formula, the refusal that says how much less will do, and the answer's header."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_object_type,
    parse,
    print_schema,
)
from starlette.applications import Starlette
from starlette.routing import Route

from api.app import schema_text
from api.errors import CostExceeded, DocumentTooLarge
from api.graph.schema import executable, schema
from api.plan.paging import DEFAULT_SIZE
from api.reads.page import LARGEST_SIZE
from api.web.documents import Documents
from api.web.limits import Limits
from api.web.view import GraphQLView
from tests.web.random_documents import Dice
from tests.web.reference import NaiveCost, declared

LIMITS = Limits()
BOUNDLESS = Limits(**{field.name: 10**9 for field in fields(Limits) if not field.name.startswith("kept_")})
THREE = "{customers(first: %d) {nodes {orders(first: %d) {nodes {lines(first: %d) {nodes {id}}}}}}}"
SIZED = (
    "query($a: Int, $b: Int, $c: Int) {customers(first: $a) {nodes {orders(last: $b) {edges {node {"
    "lines(first: $c) {nodes {id product {sku}}}}}}}}}"
)
WAYS = {"customers": "a", "customers.orders": "b", "customers.orders.lines": "c"}
CHANGED = 'input: {idempotencyKey: "a-key-for-this", identifier: {id: "x"}, customer: {}}'
HEADLINE = """
query Page($first: Int = 50, $orders: Int = 5) {
  customers(first: $first) {
    nodes {
      id displayName SUMMARY
      orders(first: $orders) {
        nodes { number placedAt total { amount currencyCode } lines { nodes { name quantity total { amount } } } }
      }
    }
  }
}
"""
EVIDENCE = "evidence(first: 3) {nodes {... on Order {id}}}"
SUMMARY = "lifetimeValue { historic { orderCount net { amount } byStream { stream net { amount } } } }"


def charged(
    text: str, variables: Mapping[str, Any] | None = None, limits: Limits = LIMITS, name: str | None = None
) -> int:
    document = Documents(executable, limits).find(text)
    assert not document.refusals, document.refusals
    return document.charge(document.operation(name), variables or {})


def refusal(text: str, variables: Mapping[str, Any] | None = None, limits: Limits = LIMITS) -> CostExceeded:
    with pytest.raises(CostExceeded) as caught:
        charged(text, variables, limits)
    return caught.value


@pytest.fixture(scope="module")
def published() -> GraphQLSchema:
    return build_schema(schema_text())


@pytest.mark.parametrize("seed", range(10))
def test_the_cost_is_what_anyone_works_out_from_the_published_schema(seed: int, published: GraphQLSchema):
    dice, met = Dice(executable, seed), set()
    for _ in range(20):
        text, variables = dice.document(), dice.variables()
        naive = NaiveCost(published, parse(text), variables).total()
        assert charged(text, variables, BOUNDLESS) == naive, (text, variables)
        met.add(naive)
    assert len(met) > 10, "the dice throw documents too much alike"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{__typename}", 0),
        ('{customer(by: {email: "a@example.com"}) {id}}', 1),
        ('{customer(by: {email: "a@example.com"}) {lifetimeValue {historic {net {amount}}}}}', 1 + 3 + 1),
        ("{customers(first: 10) {nodes {id}}}", 2 + 10),
        ("{customers(first: 10) {nodes {whatIf(events: []) {purchaseSummary {orderCount}}}}}", 2 + 10 * (1 + 10 + 3)),
        ("{customers {edges {cursor node {id}} pageInfo {hasNextPage}}}", 2 + DEFAULT_SIZE),
        ("{customers(first: 10) {totalCount {count}}}", 2 + 10 + 5),
        ('{customers(first: 10, query: "abc") {nodes {id}}}', 2 + 10 + 5),
        ("{customers(first: 10, query: null) {nodes {id}}}", 2 + 10),
        ("{customers(first: 1) {nodes {id @skip(if: true) company @include(if: false) {id}}}}", 2 + 1 + 1),
        ("{customers(first: 10) {nodes {id}} customers(first: 10) {nodes {company {id}}}}", 2 + 10 * 2),
        ('{node(id: "x") {id ... on Order {total {amount} lines(first: 4) {nodes {id}}}}}', 1 + 2 + 4),
        ('{nodes(ids: ["a", "b", "c"]) {... on Customer {company {id}}}}', 1 + 3 * (1 + 1)),
        (
            f"{{customers(first: 10) {{nodes {{activeStatus {{reasons {{{EVIDENCE}}}}}}}}}}}",
            2 + 10 * (1 + 5 + 6 + 6 * (2 + 3)),
        ),
        (f"mutation {{setCustomer({CHANGED}) {{customer {{id}}}}}}", 10 + 1),
        (THREE % (10, 10, 10), 1_332),
        ('{products(first: 1, filter: {sku: ["a", "b"], or: [{}, {category: "c"}]}) {nodes {id}}}', 2 + 1 + 3),
        ("{customers(first: 9) {nodes {orders(first: 1, filter: {status: REFUNDED}) {nodes {id}}}}}", 2 + 9 * 5),
    ],
)
def test_the_formula(text: str, cost: int):
    assert charged(text) == cost


def test_the_page_of_customers_orders_and_lines_passes_with_margin():
    plain, summed = HEADLINE.replace("SUMMARY", ""), HEADLINE.replace("SUMMARY", SUMMARY)
    assert (charged(plain), charged(summed)) == (5_902, 6_152)
    assert charged(summed) * 1.5 < LIMITS.cost


def test_two_and_three_pages_of_a_hundred_in_one_another_are_refused():
    assert refusal(THREE % (100, 100, 100)).details == {"cost": {"requested": 1_030_302, "limit": 10_000}}
    assert (
        refusal("{customers(first: 100) {nodes {orders(first: 100) {nodes {id}}}}}").details["cost"]["requested"]
        == 10_302
    )


@pytest.mark.parametrize(
    ("given", "counts_as"),
    [(7, 7), (100, 100), (101, 100), (10**30, 100), (0, 0), (-1, 0), ("x", 100), (True, 100), (1.5, 100), ([], 100)],
)
def test_a_variable_says_how_many(given: Any, counts_as: int):
    text = "query($n: Int) {customers(first: $n) {nodes {id}}}"
    assert charged(text, {"n": given}) == 2 + counts_as


def test_where_nothing_is_said_a_page_has_its_usual_size():
    text = "query($n: Int, $m: Int = 3) {customers(first: $n) {nodes {id}} orders(last: $m) {nodes {id}}}"
    assert charged(text) == 2 + DEFAULT_SIZE + 2 + 3
    assert charged(text, {"n": None, "m": None}) == 2 * (2 + DEFAULT_SIZE)
    assert charged("{customers(first: null, last: 4) {nodes {id}}}") == 2 + 4
    assert charged("{customers(first: 5000) {nodes {id}}}") == 2 + LARGEST_SIZE


@pytest.mark.parametrize(
    ("batch", "rows"), [([{}] * 250, 250), ([{}] * 900, 250), ([], 0), ({}, 1), (None, 0), ("x", 1)]
)
def test_each_row_of_a_batch_counts(batch: Any, rows: int):
    text = "mutation($input: RecordPurchasesInput!) {recordPurchases(input: $input) {results {order {id}}}}"
    assert charged(text, {"input": {"purchases": batch}}) == 10 + rows * 3
    rows_alone = 'input: {idempotencyKey: "a", purchases: $rows}'
    inner = f"mutation($rows: [PurchaseInput!]!) {{recordPurchases({rows_alone}) {{recorded}}}}"
    assert charged(inner, {"rows": batch}) == 10 + rows


FILTERED = "query($f: CustomerFilterInput) {customers(first: 1, filter: $f) {nodes {id}}}"


def test_fifty_conditions_are_taken_and_one_more_is_not_wherever_they_stand():
    fifty = {"or": [{"orderCount": {"gte": 1, "lt": 5}}] * 24 + [{"country": ["DE"] * 250}, {}]}
    assert charged(FILTERED, {"f": fifty}) == 2 + 1 + 50
    too_many = "The filters of the operation hold more than 50 conditions, most of them in `filter` of `customers`"
    longer: list[dict[str, Any]] = [{**fifty, "kind": "BUSINESS"}, {"or": [{"and": [{}] * 3}] * 17}, {"or": [[]] * 51}]
    for more in longer:
        with pytest.raises(DocumentTooLarge) as refused:
            charged(FILTERED, {"f": more})
        assert refused.value.message == f"{too_many} (`$f`); 50 are the most (REGULARS_DOCUMENT_CONDITIONS)."
    written = "{customers(first: 1, filter: {or: [%s]}) {nodes {id}}}"
    assert charged(written % ("{orderCount: {gte: 1}} " * 50)) == 2 + 1 + 50
    with pytest.raises(DocumentTooLarge) as refused:
        charged(written % ("{orderCount: {gte: 1}} " * 51))
    assert refused.value.message == f"{too_many}; 50 are the most (REGULARS_DOCUMENT_CONDITIONS)."


def test_conditions_of_several_fields_count_together():
    text = FILTERED.replace("{customers", "{a: customers(first: 1, filter: $f) {nodes {id}} customers")
    assert charged(text, {"f": {"and": [{}] * 25}}) == 2 * (2 + 1 + 25)
    with pytest.raises(DocumentTooLarge):
        charged(text, {"f": {"and": [{}] * 26}})


def test_what_costs_as_much_as_the_limit_passes_and_a_point_less_does_not():
    text = THREE % (10, 10, 10)
    assert charged(text, limits=Limits(cost=1_332)) == 1_332
    assert refusal(text, limits=Limits(cost=1_331)).details["cost"] == {"requested": 1_332, "limit": 1_331}


@pytest.mark.parametrize(
    ("a", "b", "c"),
    [(50, 5, 20), (100, 100, 1), (100, 20, 5), (20, 20, 20), (21, 21, 21), (100, 100, 100), (1, 100, 100), (9, 50, 90)],
)
@pytest.mark.parametrize("limit", [500, 2_000, 10_000])
def test_what_the_refusal_suggests_is_taken_and_one_more_is_not(a: int, b: int, c: int, limit: int):
    sizes, limits = {"a": a, "b": b, "c": c}, Limits(cost=limit)
    if NaiveCost(build_schema(schema_text()), parse(SIZED), sizes).total() <= limit:
        assert charged(SIZED, sizes, limits) <= limit
        return
    message = refusal(SIZED, sizes, limits).message
    if found := re.search(r"for `([\w.]+)`: ask for `(first|last): (\d+)` there", message):
        changed, size = [WAYS[found[1]]], int(found[3])
        assert (found[2] == "last") == (changed == ["b"])
    else:
        found = re.search(r"ask for at most (\d+) items of each list", message)
        assert found, message
        changed, size = ["a", "b", "c"], int(found[1])
    assert size >= 1
    assert charged(SIZED, sizes | {name: min(size, sizes[name]) for name in changed}, limits) <= limit
    refusal(SIZED, sizes | {name: min(size + 1, sizes[name]) for name in changed}, limits)


def test_the_refusal_names_what_costs_most():
    assert "`customers.orders.lines`: ask for at most 20 items of each list" in refusal(THREE % (100, 100, 100)).message
    ids = refusal(
        "query($ids: [ID!]!) {nodes(ids: $ids) {... on Order {lines(first: 100) {nodes {id}}}}}", {"ids": ["x"] * 100}
    )
    assert "send at most 97 `ids` there" in ids.message
    few = refusal("{customers {totalCount {count}}}", limits=Limits(cost=6))
    assert few.message.endswith("Most of it is for `customers`: ask for fewer fields at once.")
    change = f"mutation {{setCustomer({CHANGED}) {{__typename}}}}"
    assert refusal(change, limits=Limits(cost=5)).message.endswith("Ask for fewer fields at once.")


def test_the_operation_that_runs_is_the_one_that_is_charged():
    text = f"query Cheap {{__typename}} query Dear {THREE % (100, 100, 100)}"
    assert charged(text, name="Cheap") == 0
    with pytest.raises(CostExceeded):
        charged(text, name="Dear")


def test_every_page_says_in_the_schema_what_multiplies_its_cost(published: GraphQLSchema):
    pages = [
        field
        for type_ in published.type_map.values()
        if is_object_type(type_)
        for field in type_.fields.values()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    assert len(pages) >= 7
    usual = {"weight": 2, "multipliers": ["first", "last"]}
    assert all(declared(page) in (usual, {**usual, "saved": True}) for page in pages)
    by_segments = [page for page in pages if declared(page) != usual]
    assert {get_named_type(page.type).name for page in by_segments} == {
        "CustomerConnection",
        "SegmentMembershipConnection",
    }


SHORT_LISTS = {
    "ActivePolicy.rules": "a policy has at most 100, and nothing lies below",
    "BaseSatisfaction.byMonth": "one for each month of a window of three years at most, and nothing lies below",
    "CustomerBase.byReason": "one for each reason, and nothing lies below",
    "CustomerBase.byStage": "one for each stage, and nothing lies below",
    "CustomerLifetimeValue.inOtherCurrencies": "one for each currency, and nothing lies below",
    "Customer.externalIds": "a customer has at most 20, and nothing lies below",
    "Customer.marketingConsents": "one for each of four channels, and nothing lies below",
    "HistoricValue.byStream": "one for each stream of revenue",
    "LifetimeValueModel.calibrations": "at most two, and nothing but ten groups lies below",
    "LifetimeValueModel.renewals": "at most eleven for each stream, and nothing lies below",
    "LoyaltyEntry.consumed": "a few for what is spent at once, and what brought those points used up no others",
    "LoyaltyEntry.restored": "a few for what is given back at once, as for what was spent",
    "LoyaltyEntry.lots": "one for nearly all, and nothing lies below",
    "LoyaltyLiability.byMonth": "one for each month within the life of points, and nothing lies below",
    "LoyaltyProgram.rules": "a program has at most 100, and nothing lies below",
    "LoyaltyProgram.tiers": "a program has a handful, and nothing lies below",
    "CustomerBase.byTier": "one for each tier, and nothing lies below",
    "ModelCalibration.deciles": "ten, and nothing lies below",
    "PredictedValue.byStream": "one for each stream of revenue",
    "PredictedValue.drivers": "four, and nothing lies below",
    "PredictedValue.inOtherCurrencies": "one for each currency, and nothing lies below",
    "RecordPurchasesPayload.results": "the change costs its points for each purchase",
    "RecordPurchasePayload.loyaltyEntries": "one for what the purchase earned, and one for what that settles",
    "RecordRefundPayload.loyaltyEntries": "one for what the refund takes back",
    "Recommendation.blockedBy": "plain values, one for each of a few reasons",
    "Recommendation.basis": "one or two records",
    "Referral.rewards": "one for each of two sides",
    "Referral.signals": "one for each of five signs",
    "*.userErrors": "plain values, at most a few for each thing to change",
}


def test_every_list_of_objects_is_a_page_or_says_what_multiplies_its_cost_or_is_known_to_be_short(
    published: GraphQLSchema,
):
    unpriced = set()
    for type_ in published.type_map.values():
        if not is_object_type(type_) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            is_page = type_.name.endswith("Connection") and name in ("nodes", "edges")
            is_list = is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type))
            if is_list and not is_page and not {"multipliers", "size"} & (declared(field) or {}).keys():
                unpriced.add(f"{'*' if name == 'userErrors' else type_.name}.{name}")
    assert unpriced == SHORT_LISTS.keys()


def test_the_price_tag_is_described(published: GraphQLSchema):
    (cost,) = [directive for directive in published.directives if directive.name == "cost"]
    assert cost.description
    assert all(argument.description for argument in cost.args.values())
    assert "directive @cost" in print_schema(executable)


@pytest.mark.anyio
async def test_an_answer_says_what_it_cost_and_a_refusal_what_it_would(database: Any):
    view = GraphQLView(schema._schema, limits=LIMITS)
    view.database = database
    transport = httpx2.ASGITransport(app=Starlette(routes=[Route("/graphql", view)]))
    headers = {"accept": "application/graphql-response+json"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
        fine = await client.post("/graphql", json={"query": THREE % (10, 10, 10)})
        assert (fine.status_code, fine.headers["x-request-cost"]) == (200, "1332")
        assert len(await database.told()) == 1
        database.statements = []
        dear = await client.post("/graphql", json={"query": SIZED, "variables": {"a": 100, "b": 100, "c": 100}})
        assert (dear.status_code, set(dear.json())) == (400, {"errors"})
        (error,) = dear.json()["errors"]
        assert error["extensions"] == {"code": "COST_EXCEEDED", "cost": {"requested": 2_030_302, "limit": 10_000}}
        assert "customers.orders.lines" in error["message"]
        assert await database.told() == []
