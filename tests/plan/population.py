"""A small, crooked population: ties, missing values, foreign currencies, late records, companies within companies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from api.writes.ranking import rank
from api.writes.standing import project
from tests.fitted import add_model
from tests.given import Given, Line, Made, Rule
from tests.plan.population_consents import populate_consents
from tests.plan.population_feedback import populate_feedback
from tests.plan.population_loyalty import populate_loyalty
from tests.plan.population_referrals import populate_referrals
from tests.plan.population_terms import subscription
from tests.plan.terms import populate_terms

MOMENTS = [datetime(2025, month, 3, 9, 30, 0, 250_000, tzinfo=UTC) for month in range(1, 9)]
"""Everything happens at one of these, so that ties are common."""

NOW = datetime(2025, 12, 24, 18, 0, tzinfo=UTC)
RATES = {"EUR": "1", "JPY": "0.0061", "KWD": "2.985"}
PRICES = {"EUR": ("0.005", "9.99", "10", "120.004"), "JPY": ("1", "880", "1200.5"), "KWD": ("0.0015", "3.125", "7")}
FIRST_NAMES = (None, "Ann", "Ann", "Bo", "Zoë", "Émile", "O'Neil")
LAST_NAMES = (None, "Lee", "Leeds", "100%", "von_Berg")


@dataclass(frozen=True, slots=True)
class Population:
    """What was made."""

    customers: list[Made]
    companies: list[Made]
    orders: list[Made]
    refunds: list[Made]
    products: list[Made]
    lines: list[Made]
    policies: list[Made]
    subscriptions: list[Made]
    payments: list[Made]
    terms: list[Made]
    told: list[Made]
    points: list[Made]

    @property
    def everything(self) -> list[Made]:
        """All rows made that have an identifier."""
        made = (self.customers, self.companies, self.orders, self.refunds, self.products, self.lines, self.policies)
        terms = (self.subscriptions, self.payments, self.terms, self.told, self.points)
        return [row for rows in (*made, *terms) for row in rows]


async def populate(given: Given, seed: int) -> Population:
    """Make a population from a seed; the same seed makes the same one."""
    async with given.standing_at_the_end():
        made = await _made(given, Random(seed))
    async with given.connection.transaction():
        await project(given.connection)
    await rank(given.connection, NOW)
    return made


async def _made(given: Given, random: Random) -> Population:
    await given.business()
    companies = [await given.company("Acme")]
    companies += [await given.company(name, random.choice([None, *companies])) for name in ("Bolt", "Cog", "Dyn")]
    products = [await _product(given, random, sku) for sku in ("TEA", "CUP", "POT", "tea-2")]
    customers = [await _customer(given, random, number, companies) for number in range(12)]
    await _merge(given, customers)
    orders: list[Made] = []
    refunds: list[Made] = []
    for customer in customers[:10]:
        for _ in range(random.choice((1, 2, 5, 7))):
            made, refunded = await _order(given, random, customer, len(orders))
            orders.append(made)
            refunds += refunded
        if random.random() < 0.3:
            refunds.append(await given.refund(customer, random.choice((1, 2)), **_when(random, "refunded_at", 3)))
    lines = await given.connection.fetch("SELECT line_id FROM order_lines ORDER BY line_id")
    of_lines = [Made("lin", record["line_id"]) for record in lines]
    policies = await _policies(given, random)
    for moment in (MOMENTS[2], MOMENTS[5]):
        await add_model(given, trained_until=moment)
    subscriptions = [
        (customer, await subscription(given, random, customer, number))
        for number, customer in enumerate(random.choices(customers[:11], k=16))
    ]
    payments = [
        await _payment(given, random, customer, each)
        for customer, each in subscriptions
        for _ in range(random.randint(0, 3))
    ]
    running = [subscription for _, subscription in subscriptions]
    terms = [each for customer in customers[:8] for each in await populate_terms(given, random, customer, MOMENTS[2:5])]
    told = await populate_feedback(given, random, customers[:11])
    terms += await populate_referrals(given, random, customers, MOMENTS)
    points = await populate_loyalty(given, random, customers[1:9])
    await populate_consents(given, random, customers)
    return Population(
        customers, companies, orders, refunds, products, of_lines, policies, running, payments, terms, told, points
    )


async def _product(given: Given, random: Random, sku: str) -> Made:
    category = random.choice((None, "drinks", "tools"))
    return await given.product(sku, f"Product {sku}", category=category, durable=random.random() < 0.5)


async def _customer(given: Given, random: Random, number: int, companies: list[Made]) -> Made:
    created = random.choice(MOMENTS[:2])
    external = [("shop", f"S{number}"), ("crm", f"C{number}"), ("shop", f"S{number}b")]
    return await given.customer(
        kind=random.choice(("CONSUMER", "BUSINESS")),
        first_name=random.choice(FIRST_NAMES),
        last_name=random.choice(LAST_NAMES),
        email=f"Ann{number}@Example.com" if random.random() < 0.7 else None,
        phone=f"+49301234{number:02}" if random.random() < 0.5 else None,
        country=random.choice((None, "DE", "CH")),
        locale=random.choice((None, "de-CH")),
        tags=random.sample(("vip", "press", "staff"), random.randint(0, 2)),
        company=random.choice([None, *companies]),
        external_ids=random.sample(external, random.randint(0, 3)),
        created_at=created,
        updated_at=created,
        recorded_at=random.choice((created, MOMENTS[1])),
    )


async def _merge(given: Given, customers: list[Made]) -> None:
    for merged, survivor in ((customers[2], customers[0]), (customers[11], customers[2])):
        await given.connection.execute(
            "UPDATE customers SET merged_into = $1 WHERE customer_id = $2", survivor.key, merged.key
        )


async def _order(given: Given, random: Random, customer: Made, number: int) -> tuple[Made, list[Made]]:
    currency = random.choice(("EUR", "EUR", "EUR", "JPY", "KWD"))
    rate = RATES[currency]
    skus = random.choices(list(given.products), k=random.randint(1, 3))
    lines = [Line(random.choice(PRICES[currency]), random.randint(1, 3), sku) for sku in skus]
    from_shop = random.random() < 0.5
    order = await given.order(
        customer,
        *lines,
        discount=random.choice(("0", "0", "0.001")),
        currency=currency,
        rate=rate,
        number=f"N{number % 20}",
        source="shop" if from_shop else None,
        external_id=f"O{number}" if from_shop else None,
        **_when(random, "placed_at", 2),
    )
    refunds = []
    if random.random() < 0.3:
        total = sum((line.quantity * _exact(line.price) for line in lines), _exact("0")) - _exact("0.001")
        amount = random.choice((total, total / 2))
        when = _when(random, "refunded_at", 4)
        refunds.append(await given.refund(customer, amount, order, currency=currency, rate=rate, **when))
    return order, refunds


async def _payment(given: Given, random: Random, customer: Made, subscription: Made) -> Made:
    """Make a payment, which neither happens before its subscription is agreed nor is recorded before that is."""
    agreed = await given.connection.fetchrow(
        "SELECT changed_at AS paid_at, recorded_at FROM subscriptions WHERE subscription_id = $1 AND version = 1",
        subscription.key,
    )
    when = {name: max(moment, agreed[name]) for name, moment in _when(random, "paid_at", 3).items()}
    return await given.payment(customer, subscription, random.choice(("9.99", "10")), **when)


async def _policies(given: Given, random: Random) -> list[Made]:
    """Make policies: with another zone, known late, without rules, in force now, one that begins after now."""
    rules = [
        Rule(window="P2Y3M"),
        Rule("LOYAL", "P14D", 3, customer_kind="BUSINESS", enabled=False),
        Rule(window="P1Y1D", category="tools"),
        Rule("CONTRACT", None, None),
    ]
    late = MOMENTS[4] + timedelta(days=40)
    return [
        await given.policy(MOMENTS[1], *random.sample(rules, 3), zone="America/New_York", recorded_at=MOMENTS[1]),
        await given.policy(MOMENTS[4], *random.sample(rules, 4), recorded_at=late),
        await given.policy(MOMENTS[6], recorded_at=MOMENTS[6]),
        await given.policy(
            MOMENTS[7],
            Rule(window="P10M"),
            Rule(window="P1M", category="drinks", enabled=False),
            Rule("LOYAL", "P1Y", 3),
            Rule("LOYAL", "P1Y", 2, customer_kind="BUSINESS"),
            *(Rule(code, None, None) for code in ("PAID_SUPPORT_PLAN", "PRODUCT_SUBSCRIPTION", "CONTRACT")),
            recorded_at=MOMENTS[7],
        ),
        await given.policy(NOW + timedelta(days=30), *rules[:1], zone="UTC", recorded_at=MOMENTS[7]),
    ]


def _exact(number: object) -> Decimal:
    return Decimal(str(number))


def _when(random: Random, name: str, earliest: int) -> dict[str, Any]:
    """Return when something happened, and that it was recorded then or much later."""
    happened = random.choice(MOMENTS[earliest:])
    return {name: happened, "recorded_at": happened + random.choice((timedelta(0), timedelta(days=40)))}
