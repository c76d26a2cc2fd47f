"""Signs that a referral may be a fraud: evidence for whoever looks at it, never a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

WEIGHTS = {
    "SAME_EMAIL": 0.6,
    "KNOWN_MAILBOX": 0.6,
    "SAME_PHONE": 0.6,
    "SAME_DEVICE": 0.4,
    "SAME_ADDRESS": 0.3,
    "CIRCLE": 0.5,
    "VELOCITY": 0.3,
}
"""How strong each sign is. One household shares a device and an address, and one good day brings many friends: those
are evidence only together with another sign, while a shared mailbox or number is rarely innocent."""

HELD_FROM = 0.5
"""The sum of weights from which a referral waits until somebody has looked at it."""

MOST_AT_ONCE = 5
"""So many friends of one referrer may join within `AT_ONCE` before that is a sign."""
AT_ONCE = timedelta(days=1)

_REASONS = {
    "SAME_EMAIL": "SHARED_IDENTITY",
    "KNOWN_MAILBOX": "ALREADY_CUSTOMER",
    "SAME_PHONE": "SHARED_IDENTITY",
    "SAME_DEVICE": "SHARED_IDENTITY",
    "SAME_ADDRESS": "SHARED_IDENTITY",
    "CIRCLE": "SELF_REFERRAL",
    "VELOCITY": "VELOCITY",
}
# Providers that deliver to one mailbox whatever stands between the letters, and behind a plus.
_IGNORE_DOTS = {"gmail.com", "googlemail.com"}
_IGNORE_TAGS = _IGNORE_DOTS | {
    *("outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "fastmail.com", "proton.me", "protonmail.com")
}
_SAME = {"googlemail.com": "gmail.com", "protonmail.com": "proton.me"}


def mailbox(email: str) -> str:
    """Return the mailbox an address leads to, so that two spellings of one can be told to be the same.

    >>> mailbox("Ada.Berger+shop@GoogleMail.com"), mailbox("Ada.Berger+shop@example.com")
    ('adaberger@gmail.com', 'ada.berger+shop@example.com')
    """
    local, _, domain = email.strip().lower().rpartition("@")
    if domain in _IGNORE_TAGS:
        local = local.partition("+")[0]
    if domain in _IGNORE_DOTS:
        local = local.replace(".", "")
    return f"{local}@{_SAME.get(domain, domain)}"


def is_held(signals: Iterable[str]) -> bool:
    """Return whether signs together are strong enough to hold a referral for review.

    >>> is_held(["SAME_EMAIL"]), is_held(["VELOCITY"])
    (True, False)
    """
    return sum(WEIGHTS[signal] for signal in signals) >= HELD_FROM


def reasons(signals: Sequence[str]) -> list[str]:
    """Return why a referral with signs does not count once somebody has decided so.

    >>> reasons(["SAME_EMAIL", "SAME_DEVICE", "VELOCITY"])
    ['SHARED_IDENTITY', 'VELOCITY']
    """
    return list(dict.fromkeys(_REASONS[signal] for signal in signals))
