"""Referrals once more, in plain Python that shares nothing with the application: what it must do, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

MINIMUM, MOST = Decimal(20), 1
_WEIGHTS = {"SAME_EMAIL": 6, "KNOWN_MAILBOX": 6, "CIRCLE": 5, "SAME_ADDRESS": 3, "VELOCITY": 3}
"""In tenths."""
QUALIFY, HOLD, LIFETIME, WINDOW = (timedelta(days=days) for days in (10, 5, 7, 20))


@dataclass(eq=False)
class Person:
    """A customer: the mailbox, where they live, the own code and since when there is one, what was bought, and the
    referral."""

    mailbox: int
    home: int | None = None
    code: str = ""
    code_at: datetime | None = None
    orders: list[Order] = field(default_factory=list)
    came: Referral | None = None


@dataclass(eq=False)
class Order:
    """A purchase and what is left of it."""

    buyer: Person
    placed_at: datetime
    rest: Decimal


@dataclass(eq=False)
class Referral:
    """A referral as it stands."""

    referrer: Person
    code: str
    status: str
    changed_at: datetime
    expires_at: datetime | None
    invited: int | None = None
    friend: Person | None = None
    held: bool = False
    joined_at: datetime | None = None
    order: Order | None = None
    qualified_at: datetime | None = None
    release_at: datetime | None = None
    rewarded: list[Person] = field(default_factory=list)
    reason: str | None = None
    signs: set[str] = field(default_factory=set)

    def end(self, status: str, reason: str, at: datetime) -> None:
        """Let it count no longer."""
        self.status, self.reason, self.held, self.expires_at = status, reason, False, None
        self.changed_at = max(self.changed_at, at)

    def shown(self, now: datetime) -> str:
        """Return the status that a reader sees."""
        if self.status in ("INVITED", "JOINED") and self.expires_at and now >= self.expires_at:
            return "EXPIRED"
        is_over = self.release_at is not None and now >= self.release_at
        return "REWARDED" if self.status == "QUALIFIED" and is_over and not self.held else self.status


class Model:
    """Everything that has happened; each method returns the code of what is wrong, None where nothing is."""

    def __init__(self) -> None:
        self.referrals: list[Referral] = []
        self.people: list[Person] = []

    def invite(self, referrer: Person, code: str, mailbox: int | None, now: datetime) -> None:
        made = Referral(referrer, code, "INVITED", now, now + LIFETIME, mailbox)
        made.signs = {"KNOWN_MAILBOX"} if self.is_known(mailbox, None) else set()
        self.referrals.append(made)

    def is_known(self, mailbox: int | None, friend: Person | None) -> bool:
        """Return whether somebody else than a friend has a mailbox and has bought."""
        return any(each.orders for each in self.people if each.mailbox == mailbox and each is not friend)

    def above(self, person: Person) -> list[Person]:
        """Return by whom somebody came, and by whom these came."""
        found = []
        while person.came:
            person = person.came.referrer
            found.append(person)
        return found

    def wrong(self, referrer: Person, invitation: Referral | None, code: str, friend: Person, at: datetime) -> str:
        """Return why a friend cannot join by a code; an empty text where they can."""
        if friend is referrer or friend in self.above(referrer):
            return "SELF_REFERRAL"
        if friend.came:
            return "ALREADY_REFERRED"
        if friend.orders:
            return "ALREADY_CUSTOMER"
        if invitation and (invitation.status != "INVITED" or not invitation.expires_at or at >= invitation.expires_at):
            return "CODE_EXPIRED"
        return ""

    def join(self, referrer: Person, invitation: Referral | None, code: str, friend: Person, at: datetime) -> None:
        friends = [each.friend for each in self.referrals if each.referrer is referrer and each.friend]
        since = invitation.changed_at if invitation else referrer.code_at
        at = max(at, since or at)
        found = invitation or Referral(referrer, code, "JOINED", at, None)
        if not invitation:
            self.referrals.append(found)
        found.status, found.friend, found.joined_at, found.changed_at = "JOINED", friend, at, at
        found.expires_at, friend.came = at + QUALIFY, found
        found.signs |= self.signs(friend, [referrer, *friends], self.above(referrer)[:5], referrer, at)
        if self.is_known(friend.mailbox, friend) or self.is_known(found.invited, friend):
            found.signs.add("KNOWN_MAILBOX")
        found.held = sum(_WEIGHTS[sign] for sign in found.signs) >= 5

    def signs(
        self, friend: Person, around: list[Person], above: list[Person], referrer: Person, at: datetime
    ) -> set[str]:
        """Return what makes a friend look like somebody who is there already."""
        joined = [each.joined_at for each in self.referrals if each.referrer is referrer and each.friend is not friend]
        seen = {
            "SAME_EMAIL": any(friend.mailbox == each.mailbox for each in around),
            "SAME_ADDRESS": any(friend.home == each.home is not None for each in [*around, *above]),
            "CIRCLE": any(friend.mailbox == each.mailbox for each in above),
            "VELOCITY": len([each for each in joined if each and at - timedelta(days=1) < each <= at]) >= 5,
        }
        return {sign for sign, is_seen in seen.items() if is_seen}

    def buy(self, order: Order, joined_now: bool, now: datetime) -> None:
        order.buyer.orders.append(order)
        referral = order.buyer.came
        if referral and referral.status == "QUALIFIED" and referral.joined_at and order.placed_at < referral.joined_at:
            self.was_customer(referral, now)
        if not referral or referral.status != "JOINED":
            return
        assert referral.joined_at
        assert referral.expires_at
        at = max(order.placed_at, referral.joined_at) if joined_now else order.placed_at
        if at < referral.joined_at:
            referral.end("REJECTED", "ALREADY_CUSTOMER", at)
        elif at < referral.expires_at and order.rest >= MINIMUM:
            self.qualify(referral, order, at)

    def was_customer(self, referral: Referral, now: datetime) -> None:
        assert referral.release_at
        if referral.held:
            referral.end("REJECTED", "ALREADY_CUSTOMER", now)
        elif now < referral.release_at:
            referral.end("REVERSED", "ALREADY_CUSTOMER", now)

    def qualify(self, referral: Referral, order: Order, at: datetime) -> None:
        counted = [
            each
            for each in self.referrals
            if each.referrer is referral.referrer
            and each.status == "QUALIFIED"
            and each.qualified_at
            and each.qualified_at + WINDOW > at
        ]
        if len(counted) >= MOST:
            referral.end("REJECTED", "LIMIT_REACHED", at)
            return
        referral.status, referral.order, referral.qualified_at, referral.expires_at = "QUALIFIED", order, at, None
        referral.release_at, referral.changed_at = at + HOLD, max(referral.changed_at, at)
        self.reward(referral)

    def reward(self, referral: Referral) -> None:
        if not referral.held and referral.friend:
            referral.rewarded += [referral.referrer, referral.friend]

    def refund(self, order: Order, amount: Decimal, at: datetime) -> None:
        order.rest -= amount
        referral = order.buyer.came
        if referral and referral.order is order and referral.status == "QUALIFIED" and order.rest < MINIMUM:
            assert referral.release_at
            if referral.held:
                referral.end("REJECTED", "REFUNDED", at)
            elif at < referral.release_at:
                referral.end("REVERSED", "REFUNDED", at)

    def review(self, referral: Referral, accept: bool, now: datetime) -> str:
        if not referral.held:
            return "INVALID_STATE"
        if not accept:
            referral.end("REJECTED", "REVIEWED", now)
            return ""
        referral.held, referral.changed_at = False, max(referral.changed_at, now)
        if referral.status == "QUALIFIED" and referral.release_at:
            referral.release_at = max(referral.release_at, now)
            self.reward(referral)
        return ""
