"""A customer as if things had happened: the answer is the one that is given when they really have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.domain.calendar import parse_duration
from tests.fitted import add_model
from tests.given import Given, Line, Made
from tests.graph.supposing import AS_IT_IS, BRIEF, NOW, WHAT_IF, buy, really, told, wait
from tests.writes.changes import line

pytestmark = pytest.mark.anyio

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = timedelta(days=30)


@dataclass
class Ann:
    """A customer with one of everything that something can be supposed of."""

    customer: Made
    orders: list[Made]
    subscription: Made
    contract: Made

    @property
    def id(self) -> str:
        return self.customer.id

    def named(self, event: Any) -> Any:
        """Return an event with identifiers in place of words."""
        words = {"first": self.orders[0], "last": self.orders[-1], "tea": self.subscription, "care": self.contract}
        return {
            kind: words[what].id if isinstance(what, str) and what in words else what for kind, what in event.items()
        }


@pytest.fixture
async def ann(ask, given: Given) -> Ann:
    ask.now = NOW
    await given.product("TEA", "Green tea", recorded_at=NOW - 20 * MONTH)
    await given.product("DRILL", "Drill", durable=True)
    await given.rate("USD", "0.9")
    customer, other = [await given.customer(email=f"{name}@example.com") for name in ("ann", "bob")]
    placed = [NOW - 16 * MONTH, NOW - 14 * MONTH, NOW - 13 * MONTH]
    orders = [await given.order(customer, Line(30), Line("7.505", 3), placed_at=at, discount=1) for at in placed]
    await given.refund(customer, 5, orders[-1], refunded_at=NOW - MONTH)
    await given.order(other, 500, placed_at=NOW - MONTH)
    begun = {"started_at": NOW - MONTH, "period_start": NOW - MONTH, "period_end": NOW + timedelta(days=1)}
    subscription = await given.subscription(customer, **begun)
    year = {"starts_at": NOW - 10 * MONTH, "term_ends_at": NOW + 2 * MONTH}
    contract = await given.contract(customer, **year)
    await add_model(given, trained_until=NOW - timedelta(days=1))
    return Ann(customer, orders, subscription, contract)


HAPPENING = {
    "nothing": [],
    "a purchase": [buy()],
    "a purchase of several things, entered late": [
        buy(
            line("8.505", 3, name=None),
            line("120", sku="DRILL", name="Hammer drill"),
            placedAt="2026-05-01T08:00:00Z",
            discount={"amount": "2.50", "currencyCode": "EUR"},
        )
    ],
    "a purchase in another currency": [buy(line("10", 2, "USD", name=None))],
    "five purchases": [buy()] * 5,
    "a refund": [{"refundOrderId": "first"}],
    "a refund of what is left": [{"refundOrderId": "last"}],
    "a cancellation": [{"cancelSubscriptionId": "tea"}],
    "a payment": [{"renewSubscriptionId": "tea"}],
    "a further term": [{"renewContractId": "care"}],
    "a payment, then a cancellation": [{"renewSubscriptionId": "tea"}, {"cancelSubscriptionId": "tea"}],
    "a purchase, then time": [buy(), wait("P2M")],
    "time, then a purchase": [wait("P2M"), buy()],
    "a cancellation, then time": [{"cancelSubscriptionId": "tea"}, wait("P2D")],
    "all of it": [
        wait("P2D"),
        {"renewSubscriptionId": "tea"},
        buy(),
        wait("P1M"),
        {"refundOrderId": "first"},
        {"renewContractId": "care"},
        wait("P1W"),
        {"cancelSubscriptionId": "tea"},
        buy(placedAt="2026-07-05T08:00:00Z"),
        wait("PT12H"),
    ],
}


@pytest.mark.parametrize("events", HAPPENING.values(), ids=HAPPENING.keys())
async def test_it_is_what_is_read_after_it_has_really_happened(ask, ann, events):
    events = [ann.named(event) for event in events]
    before = await ask(AS_IT_IS, id=ann.id)
    supposed = (await ask(WHAT_IF, id=ann.id, events=events))["customer"]["whatIf"]
    assert await ask(AS_IT_IS, id=ann.id) == before
    for event in events:
        if "passTime" in event:
            ask.now = parse_duration(event["passTime"]).after(ask.now, BERLIN)
        else:
            await really(ask, event, ann.id)
    reached = None if ask.now == NOW else ask.now.isoformat()
    real = (await ask(AS_IT_IS, id=ann.id, asOf=reached))["customer"]
    assert told(supposed) == told(real)
    assert (told(supposed) == told(before["customer"])) is (events == [])


async def test_when_only_time_passes_it_is_the_answer_at_a_later_moment(ask, ann):
    supposed = (await ask(WHAT_IF, id=ann.id, events=[wait("P1M"), wait("P5M")]))["customer"]["whatIf"]
    later = (await ask(AS_IT_IS, id=ann.id, asOf="2026-12-01T13:00:00Z"))["customer"]
    assert supposed == later
    assert (supposed["asOf"], supposed["activeStatus"]["isActive"]) == ("2026-12-01T13:00:00.000000Z", False)


async def test_order_decides(ask, ann):
    async def active(*events):
        answer = await ask(BRIEF, id=ann.id, events=[*events])
        return answer["customer"]["whatIf"]["activeStatus"]["isActive"]

    assert await active(buy(), wait("P13M")) is False
    assert await active(wait("P13M"), buy()) is True


async def test_looking_back_it_is_supposed_from_that_moment_on(ask, ann):
    then = NOW - 15 * MONTH
    supposed = (await ask(BRIEF, id=ann.id, events=[buy()], asOf=then.isoformat()))["customer"]["whatIf"]
    assert supposed["purchaseSummary"]["orderCount"] == 2
    assert supposed["orders"]["nodes"][0]["placedAt"] == then.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    refund = [{"refundOrderId": ann.orders[0].id}, wait("P1W")]
    supposed = (await ask(BRIEF, id=ann.id, events=refund, asOf=then.isoformat()))["customer"]["whatIf"]
    assert [order["status"] for order in supposed["orders"]["nodes"]] == ["REFUNDED"]
    assert supposed["purchaseSummary"] == {"orderCount": 1, "net": {"amount": "0.00"}}


async def test_several_things_are_supposed_side_by_side_and_none_sees_another(ask, ann):
    some = "purchaseSummary { orderCount }"
    document = f"""query ($id: ID!, $one: [HypotheticalEventInput!]!, $two: [HypotheticalEventInput!]!) {{
      customer(by: {{id: $id}}) {{
        {some} none: whatIf(events: []) {{ {some} }} one: whatIf(events: $one) {{ {some} }}
        two: whatIf(events: $two) {{ {some} orders(first: 1) {{ nodes {{ customer {{ {some} }} }} }} }} }}
      again: customer(by: {{id: $id}}) {{ {some} whatIf(events: $one) {{ {some} }} }} }}"""
    answer = await ask(document, id=ann.id, one=[buy()], two=[buy(), buy()])
    found = {
        name: part["purchaseSummary"]["orderCount"]
        for name, part in answer["customer"].items()
        if "orders" in part or name in ("none", "one")
    }
    assert found == {"none": 3, "one": 4, "two": 5}
    assert answer["customer"]["purchaseSummary"]["orderCount"] == answer["again"]["purchaseSummary"]["orderCount"] == 3
    assert answer["customer"]["two"]["orders"]["nodes"][0]["customer"]["purchaseSummary"]["orderCount"] == 5
    assert answer["again"]["whatIf"]["purchaseSummary"]["orderCount"] == 4


async def test_each_customer_of_a_list_has_their_own(ask, given, ann):
    document = """query ($events: [HypotheticalEventInput!]!) { customers(first: 100) { nodes {
      id purchaseSummary { orderCount } whatIf(events: $events) { id purchaseSummary { orderCount } } } } }"""
    await given.customers(5, orders=(10,))
    nodes = (await ask(document, events=[buy()]))["customers"]["nodes"]
    assert len(nodes) == 7
    assert all(node["whatIf"]["id"] == node["id"] for node in nodes)
    assert [
        node["whatIf"]["purchaseSummary"]["orderCount"] - node["purchaseSummary"]["orderCount"] for node in nodes
    ] == [1] * 7


async def test_a_customer_supposes_of_themselves_what_they_see(ask, ann):
    own = ask.as_customer(ann.customer.key)
    own.now = NOW
    events = [buy(), {"refundOrderId": ann.orders[0].id}]
    seen = (await own(WHAT_IF, id=ann.id, events=events))["customer"]["whatIf"]
    everybodys = (await ask(WHAT_IF, id=ann.id, events=events))["customer"]["whatIf"]
    assert told(seen["orders"]) == told(everybodys["orders"])
    assert seen["lifetimeValue"] == everybodys["lifetimeValue"]
