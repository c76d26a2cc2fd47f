"""A shop with a referral program: inputs of the mutations, and people who recommend, join and buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.asking import Ask
from tests.given import Given, Made
from tests.writes.changes import line, new_key, purchase

REFERRAL = """id code status heldForReview createdAt joinedAt expiresAt qualifiedAt qualifiesAt rejectionReasons
  note version referrer { id } referred { id } signals { code weight explanation } program { version }
  attributedValue { amount currencyCode }
  rewards { id points money { amount currencyCode } status reason earnedAt releaseAt recipient { id } }"""
ERRORS = "userErrors { code field message currentVersion } idempotency { replayed }"
SET_PROGRAM = f"""mutation ($input: SetReferralProgramInput!) {{ setReferralProgram(input: $input) {{
  program {{ id version effectiveFrom referrerReward {{ points money {{ amount currencyCode }} }}
    referredReward {{ points money {{ amount currencyCode }} }} minimumPurchase {{ amount currencyCode }}
    qualifyWithin hold invitationLifetime mostInvited mostRewarded limitWindow activeReferrersOnly }} {ERRORS} }} }}"""
CODE = f"""mutation ($input: CreateReferralCodeInput!) {{ createReferralCode(input: $input) {{
  created customer {{ id referralCode }} {ERRORS} }} }}"""
CREATE = f"""mutation ($input: CreateReferralInput!) {{ createReferral(input: $input) {{
  referral {{ {REFERRAL} }} customer {{ id }} {ERRORS} }} }}"""
ACCEPT = f"""mutation ($input: AcceptReferralInput!) {{ acceptReferral(input: $input) {{
  referral {{ {REFERRAL} }} customer {{ id referredBy {{ id }} }} {ERRORS} }} }}"""
REVIEW = f"""mutation ($input: ReviewReferralInput!) {{ reviewReferral(input: $input) {{
  referral {{ {REFERRAL} }} customer {{ id }} {ERRORS} }} }}"""
BUY = f"""mutation ($input: RecordPurchaseInput!) {{ recordPurchase(input: $input) {{
  order {{ id }} referralBefore {{ id status version }} referral {{ {REFERRAL} }} {ERRORS} }} }}"""
REFUND = f"""mutation ($input: RecordRefundInput!) {{ recordRefund(input: $input) {{
  refund {{ id }} referralBefore {{ id status version }} referral {{ {REFERRAL} }} {ERRORS} }} }}"""
READ = f"""query ($id: ID!, $asOf: DateTime, $knownAt: DateTime) {{ node(id: $id, asOf: $asOf, knownAt: $knownAt) {{
  ... on Referral {{ {REFERRAL} }} }} }}"""

DAY = timedelta(days=1)
USUAL: dict[str, Any] = {
    "referrerReward": {"money": {"amount": "10", "currencyCode": "EUR"}},
    "referredReward": {"money": {"amount": "5", "currencyCode": "EUR"}},
    "minimumPurchase": {"amount": "20", "currencyCode": "EUR"},
    "qualifyWithin": "P30D",
    "hold": "P14D",
    "invitationLifetime": "P30D",
}


def program(begin: str = "2025-01-01T00:00:00Z", expected: int | None = None, **changed: Any) -> dict[str, Any]:
    """Return the input of setReferralProgram: 10 EUR for who recommends and 5 for who buys for 20 within 30 days."""
    version = {} if expected is None else {"expectedVersion": expected}
    return {"idempotencyKey": new_key(), "program": USUAL | changed, "effectiveFrom": begin, **version}


@dataclass(slots=True)
class Shop:
    """Asks as people of a shop do; the clock is that of the asker."""

    ask: Ask
    given: Given

    @property
    def now(self) -> datetime:
        assert self.ask.now is not None
        return self.ask.now

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.ask.now = self.now + timedelta(**length)

    async def customer(self, **columns: Any) -> Made:
        """Make a customer who comes now."""
        return await self.given.customer(**{"created_at": self.now, "recorded_at": self.now} | columns)

    async def program(self, **more: Any) -> Any:
        """Put a program into force."""
        return (await self.ask(SET_PROGRAM, input=program(**more)))["setReferralProgram"]

    async def code(self, customer: Made, **more: Any) -> Any:
        """Return the code of a customer's own."""
        given = {"idempotencyKey": new_key(), "customer": {"id": customer.id}, **more}
        return (await self.ask(CODE, input=given))["createReferralCode"]["customer"]["referralCode"]

    async def invite(self, referrer: Made, **more: Any) -> Any:
        """Return what became of createReferral."""
        given = {"idempotencyKey": new_key(), "referral": {"referrer": {"id": referrer.id}, **more}}
        return (await self.ask(CREATE, input=given))["createReferral"]

    async def accept(self, code: str, friend: Made, key: str | None = None, **more: Any) -> Any:
        """Return what became of acceptReferral."""
        given = {"idempotencyKey": key or new_key(), "code": code, "customer": {"id": friend.id}, **more}
        return (await self.ask(ACCEPT, input=given))["acceptReferral"]

    async def review(self, referral: str, accept: bool, **more: Any) -> Any:
        """Return what became of reviewReferral."""
        given = {"idempotencyKey": new_key(), "referralId": referral, "accept": accept, "note": "Looked at.", **more}
        return (await self.ask(REVIEW, input=given))["reviewReferral"]

    async def buy(self, buyer: Made, price: str = "25.00", key: str | None = None, **more: Any) -> Any:
        """Return what became of a purchase, by default now and for 25 EUR."""
        at = {"placedAt": self.now.isoformat(), "customer": {"id": buyer.id}}
        given = {"idempotencyKey": key or new_key(), "purchase": purchase(line(price), **at | more)}
        return (await self.ask(BUY, input=given))["recordPurchase"]

    async def refund(self, order: str, amount: str = "25.00", **more: Any) -> Any:
        """Return what became of a refund, by default now."""
        money = {"amount": amount, "currencyCode": "EUR"}
        paid_back = {"amount": money, "refundedAt": self.now.isoformat(), **more}
        given = {"idempotencyKey": new_key(), "orderId": order, "refund": paid_back}
        return (await self.ask(REFUND, input=given))["recordRefund"]

    async def read(self, referral: str, **clocks: datetime) -> Any:
        """Return a referral as it is read now, or with other clocks."""
        moments: dict[str, Any] = {name: moment.isoformat() for name, moment in clocks.items()}
        return (await self.ask(READ, id=referral, **moments))["node"]

    async def joined(self, referrer: Made | None = None, **more: Any) -> tuple[Made, Made, Any]:
        """Return a referrer, a friend who has joined by the referrer's own code, and the referral."""
        by = referrer or await self.customer()
        friend = await self.customer()
        return by, friend, (await self.accept(await self.code(by), friend, **more))["referral"]
