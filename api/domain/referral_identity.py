"""What tells people apart, and what makes a friend look like somebody who is there already."""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.postal_address import PostalAddress, doorway
from api.domain.referral_signals import MOST_AT_ONCE, mailbox


@dataclass(frozen=True, slots=True)
class Identity:
    """Ways in which one person is known: each e-mail and postal address, number and device that is theirs."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    devices: frozenset[bytes] = frozenset()
    addresses: frozenset[PostalAddress] = frozenset()

    def shared_with(self, other: Identity) -> list[str]:
        """Return the signs that it is the same person; addresses are the same that lead to one mailbox or doorway."""
        mailboxes = {mailbox(email) for email in self.emails} & {mailbox(email) for email in other.emails}
        found = {
            "SAME_EMAIL": mailboxes,
            "SAME_PHONE": self.phones & other.phones,
            "SAME_DEVICE": self.devices & other.devices,
            "SAME_ADDRESS": set(map(doorway, self.addresses)) & set(map(doorway, other.addresses)),
        }
        return [signal for signal, shared in found.items() if shared]


def signals(friend: Identity, *, around: Identity, above: Identity, lately: int) -> list[str]:
    """Return the signs that a friend who joins may be nobody new.

    around  the referrer, and other friends of theirs
    above   those by whom the referrer came, and whoever these came by
    lately  how many friends of the referrer have joined not long ago, this one left out
    """
    found, before = friend.shared_with(around), friend.shared_with(above)
    # A family may recommend from one to the next: that all of them live together closes no circle.
    if "SAME_ADDRESS" in before and "SAME_ADDRESS" not in found:
        found.append("SAME_ADDRESS")
    if set(before) - {"SAME_ADDRESS"}:
        found.append("CIRCLE")
    return [*found, "VELOCITY"] if lately >= MOST_AT_ONCE else found
