"""Where the money of a customer comes from."""

from __future__ import annotations

from enum import StrEnum


class Stream(StrEnum):
    """One kind of business with a customer."""

    ORDERS = "ORDERS"
    PRODUCT_SUBSCRIPTIONS = "PRODUCT_SUBSCRIPTIONS"
    SERVICE_SUBSCRIPTIONS = "SERVICE_SUBSCRIPTIONS"
    SUPPORT_PLANS = "SUPPORT_PLANS"
    CONTRACTS = "CONTRACTS"

    # That of members of enumerations is worked out in Python each time: they are keys for every term of every customer.
    __hash__ = str.__hash__
