"""Search for words in names and addresses, served by trigram indexes."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import ColumnElement, Numeric, all_, and_, cast, func, literal_column

from api.errors import BadUserInput
from api.reads.relation import Expression, Row

SHORTEST_QUERY = 3


def relevance(row: Row) -> Expression:
    """Return how well a row fits the words searched for, between 0 and 1; exact, so that a cursor can hold it."""
    if row.search is None:
        return literal_column("0::numeric", Numeric)
    return cast(func.similarity(row.c.search_text, row.search), Numeric)


def words(query: str) -> list[str]:
    """Return the words of a query, longest first; raise BadUserInput if there is too little to find."""
    found = sorted(unicodedata.normalize("NFC", query).split(), key=len, reverse=True) or [""]
    if len(found[0]) < SHORTEST_QUERY:
        raise BadUserInput(f"`query` needs a word of at least {SHORTEST_QUERY} characters.")
    return found


def pattern(word: str) -> str:
    """Return a LIKE pattern that finds a word anywhere, its own wild cards taken literally."""
    return "%" + re.sub(r"([%_\\])", r"\\\1", word) + "%"


def matches(row: Row, longest: Expression, every: Expression) -> ColumnElement[bool]:
    """Return whether a row holds every word, in capitals or not; the longest alone lets the index narrow the rows.

    longest  pattern of the longest word
    every    patterns of all words, parted by blanks
    """
    # What the column holds was made small by the database, so the words are too: Python has rules of its own.
    patterns = func.string_to_array(func.lower(every), literal_column("' '"))
    return and_(row.c.search_text.like(func.lower(longest)), row.c.search_text.like(all_(patterns)))
