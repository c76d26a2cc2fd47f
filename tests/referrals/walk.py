"""A random walk: the same steps through the real write path and in the model, compared after each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from api.access import EVERYBODY
from api.domain.customer_name import CustomerName
from api.domain.money import Amount
from api.domain.purchase import NewLine, NewPurchase, NewRefund
from api.writes.change import Change, Outcome, Refused, the_business
from api.writes.purchases import record_purchases
from api.writes.referral_codes import create_referral_code
from api.writes.referrals import NewReferral, accept_referral, create_referral, review_referral
from api.writes.refunds import record_refund
from tests.given import Given, Made
from tests.referrals.model import Model, Order, Person, Referral

Work = Callable[[Change], Awaitable[Sequence[Outcome]]]
_ROW = "SELECT code, status, in_review, reasons, expires_at, release_at, changed_at FROM referrals"


@dataclass
class Walk:
    """Walks on one database; `people`, `orders` and `referrals` lead from what the model has to what was written."""

    given: Given
    random: Random
    now: datetime = datetime(2025, 5, 1, tzinfo=UTC)
    model: Model = field(default_factory=Model)
    people: dict[Person, Made] = field(default_factory=dict)
    orders: dict[Order, UUID] = field(default_factory=dict)
    referrals: dict[Referral, UUID] = field(default_factory=dict)
    business: Any = None
    taken: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    async def go(self, steps: int) -> None:
        """Take so many steps."""
        self.business = self.business or await the_business(self.given.connection)
        ways = [self.come, self.invite, self.accept, self.accept, self.buy, self.buy, self.refund, self.review]
        for _ in range(steps):
            self.now += timedelta(minutes=self.random.choice((0, 1, 30, 120, 360)))
            way = self.random.choice(ways) if len(self.people) > 3 else self.come
            told = await way()
            self.taken[told] = self.taken.get(told, 0) + 1

    async def done(self, work: Work) -> Outcome:
        """Do work in a transaction of its own and return the outcome; nothing is left of what is refused."""
        transaction = self.given.connection.transaction()
        await transaction.start()
        try:
            (outcome,) = await work(Change(self.given.connection, EVERYBODY, self.now, self.business))
        except Refused as refused:
            await transaction.rollback()
            return refused.outcomes[0]
        await transaction.commit()
        return outcome

    def agree(self, outcome: Outcome, wrong: str | None) -> str:
        """Check that the application found the same wrong as the model, and return it."""
        assert [error.code.value for error in outcome.errors] == ([wrong] if wrong else [])
        return wrong or ""

    def anybody(self) -> Person:
        # Those who came last have more to do.
        return self.random.choice(list(self.people)[-12:])

    async def come(self) -> str:
        # Shared with those who came last: others have nothing more to do.
        mailbox = self.random.randrange(max(0, len(self.people) - 12), len(self.people) + 2)
        person = Person(mailbox, home=self.random.choice((None, self.random.randrange(8))))
        email = f"m{person.mailbox}+{len(self.people)}@gmail.com"
        written: dict[str, Any] = {"created_at": self.now, "recorded_at": self.now, **self.address(person)}
        made = await self.given.customer(email=email, **written)
        self.people[person] = made
        self.model.people.append(person)
        await self.done(lambda change: create_referral_code(change, CustomerName(id=made.id), None))
        person.code = await self.given.connection.fetchval(
            "SELECT code FROM referral_codes WHERE customer_id = $1 AND referral_id IS NULL", made.key
        )
        person.code_at = self.now
        return "came"

    def address(self, person: Person) -> dict[str, str]:
        """Return where somebody lives, spelled in one way or another."""
        if person.home is None:
            return {}
        street = self.random.choice((f"Lindenstr. {person.home}", f"LINDENSTR {person.home}"))
        return {"address1": street, "city": "Bonn", "postal_country": "DE"}

    async def invite(self) -> str:
        by = self.anybody()
        mailbox = self.random.choice((None, self.anybody().mailbox))
        email = None if mailbox is None else f"m.{mailbox}+invited@googlemail.com"
        new = NewReferral(CustomerName(id=self.people[by].id), None, email, None, None)
        outcome = await self.done(lambda change: create_referral(change, new))
        if self.agree(outcome, "SELF_REFERRAL" if mailbox == by.mailbox else ""):
            return "invited themselves"
        key = outcome.ids["referral"]
        code = await self.given.connection.fetchval("SELECT code FROM referrals WHERE referral_id = $1", key)
        self.model.invite(by, code, mailbox, self.now)
        self.referrals[self.model.referrals[-1]] = key
        await self.same_signs(self.model.referrals[-1])
        return "invited"

    def some_code(self) -> tuple[Person, Referral | None, str]:
        invitations = [each for each in self.model.referrals[-20:] if each.code != each.referrer.code]
        if invitations and self.random.random() < 0.5:
            chosen = self.random.choice(invitations)
            return chosen.referrer, chosen, chosen.code
        by = self.random.choice(list(self.people)[-8:-4] or list(self.people))
        return by, None, by.code

    async def accept(self) -> str:
        by, friend = self.some_code(), self.anybody()
        named = CustomerName(id=self.people[friend].id)
        outcome = await self.done(lambda change: accept_referral(change, by[2], named, None))
        wrong = self.model.wrong(*by, friend, self.now)
        if self.agree(outcome, wrong):
            return wrong
        self.model.join(*by, friend, self.now)
        return await self.same(friend, outcome)

    async def buy(self) -> str:
        buyer, by = self.anybody(), self.some_code() if self.random.random() < 0.3 else None
        at = self.now - timedelta(hours=self.random.choice((0, 0, 0, 1, 30)))
        price = Decimal(self.random.choice((5, 20, 30)))
        purchase = NewPurchase(
            customer=CustomerName(id=self.people[buyer].id),
            external_id=None,
            placed_at=at,
            lines=(NewLine("TEA", "Tea", None, None, 1, Amount(price, "EUR")),),
            discount=None,
            referral_code=by and by[2],
        )
        outcome = await self.done(lambda change: record_purchases(change, [purchase], [("input",)], all_or_none=True))
        joins = by is not None and not (buyer.came and buyer.came.code == by[2] and not self.circle(by[0], buyer))
        wrong = self.model.wrong(*by, buyer, at) if by and joins else ""
        if self.agree(outcome, wrong):
            return wrong
        if by and joins:
            self.model.join(*by, buyer, at)
        before = buyer.came and (buyer.came.status, joins)
        order = Order(buyer, at, price)
        self.orders[order] = outcome.ids["order"]
        self.model.buy(order, joined_now=joins, now=self.now)
        moved = buyer.came and (buyer.came.status, False) != before
        assert ("referral" in outcome.ids) == bool(moved)
        return await self.same(buyer, outcome)

    def circle(self, referrer: Person, buyer: Person) -> bool:
        return buyer is referrer or buyer in self.model.above(referrer)

    async def refund(self) -> str:
        left = [order for order in list(self.orders)[-15:] if order.rest > 0]
        # Few purchases hold anything up; those that do are paid back more often.
        left = [order for order in left if order.buyer.came and order.buyer.came.held] or left
        if not left:
            return "nothing left"
        order = self.random.choice(left)
        amount = self.random.choice((order.rest, Decimal(5)))
        at = order.placed_at + (self.now - order.placed_at) * self.random.choice((0, 1, 2)) / 2
        new = NewRefund(None, Amount(min(amount, order.rest), "EUR"), None, at)
        outcome = await self.done(lambda change: record_refund(change, self.orders[order], new))
        came = order.buyer.came
        before = came and came.status
        self.model.refund(order, new.amount.amount, at)
        assert ("referral" in outcome.ids) == bool(came and came.status != before)
        return await self.same(order.buyer, outcome)

    async def review(self) -> str:
        held = [each for each in self.model.referrals if each.held] or self.model.referrals[-5:]
        if not held:
            return "nothing to review"
        referral, accept = self.random.choice(held), self.random.random() < 0.6
        key = self.referrals[referral]
        outcome = await self.done(
            lambda change: review_referral(change, key, accept=accept, note="Seen.", expected_version=None)
        )
        wrong = self.model.review(referral, accept, self.now)
        if self.agree(outcome, wrong) or referral.friend is None:
            return wrong
        return await self.same(referral.friend, outcome)

    async def same(self, friend: Person, outcome: Outcome) -> str:
        """Check that the referral of a friend is what the model says, and return how it stands."""
        assert not outcome.errors
        referral = friend.came
        if referral is None:
            return "nobody's friend"
        self.referrals.setdefault(referral, outcome.ids.get("referral", UUID(int=0)))
        row = await self.given.connection.fetchrow(
            f"{_ROW} WHERE referral_id = $1 AND superseded_at IS NULL", self.referrals[referral]
        )
        reasons = [] if referral.reason is None else [referral.reason]
        if referral.reason == "REVIEWED":
            reasons = row["reasons"]
        assert tuple(row) == (
            *(referral.code, referral.status, referral.held, reasons),
            *(referral.expires_at, referral.release_at, referral.changed_at),
        )
        await self.same_signs(referral)
        return referral.status

    async def same_signs(self, referral: Referral) -> None:
        """Check that just the signs were noticed that the model has."""
        signs = await self.given.connection.fetch(
            "SELECT code FROM referral_signals WHERE referral_id = $1", self.referrals[referral]
        )
        assert {each["code"] for each in signs} == referral.signs
        self.seen |= referral.signs
