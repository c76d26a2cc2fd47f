"""What customers can be divided by, so that each part has a model of its own; nothing here loads numpy."""

from __future__ import annotations

from enum import StrEnum


class SegmentBasis(StrEnum):
    """What parts of the customers have in common.

    KIND     how they buy: privately, or for a business
    COUNTRY  where they are from
    TAG      a label that the business has given them; who has several is in several parts
    """

    KIND = "KIND"
    COUNTRY = "COUNTRY"
    TAG = "TAG"
