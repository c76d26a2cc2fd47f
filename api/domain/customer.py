"""What to know about a customer: the rules that hold whatever the database keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from api.domain import contact
from api.domain.customer_name import ExternalKey
from api.domain.postal_address import PostalAddress
from api.domain.text import MEDIUM, SHORT, cleaned, locale
from api.errors import Rejection, UserErrorCode

MOST_TAGS = 50
MOST_EXTERNAL_IDS = 20

Field = tuple[str, ...]


def _name(value: str, field: Field) -> str:
    return cleaned(value, most=MEDIUM, field=field)


def _tags(values: list[str], field: Field) -> list[str]:
    _check_length(values, MOST_TAGS, field)
    found = [cleaned(value, most=SHORT, field=(*field, str(index))) for index, value in enumerate(values)]
    return list(dict.fromkeys(found))


def _external_ids(values: list[ExternalKey], field: Field) -> list[ExternalKey]:
    _check_length(values, MOST_EXTERNAL_IDS, field)
    found = [value.cleaned((*field, str(index))) for index, value in enumerate(values)]
    return list(dict.fromkeys(found))


def _check_length(values: list[Any], most: int, field: Field) -> None:
    if len(values) > most:
        raise Rejection(UserErrorCode.LIMIT_EXCEEDED, f"There are at most {most} of these.", field)


def _postal_address(value: PostalAddress, field: Field) -> PostalAddress:
    return value.cleaned(field)


def _kind(value: str, field: Field) -> str:
    return value


_RULES: Mapping[str, tuple[str, Callable[[Any, Field], Any]]] = {
    "kind": ("kind", _kind),
    "first_name": ("firstName", _name),
    "last_name": ("lastName", _name),
    "company_name": ("companyName", _name),
    "email": ("email", contact.email),
    "phone": ("phone", contact.phone),
    "country": ("country", contact.country),
    "locale": ("locale", locale),
    "postal_address": ("postalAddress", _postal_address),
    "external_ids": ("externalIds", _external_ids),
    "tags": ("tags", _tags),
}
_NEVER_EMPTY = {"kind": "CONSUMER", "tags": [], "external_ids": []}


def checked(given: Mapping[str, Any], field: Field) -> dict[str, Any]:
    """Return the given parts of a customer as they are kept; raise Rejection where one cannot be.

    given  any of kind, first_name, last_name, company_name, email, phone, country, locale, postal_address,
           external_ids, tags;
           None empties a part, and what is left out stays as it is
    """
    return {name: _checked(name, value, field) for name, value in given.items()}


def _checked(name: str, value: Any, field: Field) -> Any:
    label, rule = _RULES[name]
    if value is None:
        return _NEVER_EMPTY.get(name)
    return rule(value, (*field, label))
