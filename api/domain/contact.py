"""Ways to reach a customer, in the one form in which they are kept and compared."""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from api.domain.countries import CODES
from api.errors import Rejection, UserErrorCode


def email(text: str, field: tuple[str, ...]) -> str:
    """Return an e-mail address with its domain in lower case; raise Rejection if it cannot be one."""
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise Rejection(UserErrorCode.INVALID, "This is not an e-mail address.", field) from None


def phone(text: str, field: tuple[str, ...]) -> str:
    """Return a phone number in the form +4930123456; raise Rejection if it cannot be one."""
    try:
        found = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        found = None
    if found is None or not phonenumbers.is_possible_number(found):
        raise Rejection(
            UserErrorCode.INVALID, "This is not a phone number with country code, such as +4930123456.", field
        )
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def country(text: str, field: tuple[str, ...]) -> str:
    """Return a two-letter country code in capitals; raise Rejection for one that ISO 3166 does not have."""
    found = text.strip().upper()
    if not text.isascii() or found not in CODES:
        raise Rejection(UserErrorCode.INVALID, "This is not a two-letter country code of ISO 3166, such as DE.", field)
    return found
