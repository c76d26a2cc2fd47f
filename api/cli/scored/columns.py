"""Which columns of a file hold the customer, the day and the amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.errors import BadUserInput

NAMES: Mapping[str, tuple[str, ...]] = {
    "customer": ("customer", "customer_id", "id"),
    "date": ("date", "purchased_at", "placed_at", "timestamp"),
    "amount": ("amount", "value", "total"),
}
"""By which names each is known, in small letters, a blank being as good as an underscore."""


def found_columns(present: Sequence[str], wanted: Mapping[str, str | None]) -> tuple[str, str, str]:
    """Return the names of the columns of customer, date and amount; raise BadUserInput for none, or for several."""
    customer, date, amount = (_column(role, present, wanted[role]) for role in NAMES)
    if len({customer, date, amount}) < 3:
        raise BadUserInput("Customer, date and amount are in three columns, not in one.")
    return customer, date, amount


def _column(role: str, present: Sequence[str], named: str | None) -> str:
    names = [name for name in present if name == named or (named is None and _plain(name) in NAMES[role])]
    if len(names) == 1:
        return names[0]
    if names and len(set(names)) == 1:
        raise BadUserInput(f"There are {len(names)} columns called {names[0]}.")
    if names:
        raise BadUserInput(f"The {role} could be in {' or '.join(names)}; say in which with --{role} COLUMN.")
    there = ", ".join(present)
    if named is not None:
        raise BadUserInput(f"There is no column {named}; there are: {there}.")
    known = ", ".join(NAMES[role])
    raise BadUserInput(f"No column is called {known}; say which one holds the {role} with --{role}, of: {there}.")


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")
