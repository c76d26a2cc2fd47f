"""Changes drawn by chance, made as clients make them: purchases, refunds, and all that befalls things with a term."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.asking import Ask
from tests.writes.changes import new_key

NOW = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
ENDED = "INVALID_STATE"


@dataclass(slots=True)
class Shop:
    """Makes changes of the customers of a shop and counts what was recorded.

    recorded  how many changes were; a refusal is none
    """

    ask: Ask
    random: Random
    customers: list[str]
    orders: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    recorded: int = 0

    async def change(self, name: str, shown: str, given: dict[str, Any], *, dry: bool = False) -> Any:
        """Make a change and return what its payload shows."""
        document = (
            f"mutation ($input: {name[0].upper()}{name[1:]}Input!)"
            f" {{ {name}(input: $input) {{ {shown} userErrors {{ code message }} }} }}"
        )
        payload = (await self.ask(document, input={**given, "idempotencyKey": new_key(), "dryRun": dry}))[name]
        assert {error["code"] for error in payload["userErrors"]} <= {ENDED, "EXCEEDS_REMAINING", "OUT_OF_RANGE"}
        self.recorded += not payload["userErrors"] and not dry
        return payload

    def some(self, known: list[str]) -> str:
        return self.random.choice(known)

    def moment(self, days: int = 500) -> str:
        """Return a moment of the last days, often the same for several things."""
        return (NOW - timedelta(hours=self.random.randrange(days * 24))).isoformat()

    async def purchases(self, count: int) -> None:
        """Record purchases in one batch, each of which is a change."""
        shown = "results { order { id } }"
        given = [self._purchase() for _ in range(count)]
        payload = await self.change("recordPurchases", shown, {"purchases": given})
        self.orders += [result["order"]["id"] for result in payload["results"]]
        self.recorded += count - 1

    def _purchase(self) -> dict[str, Any]:
        sku = self.random.choice(("TEA", "TOOL"))
        line = {"sku": sku, "name": sku, "category": sku.title(), "quantity": 1, "unitPrice": euros(9)}
        return {"customer": {"id": self.some(self.customers)}, "placedAt": self.moment(), "lines": [line]}

    async def refund(self) -> None:
        """Pay an order back, mostly all of it."""
        amount = self.random.choice((9, 9, 4))
        await self.change(
            "recordRefund", "refund { id }", {"orderId": self.some(self.orders), "refund": {"amount": euros(amount)}}
        )

    async def start(self) -> None:
        """Start a subscription."""
        started = self.moment(60)
        given = {
            "customer": {"id": self.some(self.customers)},
            "kind": self.random.choice(("PRODUCT", "SERVICE")),
            "planName": "Box",
            "price": euros(10),
            "interval": self.random.choice(("P1M", "P7D", "P3M")),
            "grace": self.random.choice(("P0D", "P14D")),
            "startedAt": started,
        }
        payload = await self.change("startSubscription", "subscription { id }", {"subscription": given})
        self.subscriptions.append(payload["subscription"]["id"])

    async def subscribed(self) -> None:
        """Do something to a subscription."""
        given: dict[str, Any] = {"subscriptionId": self.some(self.subscriptions)}
        name = self.random.choice(("renew", "renew", "pause", "resume", "change", "cancel"))
        pause = {"resumeAt": (NOW + timedelta(days=9)).isoformat()} if self.random.random() < 0.5 else {}
        more: dict[str, dict[str, Any]] = {
            "pause": pause,
            "change": {"price": euros(12)},
            "cancel": {"reason": "OTHER"},
        }
        given |= more.get(name, {})
        await self.change(f"{name}Subscription", "subscription { id }", given)

    async def enroll(self) -> None:
        """Enroll a customer in a support plan, paid or free."""
        paid = self.random.random() < 0.7
        given = {
            "customer": {"id": self.some(self.customers)},
            "planName": "Gold",
            "paid": paid,
            "includedIncidents": 2,
        }
        given |= {"price": euros(99)} if paid else {}
        given |= {
            "term": {
                "startAt": self.moment(90),
                "endAt": (NOW + timedelta(days=self.random.randint(1, 90))).isoformat(),
            }
        }
        payload = await self.change("enrollSupportPlan", "enrollment { id }", {"enrollment": given})
        self.plans.append(payload["enrollment"]["id"])

    async def supported(self) -> None:
        """Use a support plan, or cancel it."""
        given = {"enrollmentId": self.some(self.plans)}
        if self.random.random() < 0.5:
            await self.change("useSupportAllowance", "enrollment { id }", given)
        else:
            await self.change("cancelSupportPlan", "enrollment { id }", given | {"reason": "UNUSED"})

    async def sign(self) -> None:
        """Sign a contract, also one that begins later."""
        start = NOW + timedelta(days=self.random.randint(-200, 40))
        term = {"startAt": start.isoformat(), "endAt": (start + timedelta(days=365)).isoformat()}
        given: dict[str, Any] = {
            "customer": {"id": self.some(self.customers)},
            "name": "Care",
            "term": term,
            "value": euros(1200),
        }
        given |= {"signedAt": min(start, NOW).isoformat(), "autoRenew": self.random.random() < 0.4}
        payload = await self.change("signContract", "contract { id }", {"contract": given})
        self.contracts.append(payload["contract"]["id"])

    async def bound(self) -> None:
        """Renew a contract, or end it early."""
        given = {"contractId": self.some(self.contracts)}
        if self.random.random() < 0.5:
            await self.change("renewContract", "contract { id }", given)
        else:
            await self.change(
                "terminateContract", "contract { id }", given | {"reason": "Moved away", "penalty": euros(0)}
            )

    async def turn(self) -> None:
        """Change a customer's kind."""
        given = {
            "identifier": {"id": self.some(self.customers)},
            "customer": {"kind": self.some(["CONSUMER", "BUSINESS"])},
        }
        await self.change("setCustomer", "customer { id }", given)

    async def anything(self) -> None:
        """Make one change by chance."""
        ways: list[Callable[[], Awaitable[None]]] = [self.refund, self.start, self.subscribed, self.subscribed]
        ways += [self.enroll, self.supported, self.sign, self.bound, self.turn]
        await self.random.choice(ways)()


def euros(amount: int) -> dict[str, str]:
    """Return an amount in euros."""
    return {"amount": str(amount), "currencyCode": "EUR"}
