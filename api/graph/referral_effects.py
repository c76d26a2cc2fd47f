"""What a purchase or a refund did to the referral by which the customer came, as the payloads of both tell it."""

from typing import Any

import strawberry

from api.graph.declare import Reference
from api.graph.outcomes import reference
from api.graph.referrals import Referral
from api.writes.change import Outcome
from api.writes.once import Recorded


@strawberry.type
class ReferralPayload:
    referral: Referral | None = strawberry.field(
        description="The referral that moved because of this; null for most, and where you may not see it."
    )
    referral_before: Referral | None = strawberry.field(
        description="That referral as it was without this change; null where there was none before."
    )


def referral_moved(outcome: Outcome, recorded: Recorded) -> dict[str, Any]:
    """Return what a payload says of a referral: as it is now, and as it was known before the change was recorded."""
    key = outcome.ids.get("referral")
    before = key and Reference(Referral, key, known_at=recorded.begun_at, pinned=recorded.pinned)
    return {"referral": reference(Referral, outcome, "referral", recorded), "referral_before": before}
