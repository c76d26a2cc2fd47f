"""Why customers end what they pay for."""

from __future__ import annotations

OTHER = "OTHER"
REASONS = (
    "TOO_EXPENSIVE",
    "MISSING_FEATURE",
    "UNUSED",
    "QUALITY",
    "SWITCHED",
    "PAYMENT_FAILED",
    "REFUNDED",
    OTHER,
)
"""The reasons there are, in the order of the schema."""
