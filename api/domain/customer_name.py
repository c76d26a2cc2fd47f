"""Ways to name a customer, and identifiers given by other systems."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from api.domain import contact
from api.domain.identity import parse_id
from api.domain.text import MEDIUM, SHORT, cleaned
from api.errors import Rejection, UserErrorCode

CUSTOMER_PREFIX = "cus"


@dataclass(frozen=True, slots=True)
class ExternalKey:
    """An identifier given by another system."""

    source: str
    value: str

    def cleaned(self, field: tuple[str, ...]) -> ExternalKey:
        """Return the identifier as it is kept; raise Rejection where it cannot be one."""
        return ExternalKey(source(self.source, (*field, "source")), value(self.value, (*field, "value")))


def source(text: str, field: tuple[str, ...]) -> str:
    """Return the name of another system as it is kept."""
    return cleaned(text, most=SHORT, field=field)


def value(text: str, field: tuple[str, ...]) -> str:
    """Return an identifier within another system as it is kept."""
    return cleaned(text, most=MEDIUM, field=field)


@dataclass(frozen=True, slots=True)
class CustomerName:
    """Exactly one way to name a customer; `key` is what a well-formed `id` holds."""

    id: str | None = None
    key: UUID | None = None
    external_id: ExternalKey | None = None
    email: str | None = None
    phone: str | None = None

    def cleaned(self, field: tuple[str, ...]) -> CustomerName:
        """Return the name in the form in which names are kept; raise Rejection where it cannot name anybody."""
        if self.id is not None:
            return replace(self, key=_key(self.id, (*field, "id")))
        if self.external_id is not None:
            return replace(self, external_id=self.external_id.cleaned((*field, "externalId")))
        if self.email is not None:
            return replace(self, email=contact.email(self.email, (*field, "email")))
        return replace(self, phone=contact.phone(self.phone or "", (*field, "phone")))


def _key(identifier: str, field: tuple[str, ...]) -> UUID:
    parsed = parse_id(identifier)
    if parsed is None or parsed[0] != CUSTOMER_PREFIX:
        raise Rejection(UserErrorCode.INVALID, "This is not the identifier of a customer.", field)
    return parsed[1]
