"""Made-up contracts with customers who buy for a company."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from api.domain.calendar import Duration, parse_duration
from api.domain.contract import NewContract, Renewal, Termination, renewed, terminated
from api.domain.money import Amount
from api.domain.population.agreed import SOMEBODY, ZONE, Version, between, changed, price, recorded
from api.domain.population.identifiers import one_of

SHARE = 0.6
SCHEDULED_SHARE, TERMINATED_SHARE, RENEWED_SHARE = 0.12, 0.16, 0.6
_REASONS = ("The office has moved", "Another supplier was cheaper", "The branch was closed")
_DAY = timedelta(days=1)
_NO_NOTICE = Duration()
_UNENDED = {"terminate_at": None, "termination_reason": None, "penalty": None}


@dataclass(frozen=True, slots=True)
class Deal:
    """What is agreed for a term, worth so many cents of the euro; it renews by itself, or is over after its term."""

    name: str
    cents: int
    term: Duration
    billing: Duration | None
    auto_renew: bool
    notice: Duration = _NO_NOTICE


OFFICE_TEA = Deal("Office tea supply", 118_800, Duration(12), Duration(1), auto_renew=True, notice=Duration(3))
MACHINE_LEASE = Deal("Coffee machine lease", 216_000, Duration(24), Duration(1), auto_renew=True, notice=Duration(3))
KNIFE_SERVICE = Deal("Knife service", 96_000, Duration(12), Duration(3), auto_renew=False)
TASTINGS = Deal("Tastings for guests", 42_000, Duration(6), None, auto_renew=False)
DEALS = (OFFICE_TEA, OFFICE_TEA, MACHINE_LEASE, KNIFE_SERVICE, KNIFE_SERVICE, TASTINGS)


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract with its versions, the first one first."""

    versions: tuple[Version, ...]


class Course:
    """A contract on its way, from change to change."""

    def __init__(
        self, deal: Deal, currency: str, *, signed_at: datetime, starts_at: datetime, recorded_at: datetime
    ) -> None:
        agreed = NewContract(
            customer=SOMEBODY,
            external_id=None,
            number=None,
            name=deal.name,
            value=price(deal.cents, currency, signed_at),
            billing_interval=deal.billing,
            starts_at=starts_at,
            ends_at=deal.term.after(starts_at, ZONE),
            signed_at=signed_at,
            auto_renew=deal.auto_renew,
            renewal_interval=deal.term,
            notice=deal.notice,
        )
        self._versions = [Version(_UNENDED | agreed.first_version(signed_at), recorded_at)]

    @property
    def newest(self) -> Version:
        """The newest version."""
        return self._versions[-1]

    @property
    def ends_at(self) -> datetime | None:
        """When it is over if nothing else happens, None while it renews by itself."""
        found: datetime | None = self.newest.values["ends_at"]
        return found

    @property
    def value(self) -> Amount:
        """What is agreed for a term."""
        return Amount(self.newest.values["value"], self.newest.values["currency"])

    def renew(self, at: datetime, recorded_at: datetime) -> None:
        """Agree on one more term at a moment."""
        self._follow(renewed(self._known(), Renewal(end_at=None, value=None), at, ZONE), recorded_at)

    def terminate(self, termination: Termination, at: datetime, recorded_at: datetime) -> None:
        """End it early, as decided at a moment; raise Rejection where a real contract would not allow it."""
        self._follow(terminated(self._known(), termination.checked(), at, ZONE), recorded_at)

    def done(self) -> Contract:
        """Return the contract as far as it has come."""
        return Contract(tuple(self._versions))

    def _known(self) -> dict[str, object]:
        """Return the newest version with lengths of time as what they are."""
        values = dict(self.newest.values)
        return values | {name: parse_duration(values[name]) for name in ("renewal_interval", "notice")}

    def _follow(self, values: dict[str, object], recorded_at: datetime) -> None:
        self._versions.append(changed(self.newest, values, recorded_at))


def drawn_contracts(draw: Random, currency: str, since: datetime, until: datetime) -> tuple[Contract, ...]:
    """Return the contract of a business customer who came at a moment; some have none."""
    if draw.random() >= SHARE:
        return ()
    deal, ahead = one_of(draw, DEALS), draw.random() < SCHEDULED_SHARE
    signed_at = between(draw, max(since + _DAY, until - 30 * _DAY) if ahead else since + _DAY, until)
    starts_at = signed_at + _DAY * (30 + int(draw.random() * 60) if ahead else int(draw.random() * 21))
    known_at = recorded(draw, signed_at, before=None, until=until)
    course = Course(deal, currency, signed_at=signed_at, starts_at=starts_at, recorded_at=known_at)
    _go_on(draw, course, starts_at, until)
    return (course.done(),)


def _go_on(draw: Random, course: Course, starts_at: datetime, until: datetime) -> None:
    """Let a contract be renewed, as long as both want it, or be ended early."""
    while (ends_at := course.ends_at) and ends_at < until and draw.random() < RENEWED_SHARE:
        at = ends_at - _DAY * (5 + int(draw.random() * 40))
        course.renew(at, recorded(draw, at, before=course.newest.recorded_at, until=until))
    first = max(starts_at, course.newest.values["changed_at"])
    at = between(draw, first, min(course.ends_at or until, until))
    if draw.random() < TERMINATED_SHARE and first < at < until and (course.ends_at or until) > at:
        known_at = recorded(draw, at, before=course.newest.recorded_at, until=until)
        course.terminate(_termination(draw, course.value, at), at, known_at)


def _termination(draw: Random, value: Amount, at: datetime) -> Termination:
    """Return an end with a penalty at once, or one without as soon as notice allows."""
    reason = one_of(draw, _REASONS)
    if draw.random() < 0.5:
        return Termination(None, reason, None)
    return Termination(at, reason, replace(value, amount=(value.amount * 15 / 100).quantize(value.amount)))
