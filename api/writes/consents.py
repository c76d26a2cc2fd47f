"""Recording whether customers agree to hear from the business."""

from __future__ import annotations

from sqlalchemy import bindparam, insert

from api.database import prepare
from api.domain.consents import NewConsent
from api.domain.identity import new_id
from api.tables.consents import marketing_consents
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customer_of

_INPUT = ("input", "consent")
_COLUMNS = ("customer_id", "consent_id", "channel", "decision", "decided_at", "expires_at", "source")
_ADD = prepare(insert(marketing_consents).values({name: bindparam(name) for name in _COLUMNS}))


async def record_consent(change: Change, given: NewConsent) -> list[Outcome]:
    """Record what a customer decided and return whose decision it is; raise Refused where it cannot be recorded."""
    with refusing():
        new = given.checked(change.now, _INPUT)
        whose = await customer_of(change, new.customer, (*_INPUT, "customer"))
    await change.rows(
        _ADD,
        customer_id=whose,
        consent_id=new_id(),
        channel=new.channel,
        decision=new.decision,
        decided_at=new.decided_at,
        expires_at=new.expires_at,
        source=new.source,
    )
    return [Outcome({"customer": whose})]
