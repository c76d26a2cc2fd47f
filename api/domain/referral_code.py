"""Codes by which friends are told apart: short enough to read out, too many to be guessed."""

from __future__ import annotations

import re
from secrets import choice

from api.errors import Rejection, UserErrorCode

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Digits and capitals without those that look like another: 0 and O, 1, I and L."""

LENGTH = 10
"""Of a new code: 31 to the power of 10, so that a million codes leave one guess in 800 million right."""

_FORM = re.compile("[A-Z0-9]{6,24}")
_BETWEEN = re.compile(r"[\s-]")


def new_code() -> str:
    """Return a code that nobody can foresee."""
    return "".join(choice(LETTERS) for _ in range(LENGTH))


def code(text: str) -> str:
    """Return a code as it is kept: in capitals, without the blanks and hyphens that people put between its letters.

    >>> code(" k7qf2-mwx9r ")
    'K7QF2MWX9R'
    """
    return _BETWEEN.sub("", text).upper()


def chosen_code(text: str, field: tuple[str, ...]) -> str:
    """Return a code that somebody made up as it is kept; raise Rejection where it cannot be one."""
    found = code(text)
    if not _FORM.fullmatch(found):
        message = "A code has 6 to 24 letters and digits, such as SPRING2026."
        raise Rejection(UserErrorCode.INVALID, message, field)
    return found
