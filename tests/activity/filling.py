"""Histories as rows, copied into the tables at once; triggers and foreign keys look at everyday work only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from asyncpg import Range

from tests.activity.facts import Person, Policy, Purchase, Term, Version
from tests.activity.oracle import World
from tests.activity.policies import FIRST

DAY = timedelta(days=1)
TABLES = {"sub": "subscriptions", "sup": "support_plans", "con": "contracts"}
KEYS = {"sub": "subscription_id", "sup": "support_plan_id", "con": "contract_id"}


async def fill(connection: Any, world: World, people: Sequence[Person], categories: Sequence[str | None]) -> None:
    """Write a world and its customers."""
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(
        "INSERT INTO business (name, currency, time_zone) VALUES ('Tea & Tools', 'EUR', $1)", world.zone
    )
    for policy in world.policies[1:]:
        await _add_policy(connection, policy)
    for number, category in enumerate(categories):
        await connection.execute(
            "INSERT INTO products (product_id, sku, name, category, recorded_at) VALUES ($1, $2, $2, $3, $4)",
            *(product(number), f"P{number}", category, FIRST.recorded_at),
        )
    copied: dict[str, list[dict[str, Any]]] = {}
    for person in people:
        for table, row in _rows(person, categories):
            copied.setdefault(table, []).append(row)
    for table, rows in copied.items():
        await connection.copy_records_to_table(
            table, columns=list(rows[0]), records=[tuple(row.values()) for row in rows]
        )
    await connection.execute("SET session_replication_role = origin")
    await connection.execute("ANALYZE")


def product(number: int) -> UUID:
    """Return the key of the product of a category."""
    return UUID(int=0x01940000_0000_7000_9000_000000000000 + number)


async def _add_policy(connection: Any, policy: Policy) -> None:
    key = UUID(int=0x01940000_0000_7000_A000_000000000000 + policy.version)
    await connection.execute(
        "INSERT INTO active_policies (policy_id, version, effective_from, time_zone, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        *(key, policy.version, policy.effective_from, policy.zone, policy.recorded_at),
    )
    for position, rule in enumerate(policy.rules, 1):
        await connection.execute(
            'INSERT INTO active_rules (policy_id, position, code, enabled, customer_kind, category, "window",'
            " minimum_count) VALUES ($1, $2, $3, $4, $5, $6, $7::text::interval, $8)",
            *(key, position, rule.code, rule.enabled, rule.kind, rule.category),
            *(str(rule.window) if rule.window else None, rule.count),
        )


def _rows(person: Person, categories: Sequence[str | None]) -> Iterator[tuple[str, dict[str, Any]]]:
    whose = {"customer_id": person.key}
    yield (
        "customers",
        whose
        | {"kind": person.kind, "created_at": person.created, "updated_at": person.created}
        | {"recorded_at": person.recorded},
    )
    for purchase in person.purchases:
        yield from _purchase(whose, purchase, categories)
    for number, refund in enumerate(person.unlinked):
        yield "refunds", _refund(whose, person.key, number, None, refund)
    for term in person.terms:
        for number, version in enumerate(term.versions):
            following = term.versions[number + 1] if number + 1 < len(term.versions) else None
            yield TABLES[term.prefix], whose | _version(term, number + 1, version, following)


def _purchase(
    whose: dict[str, Any], purchase: Purchase, categories: Sequence[str | None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    discount = purchase.key.int % 2
    amounts = {"gross": purchase.total + discount, "discount": Decimal(discount)}
    amounts |= {f"business_{name}": value * 2 for name, value in amounts.items()}
    key = {"order_id": purchase.key}
    times = {"placed_at": purchase.happened, "recorded_at": purchase.recorded}
    yield "orders", whose | key | times | amounts | {"number": purchase.key.hex[-8:], "currency": "EUR"}
    for position, category in enumerate(purchase.categories, 1):
        price = amounts["gross"] if position == 1 else 0
        line = {"position": position, "line_id": _derived(purchase.key, position), "unit_price": price}
        number = categories.index(category)
        named = {"product_id": product(number), "sku": f"P{number}", "name": f"P{number}", "quantity": 1}
        yield "order_lines", whose | key | line | named | {"currency": "EUR"}
    for number, refund in enumerate(purchase.refunds):
        yield "refunds", _refund(whose, purchase.key, number, purchase.key, refund)


def _refund(whose: dict[str, Any], of: UUID, number: int, order: UUID | None, refund: Any) -> dict[str, Any]:
    key = {"refund_id": _derived(of, number), "order_id": order, "currency": "EUR"}
    amounts = {"amount": refund.amount, "business_amount": refund.amount * 2}
    return whose | key | amounts | {"refunded_at": refund.happened, "recorded_at": refund.recorded}


def _derived(key: UUID, number: int) -> UUID:
    return UUID(int=key.int ^ (number + 1) << 48)


def _version(term: Term, number: int, version: Version, following: Version | None) -> dict[str, Any]:
    made = {"sub": _subscription, "sup": _support_plan, "con": _contract}[term.prefix](term, version, number)
    closed = {
        "replaced_at": following and following.happened,
        "superseded_at": following and following.recorded,
    }
    opened = {"changed_at": version.happened, "recorded_at": version.recorded}
    return {KEYS[term.prefix]: term.key, "version": number} | made | opened | closed


def _subscription(term: Term, version: Version, number: int) -> dict[str, Any]:
    return {
        "kind": "PRODUCT" if term.code == "PRODUCT_SUBSCRIPTION" else "SERVICE",
        "plan_name": "Tea of the month",
        "price": 10,
        "currency": "EUR",
        "billing_interval": 30 * DAY,
        "grace": DAY,
        "started_at": version.begins,
        "trial_ends_at": version.trial,
        "anchored_at": version.begins,
        "period_start": version.begins,
        "period_end": version.begins + 30 * DAY,
        "pauses": [Range(start, end) for start, end in version.pauses],
        "ends_at": version.ends,
        "change": "STARTED" if number == 1 else "CHANGED",
    }


def _support_plan(term: Term, version: Version, number: int) -> dict[str, Any]:
    ends, cancelled = _ends(version)
    return {
        "plan_name": "Gold",
        "paid": term.code is not None,
        "price": 10 if term.code else None,
        "currency": "EUR" if term.code else None,
        "starts_at": version.begins,
        "term_ends_at": ends,
        "cancel_at": cancelled,
        "cancellation_reason": cancelled and "OTHER",
        "ends_at": version.ends,
        "change": "ENROLLED" if number == 1 else "CANCELLED",
    }


def _contract(term: Term, version: Version, number: int) -> dict[str, Any]:
    ends, terminated = _ends(version)
    return {
        "number": f"C{term.key.hex[-6:]}",
        "name": "Tea for the office",
        "value": 100,
        "currency": "EUR",
        "signed_at": version.begins,
        "starts_at": version.begins,
        "term_starts_at": version.begins,
        "term_ends_at": ends or version.begins + 365 * DAY,
        "auto_renew": version.ends is None,
        "renewal_interval": 365 * DAY,
        "notice": DAY,
        "terminate_at": terminated,
        "termination_reason": terminated and "OTHER",
        "ends_at": version.ends,
        "change": "SIGNED" if number == 1 else "RENEWED",
    }


def _ends(version: Version) -> tuple[datetime | None, datetime | None]:
    """Return when the time is up, and when it ends before that; what has no length at all ends early."""
    if version.ends is None or version.ends > version.begins:
        return version.ends, None
    return version.begins + DAY, version.ends
