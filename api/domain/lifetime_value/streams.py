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
