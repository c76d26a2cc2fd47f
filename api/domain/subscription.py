"""What can be recorded about a subscription: what each must be, and what follows from it.

A change is judged as of the moment at which it happens, also where we are told of it later; one that lies ahead is
decided now. None may precede the change before it. `subscription_timeline` says how a subscription runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration, boundary_after
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import MINOR_DIGITS, Amount
from api.domain.purchase import CLOCK_TOLERANCE, check_amount, check_past
from api.domain.subscription_timeline import INPUT, NOT_OVER, RUNNING, SUBSCRIPTION_ID, Timeline, not_allowed
from api.domain.text import LONG, MEDIUM, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

Field = tuple[str, ...]
USUAL_GRACE = Duration(days=14)
_LATEST = datetime(2201, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What is subscribed to, by whom and on which terms.

    started_at  None for now
    """

    customer: CustomerName
    external_id: ExternalKey | None
    kind: str
    plan_name: str
    price: Amount
    interval: Duration
    grace: Duration = USUAL_GRACE
    started_at: datetime | None = None
    trial_ends_at: datetime | None = None

    def checked(self, now: datetime, field: Field) -> NewSubscription:
        """Return the subscription as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        _check_money(self.price, (*field, "price"))
        _check_interval(self.interval, (*field, "interval"))
        if self.trial_ends_at is not None and self.trial_ends_at <= (self.started_at or now):
            message = "A trial ends after the subscription has started; leave this out where there is none."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "trialEndsAt"))
        return replace(
            self,
            customer=self.customer.cleaned((*field, "customer")),
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            plan_name=cleaned(self.plan_name, most=MEDIUM, field=(*field, "planName")),
            started_at=self.started_at or now,
        )

    def timeline(self, now: datetime, zone: ZoneInfo, field: Field) -> Timeline:
        """Return the first version's timeline."""
        start = self.started_at or now
        end = self.trial_ends_at or self.interval.after(start, zone)
        return Timeline(
            started_at=start,
            trial_ends_at=self.trial_ends_at,
            interval=self.interval,
            grace=self.grace,
            anchored_at=self.trial_ends_at or start,
            period_start=start,
            period_end=bounded(end, (*field, "interval")),
            changed_at=min(now, start),
            zone=zone,
        )

    def paid_at(self, now: datetime) -> datetime | None:
        """Return when the first period was paid, None where it is free or has not begun."""
        start = self.started_at or now
        return start if self.trial_ends_at is None and start <= now + CLOCK_TOLERANCE else None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A payment that carries a subscription on by one period.

    amount         None for the price
    period_end_at  end of the period that it pays for, None for one interval
    """

    made: ClassVar[str] = "RENEWED"
    amount: Amount | None = None
    paid_at: datetime | None = None
    period_end_at: datetime | None = None

    def checked(self, now: datetime) -> Renewal:
        if self.amount is not None:
            _check_money(self.amount, (*INPUT, "amount"))
        if self.paid_at is not None:
            check_past(self.paid_at, now, (*INPUT, "paidAt"))
        return self

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        at = timeline.changed(self.paid_at, now, (*INPUT, "paidAt"))
        timeline.require(at, RUNNING)
        start = timeline.due
        if timeline.cancel_at is not None:
            raise not_allowed("It is cancelled for a later moment; start a new one when it has ended.")
        if start is None:
            raise not_allowed("A pause without an end is planned for when a payment is due; resume it first.")
        # What a pause keeps from running is not paid for: after it, periods are counted anew.
        anchor = timeline.anchored_at if start == timeline.period_end else start
        usual = boundary_after(start, anchor=anchor, interval=timeline.interval, zone=timeline.zone)
        end = self.period_end_at or bounded(usual, SUBSCRIPTION_ID)
        if end <= start:
            message = f"The new period ends after the one before, so later than {start.isoformat()}."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*INPUT, "periodEndAt"))
        anchor = anchor if end == usual else end
        return replace(timeline, anchored_at=anchor, period_start=start, period_end=end, changed_at=at)


@dataclass(frozen=True, slots=True)
class Amendment:
    """Other terms: another plan, price or interval, None where it stays; a new interval counts from the next period."""

    made: ClassVar[str] = "CHANGED"
    plan_name: str | None = None
    price: Amount | None = None
    interval: Duration | None = None
    changed_at: datetime | None = None

    def checked(self, now: datetime) -> Amendment:
        if self.plan_name is None and self.price is None and self.interval is None:
            raise Rejection(UserErrorCode.BLANK, "Say what changes: planName, price or interval.", INPUT)
        if self.price is not None:
            _check_money(self.price, (*INPUT, "price"))
        if self.interval is not None:
            _check_interval(self.interval, (*INPUT, "interval"))
        if self.changed_at is not None:
            check_past(self.changed_at, now, (*INPUT, "changedAt"))
        return replace(self, plan_name=cleaned_or_none(self.plan_name, most=MEDIUM, field=(*INPUT, "planName")))

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        at = timeline.changed(self.changed_at, now, (*INPUT, "changedAt"))
        timeline.require(at, NOT_OVER)
        found = replace(timeline, changed_at=at)
        if self.interval in (None, timeline.interval):
            return found
        found = replace(found, interval=self.interval, anchored_at=timeline.period_end)
        if at >= timeline.started_at or timeline.trial_ends_at is not None:
            return found
        # Nothing of the first period has run yet.
        end = bounded(found.interval.after(timeline.started_at, timeline.zone), (*INPUT, "interval"))
        return replace(found, anchored_at=timeline.started_at, period_end=end)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The end of a subscription.

    cancel_at  None for the end of its period, or for now where that has passed
    """

    made: ClassVar[str] = "CANCELLED"
    reason: str
    comment: str | None = None
    cancel_at: datetime | None = None

    def checked(self, now: datetime) -> Cancellation:
        return replace(self, comment=cleaned_or_none(self.comment, most=LONG, field=(*INPUT, "comment")))

    def after(self, timeline: Timeline, now: datetime) -> Timeline:
        field = (*INPUT, "cancelAt")
        at = timeline.changed(self.cancel_at, now, field)
        timeline.require(at, NOT_OVER)
        end = max(at, self.cancel_at or timeline.period_end)
        if end < timeline.started_at:
            message = f"It has not begun; cancel it for when it would begin, {timeline.started_at.isoformat()}."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        last = timeline.lapses_at
        if last is not None and end > last:
            message = f"Unless it is renewed it ends at {last.isoformat()} already; choose an earlier moment."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
        return replace(timeline, cancel_at=end, changed_at=at)


def _check_money(amount: Amount, field: Field) -> None:
    check_amount(amount, field, digits=MINOR_DIGITS.get(amount.currency_code, 0))


def _check_interval(interval: Duration, field: Field) -> None:
    if not interval:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "A period has a length, such as P1M for a month.", field)


def bounded(end: datetime, field: Field) -> datetime:
    """Return the end of a period; raise Rejection where it is too far away."""
    if end >= _LATEST:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "The period would end after the year 2200.", field)
    return end
