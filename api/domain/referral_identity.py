"""What tells people apart, and what makes a friend look like somebody who is there already."""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.referral_signals import MOST_AT_ONCE, mailbox


@dataclass(frozen=True, slots=True)
class Identity:
    """Ways in which one person is known: each address, number and device that was ever theirs."""

    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    devices: frozenset[bytes] = frozenset()

    def shared_with(self, other: Identity) -> list[str]:
        """Return the signs that it is the same person; addresses are the same that lead to one mailbox."""
        mailboxes = {mailbox(email) for email in self.emails} & {mailbox(email) for email in other.emails}
        found = {
            "SAME_EMAIL": mailboxes,
            "SAME_PHONE": self.phones & other.phones,
            "SAME_DEVICE": self.devices & other.devices,
        }
        return [signal for signal, shared in found.items() if shared]


def signals(friend: Identity, *, around: Identity, above: Identity, lately: int) -> list[str]:
    """Return the signs that a friend who joins may be nobody new.

    around  the referrer, and other friends of theirs
    above   those by whom the referrer came, and whoever these came by
    lately  how many friends of the referrer have joined not long ago, this one left out
    """
    found = friend.shared_with(around)
    if friend.shared_with(above):
        found.append("CIRCLE")
    return [*found, "VELOCITY"] if lately >= MOST_AT_ONCE else found
