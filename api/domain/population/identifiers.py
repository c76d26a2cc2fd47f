"""Identifiers and generators that follow from what they belong to, so that every machine makes the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RANDOM_BITS = (1 << 12) - 1, (1 << 62) - 1


def derived_id(moment: datetime, name: str) -> UUID:
    """Return the UUIDv7 of a moment whose random bits are a digest of the name.

    >>> derived_id(datetime(2026, 1, 1, tzinfo=UTC), "7/5/order/1").hex[:13]
    '019b76daa8007'
    """
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    digest = int.from_bytes(blake2b(name.encode(), digest_size=10).digest(), "big")
    high, low = digest & _RANDOM_BITS[0], (digest >> 12) & _RANDOM_BITS[1]
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def generator(name: str) -> Random:
    """Return a generator of its own for a name; what one generator draws never moves what another one draws."""
    return Random(name)  # noqa: S311 (a simulation that must repeat itself, not a secret)


def one_of(draw: Random, choices: Sequence[T]) -> T:
    """Return one of the choices, each as likely as the others."""
    return choices[int(draw.random() * len(choices))]
