"""What a purchase or a refund did to a customer's points, as the payloads of both tell it."""

from typing import Any

import strawberry

from api.graph.active_status import CustomerPayload
from api.graph.declare import Reference
from api.graph.loyalty import LoyaltyAccount, LoyaltyEntry
from api.graph.outcomes import reference
from api.writes.change import Outcome
from api.writes.once import Recorded


@strawberry.type
class PointsPayload(CustomerPayload):
    loyalty_entries: list[LoyaltyEntry] = strawberry.field(
        description="The points that this moved, with what was owed and settled; none for who has no open account."
    )
    loyalty_account_before: LoyaltyAccount | None = strawberry.field(
        description=(
            "The points and the tier as they were without this change; customer.loyaltyAccount says them with it."
        )
    )


def points_moved(outcome: Outcome, recorded: Recorded) -> dict[str, Any]:
    """Return what a payload says of points: the entries that were made, and the account as it was known before."""
    made = [reference(LoyaltyEntry, outcome, name, recorded) for name in ("entry", "settlement") if name in outcome.ids]
    account = outcome.ids.get("account")
    before = account and Reference(LoyaltyAccount, account, known_at=recorded.begun_at, pinned=recorded.pinned)
    return {"loyalty_entries": made, "loyalty_account_before": before}
