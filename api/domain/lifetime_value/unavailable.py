"""Why nothing is predicted of a customer, and what it would take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from api.domain.lifetime_value.facts import FittedModel, PurchaseFacts


class Unavailable(StrEnum):
    """Why nothing is predicted."""

    NO_PURCHASES = "NO_PURCHASES"
    MODEL_NOT_FITTED = "MODEL_NOT_FITTED"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    DATA_INVALID = "DATA_INVALID"


@dataclass(frozen=True, slots=True)
class PredictionUnavailable:
    """Why nothing is predicted, in a word and a sentence, and what it would take."""

    code: Unavailable
    message: str
    need: str


NO_PURCHASES = PredictionUnavailable(
    Unavailable.NO_PURCHASES, "The customer has not bought anything that was kept.", "A purchase."
)
MODEL_NOT_FITTED = PredictionUnavailable(
    Unavailable.MODEL_NOT_FITTED,
    "No model had been fitted to purchases up to that moment.",
    "At least 50 customers with purchases, then: regulars fit.",
)
OTHER_CURRENCY = PredictionUnavailable(
    Unavailable.OTHER_CURRENCY,
    "The model was fitted when the business reported in another currency.",
    "A fit in the present currency: regulars fit.",
)
DATA_INVALID = PredictionUnavailable(
    Unavailable.DATA_INVALID,
    "The purchases on record cannot be right: some lie in the future or are worth less than nothing.",
    "Purchases that are put right.",
)


def refusal(facts: PurchaseFacts, model: FittedModel | None, currency: str) -> PredictionUnavailable | None:
    """Return why nothing is predicted of a customer, None where something is; `currency` is that of the business."""
    if not facts.is_sound:
        return DATA_INVALID
    if facts.days == 0 and not facts.terms:
        return NO_PURCHASES
    if model is None:
        return MODEL_NOT_FITTED
    return OTHER_CURRENCY if model.currency != currency else None
