"""Text as it is kept: trimmed, in Unicode's composed form, of bounded length."""

from __future__ import annotations

import re
import unicodedata

from api.errors import Rejection, UserErrorCode

SHORT, MEDIUM, LONG = 64, 200, 2_000

# PostgreSQL cannot keep NUL, UTF-8 has no surrogates, other controls have no place in names and remarks, and overrides
# of the writing direction make one text look like another.
UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = {"Zs", "Zl", "Zp", "Cc", "Cf"}


def cleaned(text: str, *, most: int, field: tuple[str, ...]) -> str:
    """Return a text trimmed and composed; raise Rejection if it is empty, unreadable or longer than `most`."""
    found = unicodedata.normalize("NFC", text).strip()
    if UNWANTED.search(found):
        message = "This holds a character that cannot be kept, such as NUL or half of a surrogate pair."
        raise Rejection(UserErrorCode.INVALID, message, field)
    if all(unicodedata.category(character) in _INVISIBLE for character in found):
        raise Rejection(UserErrorCode.BLANK, "This must not be empty.", field)
    if len(found) > most:
        raise Rejection(UserErrorCode.TOO_LONG, f"This must not be longer than {most} characters.", field)
    return found


def cleaned_or_none(text: str | None, *, most: int, field: tuple[str, ...]) -> str | None:
    """Return a text cleaned, or None where there is none."""
    return None if text is None else cleaned(text, most=most, field=field)


_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def locale(text: str, field: tuple[str, ...]) -> str:
    """Return a language tag such as de-CH; raise Rejection for another form."""
    if not _LOCALE.fullmatch(text):
        raise Rejection(UserErrorCode.INVALID, "This is not a language tag such as de or de-CH.", field)
    return text
