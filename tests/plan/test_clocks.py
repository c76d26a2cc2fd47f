"""Clocks and scope, judged from outside: a limited read equals an unlimited one of a database that holds no more."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from graphql import GraphQLObjectType, get_named_type

from api.database import database as open_database
from api.graph.nodes import VIEWS
from api.graph.schema import executable
from api.tables.ranking import FIGURES
from api.writes.standing import project
from tests.asking import Ask, WatchedDatabase
from tests.given import NEW_YEAR, connected
from tests.plan.everything import AT_THE_TOP, everything
from tests.plan.law import World
from tests.plan.population import MOMENTS

pytestmark = pytest.mark.anyio

VIEWS_MET = (
    "Customer",
    "Order",
    "OrderLine",
    "Refund",
    "Company",
    "CustomerSubscription",
    "SubscriptionPayment",
    "SupportPlanEnrollment",
    "SupportUsage",
    "Contract",
    "Feedback",
    "FeedbackReply",
    "Referral",
    "Reward",
    "LoyaltyAccount",
    "LoyaltyEntry",
    "LoyaltyProgram",
)
CLOCKS = "asOf: $asOf, knownAt: $knownAt"
# What belongs to a company is hidden only in what its customers have.
LEVELS = dict.fromkeys(VIEWS_MET, 2) | {"Company": 3}
STANDING = " ".join(
    f"{name} {{ {everything(get_named_type(field.type).name, 5, past=('CustomerConnection', 'Customer'))} }}"
    for name, field in cast(GraphQLObjectType, executable.type_map["Customer"]).fields.items()
    if get_named_type(field.type).name in AT_THE_TOP
)
FIELDS = [
    f"customers(first: 100, {CLOCKS}) {{ {everything('CustomerConnection', 6)} }}",
    f"standing: customers(first: 100, {CLOCKS}) {{ nodes {{ id {STANDING} }} }}",
    f"orders(first: 100, {CLOCKS}) {{ {everything('OrderConnection', 4)} }}",
    f"supportPlans(first: 100, {CLOCKS}) {{ {everything('SupportPlanEnrollmentConnection', 4)} }}",
    f"feedback(first: 100, {CLOCKS}) {{ {everything('FeedbackConnection', 4)} }}",
    f"referrals(first: 100, {CLOCKS}) {{ {everything('ReferralConnection', 3)} }}",
    f"contracts(first: 100, {CLOCKS}) {{ {everything('ContractConnection', 4)} }}",
    *(
        f"{name}: nodes(ids: ${name}, {CLOCKS}) {{ ... on {name} {{ {everything(name, levels)} }} }}"
        for name, levels in LEVELS.items()
    ),
]
TABLES = {
    "referral_rewards": "earned_at",
    "referral_signals": "noticed_at",
    "referrals": "changed_at",
    "referral_codes": "created_at",
    "loyalty_lot_uses": "occurred_at",
    "loyalty_lots": "occurred_at",
    "loyalty_entries": "occurred_at",
    "loyalty_accounts": "opened_at",
    "feedback_replies": "replied_at",
    "complaint_resolutions": "resolved_at",
    "feedback": "submitted_at",
    "survey_links": "created_at",
    "marketing_consents": "decided_at",
    "support_usages": "used_at",
    "support_plans": "changed_at",
    "contracts": "changed_at",
    "refunds": "refunded_at",
    "orders": "placed_at",
    "subscription_payments": "paid_at",
    "subscriptions": "changed_at",
    "customers": "created_at",
    "customer_external_ids": None,
}
"""Tables with clocks and the moment of their facts, what depends on others first."""
VERSIONED = {
    "subscriptions": "subscription_id",
    "support_plans": "support_plan_id",
    "contracts": "contract_id",
    "referrals": "referral_id",
}
"""Those of them whose rows are closed by the next, with the keys of what they are versions of."""
LEFT = {
    "loyalty_lots": """remaining = points - coalesce((
        SELECT sum(points) FROM loyalty_lot_uses WHERE lot_id = t.lot_id
    ), 0)""",
    "loyalty_accounts": """(balance, owed) = (
        SELECT coalesce(sum(points), 0), coalesce(sum(owed), 0) FROM loyalty_entries
        WHERE customer_id = t.customer_id AND number IS NOT NULL
    )""",
}
"""What lots and accounts have left, which is kept beside what happened."""

NOBODY_RANKED = f"UPDATE customer_prospects SET {', '.join(f'{name} = NULL' for name in FIGURES)}"


@asynccontextmanager
async def pruned(world: World, address: str, conditions: dict[str, str], *values: Any) -> AsyncIterator[Ask]:
    """Ask a copy of the population from which rows have been taken; lines go with their orders."""
    connection = await connected(address)
    await connection.execute("SET session_replication_role = replica")
    for table in conditions.keys() - {"companies"}:
        await connection.execute(f"DELETE FROM {table} WHERE {conditions[table]}", *values)
    for table, key in VERSIONED.items():
        # A version whose next one was taken is the newest again.
        following = f"SELECT FROM {table} AS n WHERE n.{key} = t.{key} AND n.version = t.version + 1"
        opened_again = "superseded_at = NULL, replaced_at = NULL"
        await connection.execute(f"UPDATE {table} AS t SET {opened_again} WHERE NOT EXISTS ({following})")
    await connection.execute("DELETE FROM order_lines WHERE order_id NOT IN (SELECT order_id FROM orders)")
    for table, kept in LEFT.items():
        await connection.execute(f"UPDATE {table} AS t SET {kept}")
    if "companies" in conditions:
        await connection.execute(f"DELETE FROM companies WHERE {conditions['companies']}")
    # What is worked out from the facts is so again from those that are left.
    await connection.execute("TRUNCATE customer_standing, customer_activity, active_spans")
    async with connection.transaction():
        await project(connection)
    if "lifetime_value_models" in conditions:
        # Nobody had been ranked then as everybody is now.
        await connection.execute(NOBODY_RANKED)
    async with open_database(address, pool_size=2, read_timeout=60) as opened:
        await connection.close()
        yield world.ask.of(WatchedDatabase.of(opened))


async def told(ask: Ask, world: World, **clocks: Any) -> dict[str, Any]:
    """Return everything, one field after the other: a connection waits ten seconds for the next statement."""
    known, found = ids(world), dict[str, Any]()
    for field in FIELDS:
        given = {name: known[name] for name in known if f"${name}," in field}
        variables = ", ".join(["$asOf: DateTime, $knownAt: DateTime", *(f"${name}: [ID!]!" for name in given)])
        found |= await ask(f"query ({variables}) {{ {field} }}", **clocks, **given)
    return found


@pytest.fixture(scope="module")
async def whole(world: World) -> dict[str, Any]:
    """What is told without limits."""
    return await told(world.ask, world)


def ids(world: Any) -> dict[str, Any]:
    """Return identifiers of every view, at most 50 of each, as variables."""
    made = world.population.everything
    return {name: [row.id for row in made if row.prefix == prefix][:50] for name, prefix in prefixes().items()}


def prefixes() -> dict[str, str]:
    origins = {name: executable.type_map[name].extensions["strawberry-definition"].origin for name in VIEWS_MET}
    return {name: VIEWS[origin].prefix for name, origin in origins.items()}


def own(answer: Any) -> Any:
    """Return what rests on no other customer's rows: those scores measure each by all who have bought."""
    if isinstance(answer, dict):
        return {name: own(part) for name, part in answer.items() if name != "rfm"}
    return [own(part) for part in answer] if isinstance(answer, list) else answer


def assert_less(limited: Any, whole: Any) -> None:
    """A limit that hides nothing proves nothing."""
    assert limited.keys() == whole.keys()
    assert {name for name in whole if limited[name] == whole[name]} == set()


@pytest.mark.parametrize("moment", [MOMENTS[0], MOMENTS[3], MOMENTS[5] - timedelta(microseconds=1)], ids=str)
async def test_a_read_as_of_a_moment_knows_nothing_that_happened_later(world, crooked, whole, moment):
    conditions = {table: f"{happened} > $1" for table, happened in TABLES.items() if happened}
    conditions["active_policies"] = "least(effective_from, recorded_at) > $1"
    conditions["loyalty_programs"] = "effective_from > $1"
    conditions["lifetime_value_models"] = "trained_until > $1"
    conditions["referral_programs"] = "effective_from > $1"
    limited = await told(world.ask, world, asOf=moment.isoformat())
    with crooked.copied() as address:
        async with pruned(world, address, conditions, moment) as ask:
            ask.now = moment
            assert await told(ask, world) == limited
    assert_less(limited, whole)


@pytest.mark.parametrize("moment", [MOMENTS[0], MOMENTS[3], MOMENTS[5]], ids=str)
async def test_a_read_with_what_was_known_holds_nothing_recorded_later(world, crooked, whole, moment):
    limited = await told(world.ask, world, knownAt=moment.isoformat())
    with crooked.copied() as address:
        others = ("active_policies", "loyalty_programs", "lifetime_value_models", "referral_programs")
        conditions = dict.fromkeys([*TABLES, *others], "recorded_at > $1")
        async with pruned(world, address, conditions, moment) as ask:
            assert await told(ask, world) == limited
    assert_less(limited, whole)


async def test_a_customer_sees_own_rows_alone(world, crooked, whole):
    # One who recommended, and came by a recommendation, and was rewarded for both.
    owner = world.population.customers[4]
    limited = own(await told(world.ask.as_customer(owner.key), world))
    with crooked.copied() as address:
        conditions = dict.fromkeys(TABLES, "customer_id <> $1")
        conditions["referrals"] += " AND referred_id IS DISTINCT FROM $1"
        conditions["referral_rewards"] = "recipient_id <> $1"
        conditions["referral_signals"] = "$1::uuid IS NOT NULL"
        conditions["companies"] = "company_id NOT IN (SELECT company_id FROM customers WHERE company_id IS NOT NULL)"
        async with pruned(world, address, conditions, owner.key) as ask:
            assert own(await told(ask, world)) == limited
    seen = json.dumps(limited)
    assert owner.id in seen
    assert not [other.id for other in world.population.customers if other != owner and other.id in seen]
    assert_less(limited, own(whole))


async def test_no_way_leads_a_customer_to_another(ask, given):
    company = await given.company("Acme")
    own = await given.customer(company=company, email="own@example.com")
    other = await given.customer(company=company, email="other@example.com", external_ids=[("shop", "1")])
    order = await given.order(other, 10, number="N1")
    refund = await given.refund(other, 1, order)
    await given.connection.execute("UPDATE customers SET merged_into = $1 WHERE customer_id = $2", other.key, own.key)
    ask = ask.as_customer(own.key)
    for by in (f'id: "{other.id}"', 'email: "other@example.com"', 'externalId: {source: "shop", value: "1"}'):
        assert await ask(f"{{ customer(by: {{{by}}}) {{ id }} }}") == {"customer": None}
    for by in (f'id: "{order.id}"', 'number: "N1"'):
        assert await ask(f"{{ order(by: {{{by}}}) {{ id }} }}") == {"order": None}
    nodes = await ask("query ($i: [ID!]!) { nodes(ids: $i) { id } }", i=[other.id, order.id, refund.id, own.id])
    assert nodes == {"nodes": [None, None, None, {"id": own.id}]}
    answer = await ask("""{
      orders { nodes { id } totalCount { count } }
      customers { nodes { id mergedInto { id } company { customers { nodes { id } totalCount { count } } } } }
      search: customers(query: "other") { nodes { id } totalCount { count } pageInfo { hasNextPage } }
    }""")
    assert answer["orders"] == {"nodes": [], "totalCount": {"count": 0}}
    behind = {"customers": {"nodes": [{"id": own.id}], "totalCount": {"count": 1}}}
    assert answer["customers"]["nodes"] == [{"id": own.id, "mergedInto": None, "company": behind}]
    found = {"nodes": [], "totalCount": {"count": 0}, "pageInfo": {"hasNextPage": False}}
    assert answer["search"] == found


async def test_a_purchase_shows_that_its_customer_was_there(ask, given):
    early = await given.customer(created_at=MOMENTS[3], recorded_at=NEW_YEAR)
    await given.order(early, 1, placed_at=MOMENTS[1])
    await given.customer(created_at=MOMENTS[3], recorded_at=NEW_YEAR)
    text = (
        "query ($a: DateTime) { customers(asOf: $a) { nodes { id } } orders(asOf: $a) { nodes { customer { id } } } }"
    )
    for moment, seen in ((MOMENTS[0], []), (MOMENTS[1], [{"id": early.id}])):
        answer = await ask(text, a=moment.isoformat())
        assert answer["customers"]["nodes"] == seen
        assert [order["customer"] for order in answer["orders"]["nodes"]] == seen
    assert len((await ask(text, a=MOMENTS[3].isoformat()))["customers"]["nodes"]) == 2


async def test_an_identifier_that_was_lost_is_still_there_in_the_past(ask, given):
    customer = await given.customer(external_ids=[("shop", "1"), ("shop", "2")], recorded_at=MOMENTS[0])
    await given.connection.execute("UPDATE customer_external_ids SET superseded_at = $1 WHERE value = '1'", MOMENTS[2])
    text = "query ($k: DateTime) { customers(knownAt: $k) { nodes { externalIds { value } } } }"
    for moment, values in ((MOMENTS[2] - timedelta(microseconds=1), "12"), (MOMENTS[2], "2"), (None, "2")):
        answer = await ask(text, k=moment and moment.isoformat())
        assert answer["customers"]["nodes"] == [{"externalIds": [{"value": value} for value in values]}]
    assert customer.key is not None


async def test_one_principal_does_not_get_the_plans_of_another(ask, given):
    one, two = await given.customers(2)
    text = "{ customers { nodes { id } } }"
    everybody = {"customers": {"nodes": [{"id": one.id}, {"id": two.id}]}}
    assert await ask(text) == everybody
    for customer in (one, two):
        assert await ask.as_customer(customer.key)(text) == {"customers": {"nodes": [{"id": customer.id}]}}
    assert await ask(text) == everybody


async def test_the_clocks_are_inclusive(ask, given):
    (customer,) = await given.customers(1)
    order = await given.order(customer, 1, placed_at=MOMENTS[1], recorded_at=MOMENTS[2])
    text = "query ($a: DateTime, $k: DateTime) { orders(asOf: $a, knownAt: $k) { nodes { id } } }"
    instant = timedelta(microseconds=1)
    for as_of, known_at, seen in [
        (MOMENTS[1], MOMENTS[2], True),
        (MOMENTS[1] - instant, MOMENTS[2], False),
        (MOMENTS[1], MOMENTS[2] - instant, False),
        (None, MOMENTS[2], True),
        (MOMENTS[1], None, True),
        (NEW_YEAR, None, False),
    ]:
        given_moments = {"a": as_of and as_of.isoformat(), "k": known_at and known_at.isoformat()}
        answer = await ask(text, **given_moments)
        assert answer == {"orders": {"nodes": [{"id": order.id}] if seen else []}}
