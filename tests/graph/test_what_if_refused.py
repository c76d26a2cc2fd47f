"""What cannot be supposed is told with its place in the list, and why; then nothing is supposed at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.graph.supposing import BRIEF, NOW, buy, wait
from tests.writes.changes import line, one_purchase

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)


@pytest.fixture
async def ann(ask, given):
    """A customer who bought two years ago."""
    ask.now = NOW
    await given.product("TEA")
    customer = await given.customer(email="ann@example.com")
    await given.order(customer, 30, placed_at=NOW - 2 * YEAR)
    return customer


async def refusal(ask, customer, *events, document=BRIEF, **variables):
    """Return why something cannot be supposed."""
    answer = await ask(document, id=customer.id, events=[*events], fails=True, **variables)
    assert ask.codes == ["BAD_USER_INPUT"]
    assert list(answer.values()) == [None]
    return ask.errors[0].message


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({"refundOrderId": "nothing"}, "`events[1].refundOrderId`: There is no such order."),
        (
            {"cancelSubscriptionId": "sub_" + "0" * 32},
            "`events[1].cancelSubscriptionId`: There is no such subscription.",
        ),
        ({"renewSubscriptionId": ""}, "`events[1].renewSubscriptionId`: There is no such subscription."),
        ({"renewContractId": "ord_" + "0" * 32}, "`events[1].renewContractId`: There is no such contract."),
        (buy(line(name=None), line(sku="NEW")), "`events[1].purchase.lines[1].sku`: There is no such product"),
        (buy(line("1.23456789", name=None)), "`events[1].purchase.lines[0].unitPrice.amount`: This has more than 6"),
        (buy(line(name=None, currency="USD")), "`events[1].purchase.lines[0].unitPrice`: There is no exchange rate"),
        (buy(placedAt="2026-06-03T12:10:00Z"), "`events[1].purchase.placedAt`: This moment lies in the future."),
        ({"purchase": {"lines": []}}, "`events[1].purchase.lines`: A purchase needs at least one line."),
    ],
    ids=str,
)
async def test_the_message_names_the_entry_and_the_reason(ask, ann, event, why):
    assert (await refusal(ask, ann, wait("P1D"), event, buy())).startswith(why)
    assert ask.errors[0].path == ["customer", "whatIf"]


async def test_the_future_of_the_supposed_moment_is_what_counts(ask, ann):
    supposed = [wait("P3D"), buy(placedAt="2026-06-03T12:10:00Z")]
    found = (await ask(BRIEF, id=ann.id, events=supposed))["customer"]["whatIf"]
    assert found["purchaseSummary"]["orderCount"] == 2


async def test_what_belongs_to_others_is_not_there(ask, given, ann):
    bob = await given.customer()
    order = await given.order(bob, 10, placed_at=NOW - YEAR)
    contract, subscription = await given.contract(bob), await given.subscription(bob)
    named = {"refundOrderId": order, "renewContractId": contract, "cancelSubscriptionId": subscription}
    for kind, what in named.items():
        assert "There is no such" in await refusal(ask, ann, {kind: what.id})
        own = ask.as_customer(ann.key)
        assert "There is no such" in await refusal(own, ann, {kind: what.id})


async def test_what_has_ended_cannot_go_on(ask, given, ann):
    order = await given.order(ann, 10, placed_at=NOW - YEAR)
    over = await given.subscription(ann, started_at=NOW - YEAR, period_start=NOW - YEAR)
    ended = {
        "change": "TERMINATED",
        "changed_at": NOW - YEAR,
        "terminate_at": NOW - YEAR,
        "termination_reason": "Moved",
    }
    contract = await given.contract(ann, ended, starts_at=NOW - 2 * YEAR, term_ends_at=NOW + YEAR)
    twice = [{"refundOrderId": order.id}] * 2
    assert (
        await refusal(ask, ann, *twice) == "`events[1].refundOrderId`: Nothing is left of this order to be paid back."
    )
    assert "It has run out" in await refusal(ask, ann, {"cancelSubscriptionId": over.id})
    assert "It has run out" in await refusal(ask, ann, {"renewSubscriptionId": over.id})
    assert "This contract was terminated" in await refusal(ask, ann, {"renewContractId": contract.id})


async def test_looking_back_nothing_is_supposed_of_what_became_different_later(ask, given, ann):
    then = (NOW - YEAR).isoformat()
    order, later = [await given.order(ann, 10, placed_at=NOW - age * YEAR) for age in (2, 0)]
    await given.refund(ann, 4, order, refunded_at=NOW - timedelta(days=9))
    changed = {"change": "PAUSED", "changed_at": NOW - timedelta(days=9)}
    subscription = await given.subscription(
        ann, changed, started_at=NOW - 2 * YEAR, period_start=NOW - 2 * YEAR, period_end=NOW + YEAR
    )
    for event in ({"refundOrderId": order.id}, {"refundOrderId": later.id}, {"cancelSubscriptionId": subscription.id}):
        assert "It is not what it was at 2025-06-01" in await refusal(ask, ann, event, asOf=then)
        await ask(BRIEF, id=ann.id, events=[event])


async def test_at_most_twenty_events_and_exactly_one_in_each_entry(ask, ann):
    assert await refusal(ask, ann, *[wait("P100Y")] * 2) == "`events[1].passTime`: This leads behind the year 2200."
    assert await refusal(ask, ann, *[wait("P1D")] * 21) == "`events` takes at most 20 events."
    assert ask.errors[0].path == ["customer", "whatIf"]
    for event in ({}, {"passTime": "P1D", **buy()}, {"passTime": None}):
        await ask(BRIEF, id=ann.id, events=[event], fails=True)
        assert ask.codes == ["GRAPHQL"]


async def test_nothing_is_supposed_of_what_was_known_earlier_nor_below_something_supposed(ask, ann):
    assert "leave knownAt out" in await refusal(ask, ann, buy(), knownAt=NOW.isoformat())
    inner = "whatIf(events: $events) { id }"
    nested = "query ($id: ID!, $events: [HypotheticalEventInput!]!) { customer(by: {id: $id}) { %s } }"
    below = nested % f"whatIf(events: $events) {{ {inner} }}"
    assert "cannot stand below another one" in await refusal(ask, ann, buy(), document=below)
    assert ask.errors[0].path == ["customer", "whatIf", "whatIf"]
    below = nested % f"whatIf(events: $events) {{ orders {{ nodes {{ customer {{ {inner} }} }} }} }}"
    assert "cannot stand below another one" in await refusal(ask, ann, buy(), document=below)
    assert ask.errors[0].path == ["customer", "whatIf", "orders", "nodes", 0, "customer", "whatIf"]


async def test_below_a_dry_run_nothing_is_supposed_and_below_a_change_what_follows_it(ask, ann):
    document = """
    mutation ($one: RecordPurchaseInput!, $two: RecordPurchaseInput!, $events: [HypotheticalEventInput!]!) {
      one: recordPurchase(input: $one) { ...Told } two: recordPurchase(input: $two) { ...Told } }
    fragment Told on RecordPurchasePayload {
      customer { purchaseSummary { orderCount } whatIf(events: $events) { purchaseSummary { orderCount } } } }"""
    one, two = [one_purchase(placedAt=NOW.isoformat()) for _ in range(2)]
    await ask(document, one={**one, "dryRun": True}, two={**two, "dryRun": True}, events=[buy()], fails=True)
    assert all("below a dry run" in error.message for error in ask.errors)
    answer = await ask(document, one=one, two=two, events=[buy()])
    assert [answer[name]["customer"] for name in ("one", "two")] == [
        {"purchaseSummary": {"orderCount": count}, "whatIf": {"purchaseSummary": {"orderCount": count + 1}}}
        for count in (2, 3)
    ]


async def test_an_error_in_a_list_says_of_whom(ask, given, ann):
    bob = await given.customer()
    order = await given.order(ann, 10, placed_at=NOW - YEAR)
    document = """query ($e: [HypotheticalEventInput!]!, $ids: [ID!]!) {
      nodes(ids: $ids) { ... on Customer { one: whatIf(events: $e) { id } } } }"""
    answer = await ask(document, e=[{"refundOrderId": order.id}], ids=[ann.id, bob.id, ann.id], fails=True)
    assert [error.path for error in ask.errors] == [["nodes", 1, "one"]]
    assert answer["nodes"] == [{"one": {"id": ann.id}}, None, {"one": {"id": ann.id}}]


async def test_one_request_supposes_something_of_a_hundred_customers_at_most(ask, given, ann):
    await given.customers(99)
    document = "{ customers(first: 100) { nodes { whatIf(events: []) { id } } } %s }"
    assert len((await ask(document % ""))["customers"]["nodes"]) == 100
    more = "more: customers(first: 1) { nodes { whatIf(events: []) { id } } }"
    await ask(document % more, fails=True)
    assert ask.codes == ["BAD_USER_INPUT"]
    assert "100 customers at most" in ask.errors[0].message


async def test_of_who_was_merged_away_nothing_is_supposed(ask, given, ann):
    gone = await given.customer(merged_into=ann.key)
    assert "ask for `whatIf` of `mergedInto`" in await refusal(ask, gone, buy())
