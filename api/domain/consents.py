"""Whether a customer agrees to hear from the business: what can be recorded, and how it stands afterwards.

A decision is a fact, written once; whoever changes their mind decides anew. Where two customers turn out to be one,
what either took back is taken back, and what the one merged away agreed to counts for nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from api.domain.customer_name import CustomerName
from api.domain.purchase import check_past
from api.domain.text import MEDIUM, cleaned
from api.errors import Rejection, UserErrorCode

CHANNELS = ("EMAIL", "SMS", "PHONE", "POST")
"""The ways by which a business can reach a customer, in the order in which they are told."""

GRANTED, WITHDRAWN = "GRANTED", "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A decision to record.

    decided_at  None for now
    expires_at  until when the customer agreed; None for good
    source      where they said so, such as the form or the letter
    """

    customer: CustomerName
    channel: str
    decision: str
    decided_at: datetime | None
    expires_at: datetime | None
    source: str

    def checked(self, now: datetime, field: tuple[str, ...]) -> NewConsent:
        """Return the decision as it is kept, with its moment; raise Rejection where it cannot be."""
        if self.decided_at is not None:
            check_past(self.decided_at, now, (*field, "decidedAt"))
        decided_at = self.decided_at or now
        self._check_expiry(decided_at, (*field, "expiresAt"))
        return replace(
            self,
            customer=self.customer.cleaned((*field, "customer")),
            decided_at=decided_at,
            source=cleaned(self.source, most=MEDIUM, field=(*field, "source")),
        )

    def _check_expiry(self, decided_at: datetime, field: tuple[str, ...]) -> None:
        if self.expires_at is None:
            return
        if self.decision == WITHDRAWN:
            message = "A withdrawal holds until the customer agrees again; leave this out."
            raise Rejection(UserErrorCode.INVALID, message, field)
        if self.expires_at <= decided_at:
            message = "Consent ends after it was given; check expiresAt and decidedAt."
            raise Rejection(UserErrorCode.OUT_OF_RANGE, message, field)
