"""Made-up subscriptions, taken from change to change by the rules for real ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from api.domain.calendar import Duration
from api.domain.money import Amount
from api.domain.population.agreed import SOMEBODY, ZONE, between, end_of, price, recorded
from api.domain.population.identifiers import one_of
from api.domain.subscription import Amendment, Cancellation, NewSubscription, Renewal
from api.domain.subscription_pauses import Pause, Resumption
from api.domain.subscription_timeline import Step, Timeline


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be subscribed to, for how many cents of the euro a period."""

    kind: str
    plan_name: str
    cents: int
    interval: Duration
    trial: Duration | None = None


TEA_OF_THE_MONTH = Offer("PRODUCT", "Tea of the month", 1990, Duration(1))
COFFEE_OF_THE_MONTH = Offer("PRODUCT", "Coffee of the month", 2490, Duration(1))
TEA_OF_THE_SEASON = Offer("PRODUCT", "Tea chest of the season", 5900, Duration(3))
SHARPENING = Offer("SERVICE", "Tool sharpening", 2490, Duration(3), trial=Duration(days=30))
KNIFE_CARE = Offer("SERVICE", "Knife care", 990, Duration(1), trial=Duration(days=14))
GOODS = (TEA_OF_THE_MONTH, TEA_OF_THE_MONTH, COFFEE_OF_THE_MONTH, TEA_OF_THE_SEASON)
SERVICES = (SHARPENING, SHARPENING, KNIFE_CARE)

GOODS_SHARE, SERVICES_SHARE, TRIAL_SHARE = 0.2, 0.1, 0.6
_CANCELLED, _PAUSED, _AMENDED = 0.04, 0.035, 0.02
_LATE, _UNPAID = 0.08, 0.02
_REASONS = ("TOO_EXPENSIVE", "UNUSED", "UNUSED", "QUALITY", "SWITCHED", "OTHER")
_COMMENTS = {"TOO_EXPENSIVE": "The shop around the corner is cheaper.", "UNUSED": "The cupboard is full."}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment for a period."""

    amount: Amount
    period_start: datetime
    period_end: datetime
    paid_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionVersion:
    """A subscription as one change leaves it; `change` says which kind of change that is."""

    change: str
    timeline: Timeline
    plan_name: str
    price: Amount
    recorded_at: datetime
    cancellation_reason: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription with its versions, the first one first, and the payments for its periods."""

    kind: str
    versions: tuple[SubscriptionVersion, ...]
    payments: tuple[Paid, ...]


class Course:
    """A subscription on its way, from change to change."""

    def __init__(self, offer: Offer, currency: str, started_at: datetime, recorded_at: datetime) -> None:
        new = NewSubscription(
            customer=SOMEBODY,
            external_id=None,
            kind=offer.kind,
            plan_name=offer.plan_name,
            price=price(offer.cents, currency, started_at),
            interval=offer.interval,
            started_at=started_at,
            trial_ends_at=end_of(started_at, offer.trial),
        )
        self._kind = offer.kind
        timeline = new.timeline(started_at, ZONE, ())
        self._versions = [SubscriptionVersion("STARTED", timeline, new.plan_name, new.price, recorded_at)]
        self._payments: list[Paid] = []
        if paid_at := new.paid_at(started_at):
            self._pay(new.price, paid_at, recorded_at)

    @property
    def newest(self) -> SubscriptionVersion:
        """The newest version."""
        return self._versions[-1]

    @property
    def due(self) -> datetime | None:
        """When the next payment is due; None where none will be, or nobody knows when a pause ends."""
        return None if self.newest.timeline.cancel_at else self.newest.timeline.due

    def take(self, step: Step, at: datetime, recorded_at: datetime) -> None:
        """Take one step further at a moment; raise Rejection where a real subscription would not allow it."""
        after, recorded_at = step.checked(at).after(self.newest.timeline, at), max(recorded_at, self.newest.recorded_at)
        made = replace(self.newest, change=step.made, timeline=after, recorded_at=recorded_at)
        match step:
            case Amendment(price=Amount() as other):
                made = replace(made, price=other)
            case Cancellation():
                made = replace(made, cancellation_reason=step.reason, comment=step.comment)
        self._versions.append(made)
        if isinstance(step, Renewal):
            self._pay(made.price, at, recorded_at)

    def renew_until(self, last: datetime) -> None:
        """Pay on the minute whatever falls due before a moment."""
        while (due := self.due) and due < last:
            self.take(Renewal(paid_at=due), due, due + timedelta(seconds=40))

    def done(self) -> Subscription:
        """Return the subscription as far as it has come."""
        return Subscription(self._kind, tuple(self._versions), tuple(self._payments))

    def _pay(self, paid: Amount, paid_at: datetime, recorded_at: datetime) -> None:
        timeline = self.newest.timeline
        self._payments.append(Paid(paid, timeline.period_start, timeline.period_end, paid_at, recorded_at))


def drawn_subscriptions(draw: Random, currency: str, since: datetime, until: datetime) -> tuple[Subscription, ...]:
    """Return what a customer who came at a moment has subscribed to before the end: mostly nothing."""
    offers = []
    if draw.random() < GOODS_SHARE:
        offers.append(one_of(draw, GOODS))
    if draw.random() < SERVICES_SHARE:
        offer = one_of(draw, SERVICES)
        offers.append(offer if draw.random() < TRIAL_SHARE else replace(offer, trial=None))
    return tuple(_drawn(draw, offer, currency, between(draw, since + _DAY, until), until) for offer in offers)


def _drawn(draw: Random, offer: Offer, currency: str, start: datetime, until: datetime) -> Subscription:
    course = Course(offer, currency, start, recorded(draw, start, before=None, until=until))
    while _lasted(draw, course, until) and _renewed(draw, course, until):
        pass
    return course.done()


def _lasted(draw: Random, course: Course, until: datetime) -> bool:
    """Draw what happens within a period; return whether it goes on after that."""
    timeline, chance = course.newest.timeline, draw.random()
    at = between(draw, timeline.changed_at, timeline.period_end)
    if at >= until or at >= timeline.period_end or chance >= _CANCELLED + _PAUSED + _AMENDED:
        return True
    if chance < _CANCELLED:
        reason = one_of(draw, _REASONS)
        at_once = at if draw.random() < 0.3 else None
        _take(draw, course, Cancellation(reason, _COMMENTS.get(reason), at_once), at, until)
        return False
    if chance < _CANCELLED + _PAUSED:
        return _paused(draw, course, at, until)
    dearer = course.newest.price
    raised = replace(dearer, amount=(dearer.amount * 11 / 10).quantize(dearer.amount))
    _take(draw, course, Amendment(price=raised), at, until)
    return True


def _paused(draw: Random, course: Course, at: datetime, until: datetime) -> bool:
    """Pause for some weeks, half of the times without saying for how many; return whether it goes on."""
    resume_at = at + _DAY * (14 + int(draw.random() * 50))
    planned = draw.random() < 0.5
    _take(draw, course, Pause(resume_at=resume_at if planned else None), at, until)
    if planned or resume_at >= until:
        return planned
    _take(draw, course, Resumption(), resume_at, until)
    return True


def _renewed(draw: Random, course: Course, until: datetime) -> bool:
    """Pay what is due, mostly at once; return whether that has happened before the end."""
    due, chance, late = course.due, draw.random(), draw.random()
    if due is None or chance < _UNPAID:
        return False
    paid_at = due + (_DAY * (1 + int(late * 12)) if chance < _UNPAID + _LATE else timedelta(seconds=int(late * 90)))
    if paid_at >= until:
        return False
    _take(draw, course, Renewal(paid_at=paid_at), paid_at, until)
    return True


def _take(draw: Random, course: Course, step: Step, at: datetime, until: datetime) -> None:
    course.take(step, at, recorded(draw, at, before=course.newest.recorded_at, until=until))
