"""Taking back what a lot brought, of which some may be gone: nobody gives the same points back twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from uuid import UUID

from api.domain.loyalty.account import Account, Step, expired, taken_back
from api.domain.loyalty.posting import Cause


@dataclass(frozen=True, slots=True)
class Brought:
    """What a lot brought that is to be taken back, in whole or in part.

    points  how many it brought
    gone    how many of them were taken back before, or have expired
    kept    how many stay, because what brought them still holds in part
    """

    lot_id: UUID
    points: int
    gone: int
    kept: int = 0


class Reversal:
    """Takes points back for one change, which may do it several times; what goes meanwhile is remembered."""

    def __init__(self) -> None:
        self._gone: dict[UUID, int] = defaultdict(int)

    def after(self, account: Account, cause: Cause, brought: Brought, *, floor: int | None) -> Step:
        """Return an account after points were taken back that are not gone yet, and what is to be posted.

        floor  how far below zero the version of the program allows that is in force; None where none is
        """
        if floor is not None:
            # A new version may allow less than what is below zero already.
            account = replace(account, floor=min(floor, account.balance))
        account, over = expired(account, cause.at)
        for posting in over:
            for use in posting.used:
                self._gone[use.lot_id] += use.points
        due = max(brought.points - brought.gone - self._gone[brought.lot_id] - brought.kept, 0)
        account, taken = taken_back(account, cause, due, brought.lot_id)
        self._gone[brought.lot_id] += sum(posting.owed - posting.points for posting in taken)
        return account, [*over, *taken]
