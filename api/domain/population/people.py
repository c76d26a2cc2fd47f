"""Made-up people: plausible names, addresses that belong to nobody, and the companies some of them buy for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from unicodedata import normalize

from api.domain.population.companies import Company, company_of


@dataclass(frozen=True, slots=True)
class Country:
    """Where customers live; `phones` are beginnings of numbers kept for fiction, each with 1,000 endings."""

    code: str
    locale: str
    currency: str
    share: int
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What the shop knows of a customer beside the orders."""

    kind: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    country: str
    locale: str
    currency: str
    company: Company | None
    tags: tuple[str, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GERMAN_FIRST = _names(
    "Anna Lena Mia Emilia Johanna Katrin Ute Sabine Renate Claudia Jonas Felix Paul Lukas Moritz Stefan Jürgen Uwe Ali"
    " Tobias"
)
COUNTRIES = (
    Country(
        "DE",
        "de-DE",
        "EUR",
        45,
        _GERMAN_FIRST,
        _names(
            "Müller Schmidt Weber Wagner Becker Hoffmann Schäfer Koch Richter Klein Wolf Neumann Schwarz Krüger Yılmaz"
            " Lange Vogel Winkler Brandt Kühn"
        ),
        phones=("+493023125", "+496990009", "+494066969", "+492214710", "+498999998"),
    ),
    Country(
        "AT",
        "de-AT",
        "EUR",
        9,
        _GERMAN_FIRST,
        _names("Gruber Huber Bauer Wagner Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder Fischer Schmid"),
    ),
    Country(
        "CH",
        "de-CH",
        "CHF",
        7,
        _GERMAN_FIRST,
        _names("Meier Keller Frei Brunner Baumann Zimmermann Gerber Widmer Graf Suter Kunz Roth Favre Rossi Bianchi"),
    ),
    Country(
        "GB",
        "en-GB",
        "GBP",
        12,
        _names("Olivia Amelia Grace Ruby Priya Fiona Zainab Oliver Harry George Callum Rhys Imran Kwame Nigel"),
        _names("Smith Jones Taylor Brown Williams Wilson Evans Patel Khan Hughes Edwards Begum Campbell Murphy Shaw"),
        phones=("+447700900", "+442079460", "+441134960", "+441214960", "+441314960", "+441614960"),
    ),
    Country(
        "US",
        "en-US",
        "USD",
        8,
        _names("Emma Ava Sophia Madison Maria Keisha Linda Liam Noah Ethan Mason José Tyrone Wei Robert"),
        _names("Johnson Miller Davis Garcia Rodriguez Martinez Anderson Thomas Jackson Lee Nguyen Clark Lewis Young"),
    ),
    Country(
        "FR",
        "fr-FR",
        "EUR",
        8,
        _names("Camille Chloé Manon Inès Léa Aïcha Sylvie Lucas Hugo Louis Théo Mehdi Pierre François Gérard"),
        _names("Martin Bernard Dubois Durand Moreau Laurent Lefèvre Roux Fournier Girard Benali Mercier Chevalier"),
    ),
    Country(
        "NL",
        "nl-NL",
        "EUR",
        6,
        _names("Sanne Fleur Lotte Femke Ingrid Fatima Marijke Daan Sem Bram Thijs Jeroen Pieter Joost Mohammed"),
        _names("Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Koster Prins"),
    ),
    Country(
        "IT",
        "it-IT",
        "EUR",
        5,
        _names("Giulia Chiara Francesca Elisa Paola Lucia Marta Marco Luca Matteo Andrea Davide Paolo Giovanni Enzo"),
        _names("Ferrari Esposito Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa Giordano Mancini Lombardi"),
    ),
)
_ENDINGS = 1_000
_TAGS = (("newsletter", 0.4), ("gift-buyer", 0.12), ("workshop", 0.08), ("press", 0.01))


def profile(draw: Random, number: int) -> Profile:
    """Return the profile of the customer with this number, from 1; e-mail and phone are nobody else's."""
    country = _country(draw.random())
    first = country.first_names[int(draw.random() * len(country.first_names))]
    last = country.last_names[int(draw.random() * len(country.last_names))]
    company = company_of(number)
    return Profile(
        kind="BUSINESS" if company else "CONSUMER",
        first_name=first,
        last_name=last,
        email=_email(first, last, number) if draw.random() < 0.97 else None,
        phone=_phone(country, number) if draw.random() < 0.6 else None,
        country=country.code,
        locale=country.locale,
        currency=country.currency,
        company=company,
        tags=(*(("wholesale",) if company else ()), *(tag for tag, share in _TAGS if draw.random() < share)),
    )


def _country(chance: float) -> Country:
    rest = chance * sum(country.share for country in COUNTRIES)
    for country in COUNTRIES:
        rest -= country.share
        if rest < 0:
            return country
    return COUNTRIES[-1]


def _email(first: str, last: str, number: int) -> str:
    """Return an address in a domain that is reserved for examples."""
    plain = normalize("NFKD", f"{first}.{last}".replace("ı", "i")).encode("ascii", "ignore").decode().lower()
    return f"{plain}.{1000 + number}@example.{'org' if number % 3 == 0 else 'com'}"


def _phone(country: Country, number: int) -> str | None:
    """Return a number that is kept for fiction, or None where there are not enough of them."""
    position, ending = divmod(number, _ENDINGS)
    return f"{country.phones[position]}{ending:03}" if position < len(country.phones) else None
