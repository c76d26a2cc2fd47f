"""Rows for tests, written straight into the tables: what is not said has a sensible, fixed value."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from api.domain.calendar import Duration
from api.domain.identity import public_id
from api.writes.standing import bring_up_to_date

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
"""When everything happens that does not say when."""

Number = Decimal | int | str


@dataclass(frozen=True, slots=True)
class Made:
    """A row that was made: its key, and the identifier clients see."""

    prefix: str
    key: UUID

    @property
    def id(self) -> str:
        return public_id(self.prefix, self.key)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order to be made."""

    price: Number
    quantity: int = 1
    sku: str = "TEA"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy to be made: the window in ISO 8601; rules about terms have neither window nor count."""

    code: str = "RECENT_PURCHASE"
    window: str | None = "P12M"
    minimum_count: int | None = 1
    customer_kind: str | None = None
    category: str | None = None
    enabled: bool = True


@dataclass(slots=True)
class Given:
    """Makes rows on a connection; keys count upwards, so that a test's data is the same in every run."""

    connection: Any
    start: int = 0
    made: int = 0
    products: dict[str, UUID] = field(default_factory=dict)
    waiting: list[UUID] | None = None

    def key(self) -> UUID:
        """Return the next key: version 7 in form, a counter in fact."""
        self.made += 1
        return UUID(f"01940000-0000-7000-8000-{self.start + self.made:012x}")

    async def business(self, currency: str = "EUR", name: str = "Tea & Tools", zone: str = "Europe/Berlin") -> None:
        """Set the business, unless it is set."""
        await self.connection.execute(
            "INSERT INTO business (name, currency, time_zone) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            name,
            currency,
            zone,
        )

    async def rate(self, currency: str, rate: Number, on: date = date(2020, 1, 1)) -> None:
        """Add an exchange rate to the currency of the business."""
        await self.insert(
            "exchange_rates", currency=currency, effective_on=on, rate=Decimal(rate), recorded_at=NEW_YEAR
        )

    async def company(self, name: str, parent: Made | None = None) -> Made:
        """Add a company."""
        company = Made("com", self.key())
        parent_id = parent.key if parent else None
        await self.insert("companies", company_id=company.key, name=name, parent_id=parent_id, recorded_at=NEW_YEAR)
        return company

    async def product(self, sku: str = "TEA", name: str = "Green tea", **columns: Any) -> Made:
        """Add a product."""
        product = Made("pro", self.key())
        self.products[sku] = product.key
        await self.insert(
            "products", **{"product_id": product.key, "sku": sku, "name": name, "recorded_at": NEW_YEAR} | columns
        )
        return product

    async def customer(
        self, *, external_ids: Sequence[tuple[str, str]] = (), company: Made | None = None, **columns: Any
    ) -> Made:
        """Add a customer, by default a consumer without a name; see the table for the columns."""
        await self.business()
        customer = Made("cus", self.key())
        created = columns.get("created_at", NEW_YEAR)
        known = {"customer_id": customer.key, "created_at": created, "updated_at": created, "recorded_at": created}
        await self.insert("customers", **known | {"company_id": company.key if company else None} | columns)
        for source, value in external_ids:
            await self.insert(
                "customer_external_ids",
                customer_id=customer.key,
                source=source,
                value=value,
                recorded_at=columns.get("recorded_at", created),
            )
        await self.stand(customer)
        return customer

    async def customers(self, count: int, orders: Sequence[Number] = ()) -> list[Made]:
        """Add customers with first names in alphabetical order, each with one order per amount, a day apart."""
        made = []
        async with self.standing_at_the_end():
            for number in range(count):
                created = NEW_YEAR + timedelta(hours=number)
                made.append(await self.customer(first_name=f"Customer {number:04}", created_at=created))
                for day, amount in enumerate(orders):
                    await self.order(made[-1], amount, placed_at=created + timedelta(days=day))
        return made

    async def order(
        self,
        customer: Made,
        *lines: Line | Number,
        placed_at: datetime = NEW_YEAR,
        discount: Number = 0,
        currency: str = "EUR",
        rate: Number = 1,
        **columns: Any,
    ) -> Made:
        """Add an order; a bare number is the price of one line of tea, `rate` converts to the business currency."""
        order = Made("ord", self.key())
        parts = [line if isinstance(line, Line) else Line(line) for line in lines]
        gross = sum((Decimal(line.price) * line.quantity for line in parts), Decimal(0))
        known = {"number": f"N{self.made}", "placed_at": placed_at, "recorded_at": placed_at, "currency": currency}
        amounts = {"gross": gross, "discount": Decimal(discount)}
        amounts |= {f"business_{name}": value * Decimal(rate) for name, value in amounts.items()}
        async with self.connection.transaction():
            await self.insert(
                "orders", **{"customer_id": customer.key, "order_id": order.key} | known | amounts | columns
            )
            for position, line in enumerate(parts, 1):
                await self._line(customer, order, position, line, currency)
        await self.stand(customer)
        return order

    async def refund(
        self,
        customer: Made,
        amount: Number,
        order: Made | None = None,
        *,
        refunded_at: datetime = NEW_YEAR,
        currency: str = "EUR",
        rate: Number = 1,
        **columns: Any,
    ) -> Made:
        """Add a refund on an order, or on the customer where no order is named."""
        refund = Made("ref", self.key())
        keys = {"customer_id": customer.key, "refund_id": refund.key, "order_id": order.key if order else None}
        worth = {"amount": Decimal(amount), "business_amount": Decimal(amount) * Decimal(rate), "currency": currency}
        await self.insert(
            "refunds", **keys | worth | {"refunded_at": refunded_at, "recorded_at": refunded_at} | columns
        )
        await self.stand(customer)
        return refund

    async def feedback(
        self, customer: Made, kind: str = "NPS", score: int | None = None, *, at: datetime = NEW_YEAR, **columns: Any
    ) -> Made:
        """Add feedback; what is without a score says something at least."""
        told = Made("fbk", self.key())
        words = {"comment": "Too late"} if score is None else {"score": score}
        known = {"customer_id": customer.key, "feedback_id": told.key, "kind": kind, "submitted_at": at}
        await self.insert("feedback", **known | {"recorded_at": at} | words | columns)
        return told

    async def survey_link(
        self, customer: Made, kind: str = "NPS", *, created_at: datetime = NEW_YEAR, **columns: Any
    ) -> Made:
        """Add a one-time link that is good for 30 days."""
        link = Made("svl", self.key())
        keys = {"customer_id": customer.key, "survey_id": link.key, "kind": kind}
        times = {"created_at": created_at, "recorded_at": created_at, "expires_at": created_at + timedelta(days=30)}
        await self.insert("survey_links", **keys | times | columns)
        return link

    async def reply(self, customer: Made, told: Made, *, at: datetime = NEW_YEAR, **columns: Any) -> Made:
        """Add an answer to feedback, by default of the business."""
        reply = Made("rep", self.key())
        keys = {"customer_id": customer.key, "feedback_id": told.key, "reply_id": reply.key}
        known = {"author": "BUSINESS", "text": "Sorry", "replied_at": at, "recorded_at": at}
        await self.insert("feedback_replies", **keys | known | columns)
        return reply

    async def resolution(self, customer: Made, told: Made, *, at: datetime = NEW_YEAR, **columns: Any) -> None:
        """Settle a complaint."""
        keys = {"customer_id": customer.key, "feedback_id": told.key}
        await self.insert("complaint_resolutions", **keys | {"resolved_at": at, "recorded_at": at} | columns)

    async def consent(
        self, customer: Made, channel: str = "EMAIL", *, at: datetime = NEW_YEAR, granted: bool = True, **columns: Any
    ) -> Made:
        """Add a decision about being reached, by default that the customer agrees to e-mail for good."""
        consent = Made("mco", self.key())
        keys = {"customer_id": customer.key, "consent_id": consent.key, "channel": channel}
        known = {"decision": "GRANTED" if granted else "WITHDRAWN", "source": "Form", "decided_at": at}
        await self.insert("marketing_consents", **keys | known | {"recorded_at": at} | columns)
        return consent

    async def stand(self, customer: Made) -> None:
        """Work out how a customer stands after rows were made, as every change does."""
        if self.waiting is None:
            await bring_up_to_date(self.connection, [customer.key])
        else:
            self.waiting.append(customer.key)

    @asynccontextmanager
    async def standing_at_the_end(self) -> AsyncIterator[None]:
        """Work out how customers stand once for all rows that are made in a block."""
        around, self.waiting = self.waiting, []
        yield
        made, self.waiting = self.waiting, around
        if around is None:
            await bring_up_to_date(self.connection, list(dict.fromkeys(made)))
        else:
            around += made

    async def subscription(
        self, customer: Made, *later: Mapping[str, Any], started_at: datetime = NEW_YEAR, **columns: Any
    ) -> Made:
        """Add a subscription, by default to goods for 10.00 EUR in periods of 30 days.

        later    what is different in each further version: `changed_at`, at least
        columns  of the first version; it ends 14 days after its period, or when it is cancelled, unless `ends_at` says
        """
        subscription = Made("sub", self.key())
        terms = {"kind": "PRODUCT", "plan_name": "Tea", "price": Decimal(10), "currency": "EUR"}
        lengths = {"billing_interval": Duration(days=30), "grace": Duration(days=14)}
        start = {"started_at": started_at, "anchored_at": started_at, "period_start": started_at}
        keys = {"customer_id": customer.key, "subscription_id": subscription.key}
        first = keys | terms | lengths | start | {"change": "STARTED", "changed_at": started_at} | columns
        await self._versions("subscriptions", first, later, _end_of_subscription)
        return subscription

    async def payment(
        self, customer: Made, subscription: Made, amount: Number = 10, *, paid_at: datetime = NEW_YEAR, **columns: Any
    ) -> Made:
        """Add a payment for a subscription, by default in EUR for 30 days from when it was paid."""
        payment = Made("pay", self.key())
        keys = {"customer_id": customer.key, "payment_id": payment.key, "subscription_id": subscription.key}
        period = {"period_start": paid_at, "period_end": paid_at + timedelta(days=30)}
        worth = {"amount": Decimal(amount), "business_amount": Decimal(amount), "currency": "EUR"}
        await self.insert(
            "subscription_payments", **keys | period | worth | {"paid_at": paid_at, "recorded_at": paid_at} | columns
        )
        await self.stand(customer)
        return payment

    async def support_plan(self, customer: Made, *changes: Mapping[str, Any], **columns: Any) -> Made:
        """Add a support plan: its first version, and one more for each change; by default free and without an end."""
        plan = Made("sup", self.key())
        keys = {"customer_id": customer.key, "support_plan_id": plan.key, "change": "ENROLLED"}
        first = {"plan_name": "Gold", "paid": False, "starts_at": NEW_YEAR} | columns
        first = {"changed_at": first["starts_at"]} | first
        await self._versions("support_plans", keys | first, changes, _end_of_plan)
        return plan

    async def support_usage(self, customer: Made, plan: Made, *, used_at: datetime = NEW_YEAR, **columns: Any) -> Made:
        """Add a use of a support plan, by default of one incident."""
        usage = Made("use", self.key())
        keys = {"customer_id": customer.key, "usage_id": usage.key, "support_plan_id": plan.key}
        known = {"incidents": 1, "used_at": used_at, "recorded_at": used_at}
        await self.insert("support_usages", **keys | known | columns)
        return usage

    async def contract(self, customer: Made, *changes: Mapping[str, Any], **columns: Any) -> Made:
        """Add a contract: its first version, and one more for each change; by default for a year, worth 1,200 EUR."""
        contract = Made("con", self.key())
        keys = {"customer_id": customer.key, "contract_id": contract.key, "number": f"C{self.made}", "change": "SIGNED"}
        term = {"starts_at": NEW_YEAR, "term_ends_at": NEW_YEAR.replace(year=NEW_YEAR.year + 1)} | columns
        known = {"name": "Care", "value": Decimal(1200), "currency": "EUR", "auto_renew": False}
        lengths = {"renewal_interval": Duration(12), "notice": Duration()}
        begun = {"changed_at": term["starts_at"], "signed_at": term["starts_at"], "term_starts_at": term["starts_at"]}
        await self._versions("contracts", keys | known | lengths | begun | term, changes, _end_of_contract)
        return contract

    async def _versions(
        self,
        table: str,
        first: Mapping[str, Any],
        changes: Sequence[Mapping[str, Any]],
        ends: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> None:
        """Add versions: a change says what becomes different, when it happened, and when that was recorded if later."""
        versions = [{"version": 1, **first}]
        for change in changes:
            kept = {name: value for name, value in versions[-1].items() if name not in ("recorded_at", "ends_at")}
            versions.append({**kept, "version": len(versions) + 1, **change})
        clocks = [(each["changed_at"], each.get("recorded_at", each["changed_at"])) for each in versions]
        for each, (_, recorded), (replaced, superseded) in zip(
            versions, clocks, [*clocks[1:], (None, None)], strict=True
        ):
            closed = {"recorded_at": recorded, "replaced_at": replaced, "superseded_at": superseded}
            await self.insert(table, **{**ends(each), **each, **closed})
        await self.stand(Made("cus", first["customer_id"]))

    async def _line(self, customer: Made, order: Made, position: int, line: Line, currency: str) -> None:
        if line.sku not in self.products:
            await self.product(line.sku, f"Product {line.sku}")
        await self.insert(
            "order_lines",
            customer_id=customer.key,
            order_id=order.key,
            position=position,
            line_id=self.key(),
            product_id=self.products[line.sku],
            sku=line.sku,
            name=f"Product {line.sku}",
            quantity=line.quantity,
            unit_price=Decimal(line.price),
            currency=currency,
        )

    async def policy(
        self, effective_from: datetime, *rules: Rule, zone: str | None = None, recorded_at: datetime = NEW_YEAR
    ) -> Made:
        """Add the next version of who counts as active."""
        policy = Made("apo", self.key())
        await self.connection.execute(
            "INSERT INTO active_policies SELECT $1, max(version) + 1, $2, $3, $4 FROM active_policies",
            policy.key,
            effective_from,
            zone,
            recorded_at,
        )
        for position, rule in enumerate(rules, 1):
            # The driver would lose the months of a length of time.
            await self.connection.execute(
                'INSERT INTO active_rules (policy_id, position, code, "window", minimum_count, customer_kind, category,'
                " enabled) VALUES ($1, $2, $3, $4::text::interval, $5, $6, $7, $8)",
                policy.key,
                position,
                *(getattr(rule, part.name) for part in fields(Rule)),
            )
        return policy

    async def segment(
        self, name: str, conditions: Mapping[str, Any], *, saved_at: datetime = NEW_YEAR, **columns: Any
    ) -> Made:
        """Add a version of a segment, the first and open one unless the columns say otherwise."""
        segment = Made("seg", self.key())
        moments = dict.fromkeys(("created_at", "changed_at", "recorded_at"), saved_at)
        known = {"segment_id": segment.key, "version": 1, "name": name, "filter": json.dumps(conditions)}
        await self.insert("segments", **known | moments | columns)
        return segment

    async def insert(self, table: str, **columns: Any) -> None:
        """Add a row to a table."""
        # The driver takes a length of time for one without months.
        lengths = {name for name, value in columns.items() if isinstance(value, Duration)}
        places = [f"${at}::text::interval" if name in lengths else f"${at}" for at, name in enumerate(columns, 1)]
        values = [str(value) if name in lengths else value for name, value in columns.items()]
        await self.connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(places)})", *values
        )


def _end_of_subscription(version: Mapping[str, Any]) -> dict[str, Any]:
    end = version.get("period_end") or version["period_start"] + timedelta(days=30)
    lapse = end + timedelta(days=14)
    return {"period_end": end, "ends_at": min(lapse, version.get("cancel_at") or lapse)}


def _end_of_plan(version: Mapping[str, Any]) -> dict[str, Any]:
    known = [version[name] for name in ("term_ends_at", "cancel_at") if version.get(name)]
    return {"ends_at": min(known, default=None)}


def _end_of_contract(version: Mapping[str, Any]) -> dict[str, Any]:
    return {"ends_at": version.get("terminate_at") or (None if version["auto_renew"] else version["term_ends_at"])}


async def connected(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    """Return a connection for making rows, which plans each kind of statement once, as a change does."""
    return await asyncpg.connect(dsn, server_settings={"plan_cache_mode": "force_generic_plan"})
