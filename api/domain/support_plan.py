"""Support plans: enrolling a customer, using the allowance, ending a plan early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import MINOR_DIGITS, Amount
from api.domain.purchase import check_amount, check_past
from api.domain.term import Term, TermStatus, check_not_before, check_order
from api.domain.text import LONG, MEDIUM, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

MOST_INCIDENTS = 1_000_000
MOST_AT_ONCE = 1_000
REFUNDED = "REFUNDED"
"""Why a plan ends whose order was paid back."""

_OVER = {
    TermStatus.SCHEDULED: "This plan has not begun.",
    TermStatus.EXPIRED: "This plan is over: its time was up.",
    TermStatus.CANCELLED: "This plan has been ended already.",
}


@dataclass(frozen=True, slots=True)
class NewSupportPlan:
    """A support plan to enroll a customer in.

    price               for the whole term, None where it is free
    starts_at           None for now
    ends_at             None for a plan without an end
    included_incidents  None for no limit
    order_line          identifier of the line of an order that the plan came with
    """

    customer: CustomerName
    external_id: ExternalKey | None
    plan_name: str
    paid: bool
    price: Amount | None
    starts_at: datetime | None
    ends_at: datetime | None
    included_incidents: int | None
    response_target: Duration | None
    order_line: str | None

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewSupportPlan:
        """Return the plan as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        starts_at = self.starts_at or now
        check_order(starts_at, self.ends_at, (*field, "term", "endAt"))
        self._check_price((*field, "price"))
        if self.included_incidents is not None:
            _check_count(self.included_incidents, 0, MOST_INCIDENTS, (*field, "includedIncidents"))
        if self.response_target is not None and not self.response_target:
            message = "Leave the response target out where none is promised."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "responseTarget"))
        return replace(
            self,
            customer=self.customer.cleaned((*field, "customer")),
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            plan_name=cleaned(self.plan_name, most=MEDIUM, field=(*field, "planName")),
            starts_at=starts_at,
        )

    def _check_price(self, field: tuple[str, ...]) -> None:
        if self.price is None:
            if self.paid:
                raise Rejection(UserErrorCode.BLANK, "A paid plan needs its price.", field)
            return
        if not self.paid:
            raise Rejection(UserErrorCode.INVALID, "A plan that is not paid for has no price; leave it out.", field)
        check_amount(self.price, field, digits=MINOR_DIGITS.get(self.price.currency_code, 0))
        if self.price.amount == 0:
            message = "A paid plan costs more than nothing; send paid: false for a free one."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "amount"))

    def first_version(self, now: datetime) -> dict[str, Any]:
        """Return what is kept of a checked plan; a plan that began in the past was agreed when it began."""
        starts_at = self.starts_at or now
        return {
            "source": self.external_id and self.external_id.source,
            "external_id": self.external_id and self.external_id.value,
            "plan_name": self.plan_name,
            "paid": self.paid,
            "price": self.price and self.price.amount,
            "currency": self.price and self.price.currency_code,
            "starts_at": starts_at,
            "term_ends_at": self.ends_at,
            "ends_at": self.ends_at,
            "included_incidents": self.included_incidents,
            "response_target": self.response_target and str(self.response_target),
            "change": "ENROLLED",
            "changed_at": min(now, starts_at),
        }


@dataclass(frozen=True, slots=True)
class NewSupportUse:
    """Incidents to take from the allowance of a plan; used_at is None for now."""

    incidents: int
    used_at: datetime | None
    note: str | None

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewSupportUse:
        """Return the use as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        _check_count(self.incidents, 1, MOST_AT_ONCE, (*field, "incidents"))
        if self.used_at is not None:
            check_past(self.used_at, now, (*field, "usedAt"))
        note = cleaned_or_none(self.note, most=LONG, field=(*field, "note"))
        return replace(self, note=note, used_at=self.used_at or now)


def term_of(newest: Mapping[str, Any]) -> Term:
    """Return when a plan holds, from its newest version."""
    return Term(newest["starts_at"], newest["ends_at"], early=newest["cancel_at"] is not None)


def check_in_force(newest: Mapping[str, Any], moment: datetime, field: tuple[str, ...]) -> None:
    """Raise Rejection where a plan does not hold at a moment."""
    found = term_of(newest).status(moment)
    if found is not TermStatus.ACTIVE:
        raise Rejection(UserErrorCode.INVALID_STATE, _OVER[found], field)


def check_left(newest: Mapping[str, Any], used: int, incidents: int, field: tuple[str, ...]) -> None:
    """Raise Rejection where fewer incidents are left than are to be used."""
    included = newest["included_incidents"]
    if included is not None and used + incidents > included:
        message = f"This is more than what is left of the allowance: {included - used} of {included}."
        raise Rejection(UserErrorCode.EXCEEDS_REMAINING, message, field)


def used_so_far(newest: Mapping[str, Any], incidents: int, now: datetime, field: tuple[str, ...]) -> datetime:
    """Return when incidents count as used of which only the number is told; raise Rejection where they cannot be.

    That is now, or the last moment at which the plan held.
    """
    ends_at = newest["ends_at"]
    moment = now if ends_at is None else min(now, max(newest["starts_at"], ends_at - timedelta(microseconds=1)))
    check_in_force(newest, moment, field)
    check_left(newest, 0, incidents, field)
    return moment


def cancelled(newest: Mapping[str, Any], cancel_at: datetime | None, reason: str, now: datetime) -> dict[str, object]:
    """Return what changes where a plan is ended early; raise Rejection where it cannot be.

    An end that was set before and has not come can be moved.

    cancel_at  None for now, or for its start where that is still to come: then it never holds
    """
    field, earliest = ("input", "cancelAt"), max(newest["starts_at"], newest["changed_at"])
    moment = max(now, earliest) if cancel_at is None else cancel_at
    if newest["cancel_at"] is not None and newest["cancel_at"] <= now:
        raise Rejection(UserErrorCode.INVALID_STATE, _OVER[TermStatus.CANCELLED], ("input", "enrollmentId"))
    planned = newest["term_ends_at"]
    if planned is not None and moment >= planned:
        if planned <= now:
            raise Rejection(UserErrorCode.INVALID_STATE, _OVER[TermStatus.EXPIRED], ("input", "enrollmentId"))
        raise Rejection(UserErrorCode.OUT_OF_RANGE, "The plan ends by itself before this moment.", field)
    check_not_before(moment, earliest, field)
    return _ended(newest, moment, reason, changed_at=max(newest["changed_at"], min(now, moment)))


def ended_with_order(newest: Mapping[str, Any], refunded_at: datetime) -> dict[str, object] | None:
    """Return what changes where the order that a plan came with was paid back, None where it had ended by then."""
    changed_at = max(refunded_at, newest["changed_at"])
    moment = max(changed_at, newest["starts_at"])
    if newest["ends_at"] is not None and newest["ends_at"] <= moment:
        return None
    return _ended(newest, moment, REFUNDED, changed_at=changed_at)


def _ended(newest: Mapping[str, Any], moment: datetime, reason: str, *, changed_at: datetime) -> dict[str, object]:
    return {
        "cancel_at": moment,
        "ends_at": moment,
        "cancellation_reason": reason,
        "change": "CANCELLED",
        "changed_at": changed_at,
    }


def _check_count(count: int, least: int, most: int, field: tuple[str, ...]) -> None:
    if not least <= count <= most:
        raise Rejection(UserErrorCode.OUT_OF_RANGE, f"This must lie between {least} and {most}.", field)
