"""Which media types a client takes, and which of ours it takes rather."""

from __future__ import annotations

import re
from functools import lru_cache

from api.errors import NotAcceptable

__all__ = ["GRAPHQL_JSON", "JSON", "answer_type"]

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
RANGES = {"*/*": 0, "application/*": 1, JSON: 2, GRAPHQL_JSON: 2}
"""What an Accept header can name that covers an answer of ours, and how closely it names it."""

_WEIGHT = re.compile(r"0(\.\d*)?|1(\.0*)?")
# Browsers send some 150 characters; a longer header is a list of things that are not ours.
LONGEST_HEADER = 1_000


@lru_cache(maxsize=64)
def answer_type(accepted: bytes) -> str:
    """Return the media type an Accept header weighs highest; raise NotAcceptable where it takes none of ours.

    Of two that weigh the same the one named more closely is meant, then the one named first; `application/json` is the
    answer to those who have no wish.

    >>> answer_type(b"application/graphql-response+json, application/json;q=0.9")
    'application/graphql-response+json'
    >>> answer_type(b"*/*"), answer_type(b"")
    ('application/json', 'application/json')
    """
    if not accepted.strip():
        return JSON
    ranges = _ranges(accepted[:LONGEST_HEADER].decode("latin-1").lower())
    weighed = {ours: _weight(ours, ranges) for ours in (JSON, GRAPHQL_JSON)}
    best = max(weighed, key=lambda ours: weighed[ours])
    if weighed[best][0] == 0:
        raise NotAcceptable(f"The answer is `{GRAPHQL_JSON}` or `{JSON}` in UTF-8; `Accept` takes neither.")
    return best


def _ranges(accepted: str) -> dict[str, tuple[float, int]]:
    """Return the weight and the place of what a header names, as far as it covers an answer of ours."""
    found: dict[str, tuple[float, int]] = {}
    for place, entry in enumerate(accepted.split(",")):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        if kind in RANGES and kind not in found and _is_utf8(parameters):
            found[kind] = (_q(parameters), -place)
    return found


def _weight(ours: str, ranges: dict[str, tuple[float, int]]) -> tuple[float, int, int]:
    """Return the weight of a type of ours by the closest range that covers it, how close that is, and its place."""
    for kind in (ours, "application/*", "*/*"):
        if kind in ranges:
            weight, place = ranges[kind]
            return weight, RANGES[kind], place
    return 0.0, 0, 0


def _is_utf8(parameters: list[str]) -> bool:
    named = [parameter.partition("=")[2].strip(' "') for parameter in parameters if parameter.startswith("charset")]
    return all(charset in ("utf-8", "utf8") for charset in named)


def _q(parameters: list[str]) -> float:
    """Return a weight from 0 to 1; what is no weight counts as 0, so that nothing is sent that was not asked for."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if _WEIGHT.fullmatch(value.strip()) else 0.0
    return 1.0
