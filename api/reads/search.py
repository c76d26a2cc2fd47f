"""Search for words in names and addresses, served by trigram indexes."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, all_, and_

from api.errors import BadUserInput
from api.reads.relation import Expression, Row

SHORTEST_QUERY = 3


def words(query: str) -> list[str]:
    """Return the words of a query in lower case, longest first; raise BadUserInput if there is too little to find."""
    found = sorted(re.split(r"\s+", query.strip().lower()), key=len, reverse=True)
    if len(found[0]) < SHORTEST_QUERY:
        raise BadUserInput(f"`query` needs a word of at least {SHORTEST_QUERY} characters.")
    return found


def pattern(word: str) -> str:
    """Return a LIKE pattern that finds a word anywhere, its own wild cards taken literally."""
    return "%" + re.sub(r"([%_\\])", r"\\\1", word) + "%"


def matches(row: Row, longest: Expression, every: Expression) -> ColumnElement[bool]:
    """Return whether a row holds every word; the longest one alone lets the index narrow the rows."""
    return and_(row.c.search_text.like(longest), row.c.search_text.like(all_(every)))
