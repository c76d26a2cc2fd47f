"""Made-up companies that business customers buy for; some belong to another one."""

from __future__ import annotations

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_NUMBER = 5
_EVERY = 8
_EMPLOYEES = 3
_GROUP = 5
_STRIDE = 733

_FAMILIES = _words(
    "Adler Amsel Bachmann Birkner Castell Dorn Ehlers Falk Feldmann Ginster Hagedorn Hollander Iversen Jasper Kranich"
    " Lindner Löwe Marten Nordmann Ostertag Pfeiffer Quast Rabe Reuter Sander Seidel Thaler Ulmer Velten Winter"
)
_TRADES = (
    "Bakery",
    "Bistro",
    "Books",
    "Café",
    "Catering",
    "Ceramics",
    "Florists",
    "Garden Design",
    "Guesthouse",
    "Hotels",
    "Interiors",
    "Joinery",
    "Kitchens",
    "Law Office",
    "Media",
    "Nurseries",
    "Orchards",
    "Roasters",
    "Tea Rooms",
    "Workshops",
)
_PLACES = _words("Berlin Bremen Köln Leipzig Wien Zürich London Leeds Paris Lyon Utrecht Milano Graz Basel Essen Kiel")


@dataclass(frozen=True, slots=True)
class Company:
    """A company; the `key` is its own for ever, `parent` the one it belongs to, which is always an earlier one."""

    key: int
    name: str
    parent: Company | None = None


def company_of(number: int) -> Company | None:
    """Return the company the customer with this number buys for: every eighth one buys for one, three for the same.

    >>> company_of(5) == company_of(13) == company_of(21), company_of(6)
    (True, None)
    """
    position, between = divmod(number - _FIRST_NUMBER, _EVERY)
    return company(position // _EMPLOYEES) if number >= _FIRST_NUMBER and between == 0 else None


def company(key: int) -> Company:
    """Return a company by its key; of each five the second and the third belong to the first."""
    place = key % _GROUP
    return Company(key, _name(key), company(key - place) if place in (1, 2) else None)


def _name(key: int) -> str:
    """Return a name no other key has: a family and a trade, with a place or a number when these are used up."""
    lap, position = divmod(key, len(_FAMILIES) * len(_TRADES))
    family, trade = divmod(position * _STRIDE % (len(_FAMILIES) * len(_TRADES)), len(_TRADES))
    name = f"{_FAMILIES[family]} {_TRADES[trade]}"
    if lap == 0:
        return name
    again, place = divmod(lap - 1, len(_PLACES))
    return f"{name} {_PLACES[place]}" if again == 0 else f"{name} {_PLACES[place]} {again + 1}"
