"""Made-up postal addresses: real towns, streets that every town has, and a few households that share one."""

from __future__ import annotations

from random import Random

from api.domain.population.identifiers import generator, one_of
from api.domain.postal_address import PostalAddress

SHARE = 0.55
"""Of customers whose address the shop knows."""
HOUSEHOLD_EVERY = 30
"""Each customer with such a number lives with the one before."""

_STREETS = {
    "DE": ("Lindenstraße {}", "Gartenweg {}", "Bahnhofstraße {}", "Am Markt {}", "Goethestraße {}"),
    "AT": ("Hauptstraße {}", "Schulgasse {}", "Feldgasse {}"),
    "CH": ("Dorfstrasse {}", "Seestrasse {}", "Rue du Lac {}"),
    "GB": ("{} Station Road", "{} Church Lane", "{} The Green"),
    "US": ("{} Maple Street", "{} Oak Avenue", "{} 2nd Street"),
    "FR": ("{} rue de l'Église", "{} place de la Mairie", "{} rue Pasteur"),
    "NL": ("Kerkstraat {}", "Dorpsstraat {}", "Molenweg {}"),
    "IT": ("Via Roma {}", "Via Garibaldi {}", "Corso Italia {}"),
}
_TOWNS = {
    "DE": (("Bonn", "NW", "53111"), ("Erfurt", "TH", "99084"), ("Bamberg", "BY", "96047"), ("Kiel", "SH", "24103")),
    "AT": (("Graz", None, "8010"), ("Linz", None, "4020")),
    "CH": (("Thun", "BE", "3600"), ("Zug", "ZG", "6300"), ("Nyon", "VD", "1260")),
    "GB": (("York", None, "YO1 7HH"), ("Bath", None, "BA1 1SU"), ("Stirling", None, "FK8 1AX")),
    "US": (("Ithaca", "NY", "14850"), ("Boulder", "CO", "80302"), ("Eugene", "OR", "97401")),
    "FR": (("Dijon", None, "21000"), ("Nantes", None, "44000")),
    "NL": (("Delft", None, "2611 GX"), ("Zwolle", None, "8011 CW")),
    "IT": (("Parma", None, "43121"), ("Lecce", None, "73100")),
}
_BUILDINGS = ("3rd floor", "Flat 2", "Rear building")


def drawn_address(name: str, country: str) -> PostalAddress | None:
    """Return the address of a customer, None where the shop does not know it."""
    draw = generator(f"{name}/address")
    return _address(draw, country) if draw.random() < SHARE else None


def household_address(name: str, country: str) -> PostalAddress:
    """Return the address that everybody of a household has."""
    return _address(generator(f"{name}/household"), country)


def _address(draw: Random, country: str) -> PostalAddress:
    city, province, postal_code = one_of(draw, _TOWNS[country])
    return PostalAddress(
        address1=one_of(draw, _STREETS[country]).format(1 + int(draw.random() * 90)),
        city=city,
        country_code=country,
        address2=one_of(draw, _BUILDINGS) if draw.random() < 0.15 else None,
        province_code=province,
        postal_code=postal_code,
    )


_OF_CHARACTERS = (
    PostalAddress("Lindenstraße 5", "Bonn", "DE", "3. Stock", "NW", "53111"),
    PostalAddress("12 Church Lane", "York", "GB", None, None, "YO1 7HH"),
    None,
    PostalAddress("Seestrasse 40", "Zug", "CH", "Conti Caffè", "ZG", "6300"),
    PostalAddress("Murgasse 11", "Graz", "AT", None, None, "8010"),
    PostalAddress("Am Wall 63", "Bremen", "DE", None, "HB", "28195"),
)


def address_of_character(number: int) -> PostalAddress | None:
    """Return the address of the character with this number, from 1; Clara has told nobody hers."""
    return _OF_CHARACTERS[number - 1]
