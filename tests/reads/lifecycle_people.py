"""Random customers with all that stages rest on, on few moments so that ties are common, and their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from asyncpg import Range

from api.domain.identity import public_id
from tests.reads.lifecycle_oracle import Person, Purchase, Told

START = datetime(2025, 1, 1, 22, 30, tzinfo=UTC)
MOMENTS = [START + timedelta(days=4 * number) for number in range(60)]
LENGTH = timedelta(days=30)
ORDER = (
    "customers",
    "products",
    "orders",
    "order_lines",
    "refunds",
    "subscriptions",
    "support_plans",
    "contracts",
    "feedback",
)
"""The tables, those that others refer to first."""


class People:
    """Makes customers and writes them down."""

    def __init__(self, random: Random) -> None:
        self.random, self.keys = random, 0
        self.voices = Random(11)
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def key(self) -> UUID:
        self.keys += 1
        return UUID(f"01940000-0000-7000-8000-{self.keys:012x}")

    def moment(self, latest: int = 60) -> datetime:
        return self.random.choice(MOMENTS[:latest])

    def late(self, happened: datetime) -> datetime:
        return happened + timedelta(days=self.random.choice((0, 0, 0, 30)))

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    async def write(self, connection: Any) -> None:
        """Copy all rows into their tables."""
        async with connection.transaction():
            for table in ORDER:
                rows = self.rows[table]
                columns = list(rows[0])
                records = [tuple(row[name] for name in columns) for row in rows]
                await connection.copy_records_to_table(table, columns=columns, records=records)

    def person(self) -> Person:
        """Make a customer with a few facts of each kind, mostly of none."""
        key, created = self.key(), self.moment(30)
        self.add("customers", customer_id=key, created_at=created, updated_at=created, recorded_at=START)
        person = Person(public_id("cus", key), created)
        for make, counts in (
            (self.purchase, (0, 0, 0, 1, 1, 2, 3)),
            (self.credit, (0, 0, 0, 1)),
            (self.subscription, (0, 0, 0, 1, 2)),
            (self.plan, (0, 0, 0, 1, 2)),
            (self.contract, (0, 0, 0, 1)),
        ):
            for _ in range(self.random.choice(counts)):
                make(key, person)
        for _ in range(self.voices.choice((0, 0, 0, 0, 1, 3))):
            self.tell(key, person)
        return person

    def purchase(self, customer: UUID, person: Person) -> None:
        order, at, total = self.key(), self.moment(), Decimal(self.random.choice((0, 10, 10, 30)))
        recorded = self.late(at)
        worth = {"gross": total, "discount": Decimal(0), "business_gross": total, "business_discount": Decimal(0)}
        keys = {"customer_id": customer, "order_id": order}
        self.add("orders", **keys, number="N", currency="EUR", placed_at=at, recorded_at=recorded, **worth)
        named = {"product_id": self.rows["products"][0]["product_id"], "sku": "TEA", "name": "Tea", "quantity": 1}
        self.add("order_lines", **keys, **named, line_id=self.key(), position=1, unit_price=total, currency="EUR")
        refunds = [self.refund(keys, at, amount) for amount in self._parts(total)]
        person.purchases.append(Purchase(at, recorded, total, refunds))

    def _parts(self, total: Decimal) -> list[Decimal]:
        """Return what is paid back: mostly nothing, else all, all in two parts, or one part of it."""
        choices: tuple[list[Decimal], ...] = ([], [], [total], [total / 2, total / 2], [total / 2])
        return self.random.choice(choices) if total else []

    def refund(self, keys: Mapping[str, UUID], after: datetime, amount: Decimal) -> tuple[datetime, datetime, Decimal]:
        at = after + timedelta(days=self.random.choice((0, 4, 8, 40)))
        recorded = self.late(at)
        self._refund(keys, at, recorded, amount)
        return at, recorded, amount

    def tell(self, customer: UUID, person: Person) -> None:
        at, key, kind = self.voices.choice(MOMENTS), self.key(), self.voices.choice(("NPS", "NPS", "NPS", "CSAT"))
        recorded = at + timedelta(days=self.voices.choice((0, 0, 0, 30)))
        score = self.voices.choice((3, 8, 9, 10)) if kind == "NPS" else 5
        told = {"customer_id": customer, "feedback_id": key, "kind": kind, "score": score}
        self.add("feedback", **told, submitted_at=at, recorded_at=recorded)
        person.told.append(Told(at, recorded, key, score if kind == "NPS" else None))

    def credit(self, customer: UUID, person: Person) -> None:
        at = self.moment()
        recorded = self.late(at)
        self._refund({"customer_id": customer, "order_id": None}, at, recorded, Decimal(3))
        person.credits.append((at, recorded))

    def _refund(self, keys: Mapping[str, Any], at: datetime, recorded: datetime, amount: Decimal) -> None:
        worth = {"amount": amount, "business_amount": amount, "currency": "EUR"}
        self.add("refunds", **keys, refund_id=self.key(), refunded_at=at, recorded_at=recorded, **worth)

    def subscription(self, customer: UUID, person: Person) -> None:
        started = self.moment()
        trial = started + timedelta(days=self.random.choice((4, 8))) if self.random.random() < 0.5 else None
        end = trial or started + LENGTH
        first = {
            "customer_id": customer,
            "subscription_id": self.key(),
            "kind": "PRODUCT",
            "plan_name": self.random.choice(("Gold", "Älpler", "tea")),
            "price": Decimal(1),
            "currency": "EUR",
            "billing_interval": LENGTH,
            "grace": LENGTH,
            "started_at": started,
            "trial_ends_at": trial,
            "anchored_at": started,
            "period_start": started,
            "period_end": end,
            "pauses": [],
            "cancel_at": None,
            "cancellation_reason": None,
            "ends_at": end + LENGTH,
            "change": "STARTED",
            "changed_at": started - timedelta(days=self.random.choice((0, 0, 4))),
        }
        made = self.versions("subscriptions", first, self._step_of_subscription)
        person.subscriptions.append(made)

    def _step_of_subscription(self, now: dict[str, Any], at: datetime) -> dict[str, Any] | None:
        if now["cancel_at"] is not None:
            return None
        what = self.random.choice(("RENEWED", "RENEWED", "PAUSED", "CHANGED", "CANCELLED"))
        if what == "RENEWED":
            start = max([now["period_end"], *(pause.upper for pause in now["pauses"] if pause.upper)])
            end = start + LENGTH
            return {"change": what, "period_start": start, "period_end": end, "ends_at": end + LENGTH}
        if what == "PAUSED" and not now["pauses"]:
            begin = max(at, self.random.choice((at, now["started_at"], now["trial_ends_at"] or at)))
            pause = Range(begin, self.random.choice((None, begin + timedelta(days=12))))
            return {"change": what, "pauses": [pause], "ends_at": now["ends_at"] if pause.upper else None}
        if what == "CANCELLED":
            end = max(at, now["started_at"], self.random.choice((at, now["trial_ends_at"] or at, at + LENGTH)))
            reason = {"cancellation_reason": "OTHER", "cancel_at": end}
            return {"change": what, **reason, "ends_at": min(end, now["ends_at"] or end)}
        return {"change": "CHANGED", "price": now["price"] + 1}

    def plan(self, customer: UUID, person: Person) -> None:
        start, paid = self.moment(), self.random.random() < 0.5
        first = {
            "customer_id": customer,
            "support_plan_id": self.key(),
            "plan_name": "Care",
            "paid": paid,
            "price": Decimal(1) if paid else None,
            "currency": "EUR" if paid else None,
            "starts_at": start,
            "order_id": None,
            "line_id": None,
            "cancel_at": None,
            "cancellation_reason": None,
            "term_ends_at": self.random.choice((None, start + LENGTH)),
            "change": "ENROLLED",
            "changed_at": start - timedelta(days=self.random.choice((0, 0, 4))),
        }
        if self.random.random() < 0.2 and person.purchases:
            line = self.rows["order_lines"][-1]
            first |= {name: line[name] for name in ("order_id", "line_id")}
        first["ends_at"] = first["term_ends_at"]
        person.plans.append(self.versions("support_plans", first, self._step_of_plan))

    def _step_of_plan(self, now: dict[str, Any], at: datetime) -> dict[str, Any] | None:
        if now["cancel_at"] is not None or self.random.random() < 0.5:
            return None
        end = max(at, now["starts_at"])
        ends_at = end if now["term_ends_at"] is None else min(end, now["term_ends_at"])
        return {"change": "CANCELLED", "cancel_at": end, "cancellation_reason": "UNUSED", "ends_at": ends_at}

    def contract(self, customer: UUID, person: Person) -> None:
        start, auto_renew = self.moment(), self.random.random() < 0.5
        end = start + timedelta(days=self.random.choice((4, 20, 60)))
        first = {
            "customer_id": customer,
            "contract_id": self.key(),
            "name": "Lease",
            "value": Decimal(1),
            "number": f"C-{self.keys % 7}",
            "currency": "EUR",
            "starts_at": start,
            "term_starts_at": start,
            "term_ends_at": end,
            "auto_renew": auto_renew,
            "renewal_interval": LENGTH,
            "notice": LENGTH,
            "terminate_at": None,
            "termination_reason": None,
            "ends_at": None if auto_renew else end,
            "change": "SIGNED",
            "changed_at": start - timedelta(days=self.random.choice((0, 4))),
        }
        first["signed_at"] = first["changed_at"]
        person.contracts.append(self.versions("contracts", first, self._step_of_contract))

    def _step_of_contract(self, now: dict[str, Any], at: datetime) -> dict[str, Any] | None:
        if now["terminate_at"] is not None:
            return None
        if self.random.random() < 0.5:
            start = now["term_ends_at"]
            while start <= at:
                start += LENGTH
            end = start + LENGTH
            ends_at = None if now["auto_renew"] else end
            return {"change": "RENEWED", "term_starts_at": start, "term_ends_at": end, "ends_at": ends_at}
        end = max(at, now["starts_at"], self.random.choice((at, now["term_ends_at"])))
        return {"change": "TERMINATED", "terminate_at": end, "termination_reason": "Moved", "ends_at": end}

    def versions(self, table: str, first: dict[str, Any], step: Any) -> list[dict[str, Any]]:
        """Make up to four versions and add their rows: each closed by the next on both clocks."""
        made = [{**first, "version": 1, "recorded_at": self.late(first["changed_at"])}]
        for _ in range(self.random.choice((0, 1, 2, 3))):
            at = made[-1]["changed_at"] + timedelta(days=self.random.choice((0, 4, 4, 8, 20, 30)))
            different = step(made[-1], at)
            if different is None:
                break
            recorded = max(made[-1]["recorded_at"], self.late(at))
            known = {"version": made[-1]["version"] + 1, "changed_at": at, "recorded_at": recorded}
            made.append({**made[-1], **different, **known})
        self._add_versions(table, made)
        return made

    def _add_versions(self, table: str, made: Sequence[dict[str, Any]]) -> None:
        for version, following in zip(made, [*made[1:], None], strict=True):
            closed = (following["changed_at"], following["recorded_at"]) if following else (None, None)
            self.add(table, **version, replaced_at=closed[0], superseded_at=closed[1])
