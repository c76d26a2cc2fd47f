"""Why nothing is predicted of a customer, and what it would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from api.domain.lifetime_value.facts import FittedModel
from api.domain.lifetime_value.purchase_table import PurchaseTable


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
DATA_INVALID = PredictionUnavailable(
    Unavailable.DATA_INVALID,
    "The purchases on record cannot be right: some lie in the future or are worth less than nothing.",
    "Purchases that are put right.",
)


def refusals(
    known: PurchaseTable, model: FittedModel | None, currencies: tuple[str, str]
) -> Mapping[int, PredictionUnavailable]:
    """Return of which customers nothing is predicted, by their places, and why.

    currencies  in which the business reports, and in which the answer is wanted
    """
    sound, some, of_model = known.are_sound, known.bought | known.have_terms, _of_model(model, currencies)
    places = np.flatnonzero(~(sound & some)).tolist() if of_model is None else range(len(known))
    found = ((place, _refusal(sound[place], some[place], of_model)) for place in places)
    return {place: refused for place, refused in found if refused is not None}


def _of_model(model: FittedModel | None, currencies: tuple[str, str]) -> PredictionUnavailable | None:
    if model is None:
        return MODEL_NOT_FITTED
    return None if currencies == (model.currency, model.currency) else _other_currency(model.currency, *currencies)


def _refusal(sound: bool, some: bool, of_model: PredictionUnavailable | None) -> PredictionUnavailable | None:
    if not sound:
        return DATA_INVALID
    return of_model if some else NO_PURCHASES


def _other_currency(fitted_in: str, business: str, wanted: str) -> PredictionUnavailable:
    need = "A fit in the present currency: regulars fit."
    if fitted_in == business:
        need = f"The question without `currency`; inOtherCurrencies then says what renewals in {wanted} are to bring."
    message = f"The model was fitted to values in {fitted_in}, and nothing is converted."
    return PredictionUnavailable(Unavailable.OTHER_CURRENCY, message, need)
