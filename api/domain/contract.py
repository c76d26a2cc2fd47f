"""Contracts: signing, renewing and terminating them, and the terms that follow each other meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.domain.calendar import Duration
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.money import MINOR_DIGITS, Amount
from api.domain.purchase import CLOCK_TOLERANCE, check_amount, check_past
from api.domain.renewal import length_between, rolled_end
from api.domain.term import Term, check_not_before, check_order, shown
from api.domain.text import MEDIUM, SHORT, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

LATEST = datetime(2200, 12, 31, tzinfo=UTC)
"""No renewal reaches beyond it."""

_SHORTEST = Duration(days=1)


@dataclass(frozen=True, slots=True)
class NewContract:
    """What was agreed, with whom and for how long.

    value             of the whole term
    billing_interval  None where it is paid at once
    signed_at         None for now
    renewal_interval  how long a term is when it renews, None for as long as the first
    notice            how long before its end it must be given notice
    """

    customer: CustomerName
    external_id: ExternalKey | None
    number: str | None
    name: str
    value: Amount
    billing_interval: Duration | None
    starts_at: datetime | None
    ends_at: datetime | None
    signed_at: datetime | None
    auto_renew: bool
    renewal_interval: Duration | None
    notice: Duration

    def checked(self, now: datetime, zone: ZoneInfo, field: tuple[str, ...]) -> NewContract:
        """Return the contract as it is kept; raise Rejection where it cannot be, whatever the database holds.

        zone  in which months and days are counted
        """
        starts_at, ends_at = self._term(field)
        check_order(starts_at, ends_at, (*field, "term", "endAt"))
        if self.signed_at is not None:
            check_past(self.signed_at, now, (*field, "signedAt"))
        check_amount(self.value, (*field, "value"), digits=MINOR_DIGITS.get(self.value.currency_code, 0))
        if self.billing_interval is not None and not self.billing_interval:
            message = "Leave the interval out where the contract is paid at once."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, (*field, "billingInterval"))
        return replace(
            self,
            customer=self.customer.cleaned((*field, "customer")),
            external_id=self.external_id and self.external_id.cleaned((*field, "externalId")),
            number=cleaned_or_none(self.number, most=SHORT, field=(*field, "number")),
            name=cleaned(self.name, most=MEDIUM, field=(*field, "name")),
            signed_at=self.signed_at or now,
            renewal_interval=self._renewal(starts_at, ends_at, zone, (*field, "renewalInterval")),
        )

    def _term(self, field: tuple[str, ...]) -> tuple[datetime, datetime]:
        if self.starts_at is None or self.ends_at is None:
            part = "startAt" if self.starts_at is None else "endAt"
            raise Rejection(UserErrorCode.BLANK, "A contract has a start and an end.", (*field, "term", part))
        return self.starts_at, self.ends_at

    def _renewal(self, starts_at: datetime, ends_at: datetime, zone: ZoneInfo, field: tuple[str, ...]) -> Duration:
        given = self.renewal_interval
        found = length_between(starts_at, ends_at, zone) if given is None else given
        if (given is not None or self.auto_renew) and _SHORTEST.after(starts_at, zone) > found.after(starts_at, zone):
            raise Rejection(UserErrorCode.OUT_OF_RANGE, "A contract renews for a day or longer.", field)
        return found

    def first_version(self, now: datetime) -> dict[str, Any]:
        """Return what is kept of a checked contract; one that was signed or began in the past was agreed then."""
        signed_at, starts_at, ends_at = self.signed_at or now, self.starts_at or now, self.ends_at
        return {
            "source": self.external_id and self.external_id.source,
            "external_id": self.external_id and self.external_id.value,
            "name": self.name,
            "value": self.value.amount,
            "currency": self.value.currency_code,
            "billing_interval": self.billing_interval and str(self.billing_interval),
            "signed_at": signed_at,
            "starts_at": starts_at,
            "term_starts_at": starts_at,
            "term_ends_at": ends_at,
            "auto_renew": self.auto_renew,
            "renewal_interval": str(self.renewal_interval),
            "notice": str(self.notice),
            "ends_at": None if self.auto_renew else ends_at,
            "change": "SIGNED",
            "changed_at": min(now, signed_at, starts_at),
        }


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a contract goes on; end_at is None for one more term, value None for an unchanged one."""

    end_at: datetime | None
    value: Amount | None


@dataclass(frozen=True, slots=True)
class Termination:
    """How a contract ends early; terminate_at is None for as soon as notice allows."""

    terminate_at: datetime | None
    reason: str
    penalty: Amount | None

    def checked(self) -> Termination:
        """Return the termination as it is kept; raise Rejection where it cannot be, whatever the database holds."""
        return replace(self, reason=cleaned(self.reason, most=MEDIUM, field=("input", "reason")))


def term_of(newest: Mapping[str, Any]) -> Term:
    """Return when a contract holds, from its newest version."""
    terminated = newest["terminate_at"]
    early = terminated is not None and (newest["auto_renew"] or terminated < newest["term_ends_at"])
    return Term(newest["starts_at"], newest["ends_at"], early)


def committed_until(newest: Mapping[str, Any], moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the term that has been agreed at a moment, renewals by itself included."""
    ends_at: datetime = newest["term_ends_at"]
    return rolled_end(ends_at, newest["renewal_interval"], moment, zone) if newest["auto_renew"] else ends_at


def renewed(newest: Mapping[str, Any], renewal: Renewal, now: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Return what changes where a contract is renewed; raise Rejection where it cannot be."""
    if newest["terminate_at"] is not None:
        message = "This contract was terminated and cannot be renewed; sign a new one."
        raise Rejection(UserErrorCode.INVALID_STATE, message, ("input", "contractId"))
    if newest["ends_at"] is not None and newest["ends_at"] <= now:
        message = "This contract is over and cannot be renewed; sign a new one."
        raise Rejection(UserErrorCode.INVALID_STATE, message, ("input", "contractId"))
    starts_at = committed_until(newest, now, zone)
    ends_at = renewal.end_at or newest["renewal_interval"].after(starts_at, zone)
    if not starts_at < ends_at <= LATEST:
        message = f"A renewal ends after the term before it, which ends at {shown(starts_at)}, and by the year 2200."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, ("input", "endAt"))
    return {
        "value": newest["value"] if renewal.value is None else _in_its_currency(newest, renewal.value, "value"),
        "term_starts_at": starts_at,
        "term_ends_at": ends_at,
        "ends_at": None if newest["auto_renew"] else ends_at,
        "change": "RENEWED",
        "changed_at": max(newest["changed_at"], now),
    }


def terminated(newest: Mapping[str, Any], end: Termination, now: datetime, zone: ZoneInfo) -> dict[str, object]:
    """Return what changes where a contract is ended early; raise Rejection where it cannot be.

    An end that was set before and has not come can be moved.
    """
    if newest["terminate_at"] is not None and newest["terminate_at"] <= now:
        raise _over("This contract has been terminated already.")
    free = earliest_free(newest, now, zone)
    moment = free if end.terminate_at is None else end.terminate_at
    if not newest["auto_renew"]:
        _check_ends_before(moment, newest["term_ends_at"], now)
    check_not_before(moment, max(newest["starts_at"], newest["changed_at"]), ("input", "terminateAt"))
    # A caller's "now" may be a little behind ours.
    if end.penalty is None and moment < free - CLOCK_TOLERANCE:
        message = f"Notice allows {shown(free)} at the earliest; to end it before, say the penalty, which may be 0."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, ("input", "terminateAt"))
    return {
        "terminate_at": moment,
        "ends_at": moment,
        "termination_reason": end.reason,
        "penalty": None if end.penalty is None else _in_its_currency(newest, end.penalty, "penalty"),
        "change": "TERMINATED",
        "changed_at": max(newest["changed_at"], min(now, moment)),
    }


def earliest_free(newest: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a contract can end at the earliest without a penalty, if notice is given now."""
    by_notice = min(newest["notice"].after(now, zone), committed_until(newest, now, zone))
    earliest: datetime = max(by_notice, newest["starts_at"], newest["changed_at"])
    return earliest


def _check_ends_before(moment: datetime, planned: datetime, now: datetime) -> None:
    if moment >= planned and planned <= now:
        raise _over("This contract is over: its time was up.")
    if moment > planned:
        message = "The contract ends by itself before this moment."
        raise Rejection(UserErrorCode.OUT_OF_RANGE, message, ("input", "terminateAt"))


def _over(message: str) -> Rejection:
    return Rejection(UserErrorCode.INVALID_STATE, message, ("input", "contractId"))


def _in_its_currency(newest: Mapping[str, Any], amount: Amount, part: str) -> object:
    if amount.currency_code != newest["currency"]:
        message = "Amounts of a contract are in the currency of its value."
        raise Rejection(UserErrorCode.CURRENCY_MISMATCH, message, ("input", part, "currencyCode"))
    check_amount(amount, ("input", part), digits=MINOR_DIGITS[amount.currency_code])
    return amount.amount
