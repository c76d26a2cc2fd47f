"""Where letters reach a customer, as it is kept, and as two spellings of one address are told to be the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from api.domain import contact
from api.domain.text import MEDIUM, SHORT, cleaned, cleaned_or_none
from api.errors import Rejection, UserErrorCode

Field = tuple[str, ...]

_PROVINCE = re.compile(r"[A-Z0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A postal address.

    address1       street and number, address2 what else the post needs, such as a floor
    province_code  as behind the hyphen in ISO 3166-2, such as BY in DE-BY
    country_code   two letters of ISO 3166-1
    """

    address1: str
    city: str
    country_code: str
    address2: str | None = None
    province_code: str | None = None
    postal_code: str | None = None

    def cleaned(self, field: Field) -> PostalAddress:
        """Return the address as it is kept; raise Rejection where a part of it cannot be."""
        return PostalAddress(
            address1=cleaned(self.address1, most=MEDIUM, field=(*field, "address1")),
            city=cleaned(self.city, most=MEDIUM, field=(*field, "city")),
            country_code=contact.country(self.country_code, (*field, "countryCode")),
            address2=cleaned_or_none(self.address2, most=MEDIUM, field=(*field, "address2")),
            province_code=_province(self.province_code, (*field, "provinceCode")),
            postal_code=cleaned_or_none(self.postal_code, most=SHORT, field=(*field, "postalCode")),
        )


def _province(code: str | None, field: Field) -> str | None:
    if code is None:
        return None
    found = code.strip().upper()
    if not _PROVINCE.fullmatch(found):
        message = "This is not the part of a code of ISO 3166-2 behind the hyphen, such as BY in DE-BY."
        raise Rejection(UserErrorCode.INVALID, message, field)
    return found


def doorway(address: PostalAddress) -> str:
    """Return what two spellings of one address have in common: letters and digits, without accents and capitals.

    The postal code stands for the city, which has many spellings, unless there is none. Abbreviations stay what they
    are: Hauptstr. is not Hauptstraße.

    >>> doorway(PostalAddress("Rue de l'Église 5", "Paris", "FR", postal_code="75 015"))
    'fr|75015|ruedeleglise5'
    >>> doorway(PostalAddress("RUE DE L EGLISE", "PARIS XV", "FR", "5", postal_code="75015"))
    'fr|75015|ruedeleglise5'
    """
    lines = f"{address.address1} {address.address2 or ''}"
    return "|".join(_plain(part) for part in (address.country_code, address.postal_code or address.city, lines))


def _plain(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if each.isalnum())
