"""What is said of a customer for the conditions of a segment: of each the customer's own value, in words.

A sentence says how the customer is, whichever way the condition asks, so that it is true below `not`, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, Numeric, Text, case, cast, func, null, select
from sqlalchemy.dialects.postgresql import array

from api.reads.business import business_currency, business_time_zone
from api.reads.consents import agreed_in_words
from api.reads.identity import Given
from api.reads.json import constant, money_amount, number
from api.reads.relation import Condition, Expression, Row
from api.reads.standing import stands_by
from api.reads.words import day_in, text

Fact = Callable[[Row, Given], Expression]

_REASONS = {
    "RECENT_PURCHASE": "a recent purchase",
    "LOYAL": "several purchases",
    "PAID_SUPPORT_PLAN": "a paid support plan",
    "PRODUCT_SUBSCRIPTION": "a subscription to a product",
    "SERVICE_SUBSCRIPTION": "a subscription to a service",
    "CONTRACT": "a contract",
}


def _said(before: str, value: Expression, behind: str, otherwise: str) -> Expression:
    """Return a sentence with a value in it, or another one where there is no value."""
    sentence = text(before).concat(cast(value, Text)).concat(text(behind))
    return func.coalesce(sentence, text(otherwise), type_=Text)


def _day(row: Row, moment: Expression) -> Expression:
    return day_in(func.coalesce(business_time_zone(), text("UTC"), type_=Text), moment)


def _money(row: Row, amount: Expression) -> Expression:
    currency = business_currency(row)
    return money_amount(amount, currency).concat(text(" ")).concat(currency)


def _kind(row: Row, given: Given) -> Expression:
    is_business = row.c.kind == constant("BUSINESS")
    return case((is_business, text("Buys for a business.")), else_=text("Buys privately."))


def _country(row: Row, given: Given) -> Expression:
    return _said("Is from the country ", row.c.country, ".", "Is from a country that is not known.")


def _tags(row: Row, given: Given) -> Expression:
    label = func.unnest(row.c.tags, type_=Text).column_valued("label")
    asked = label == func.any(given.parameter("texts"))
    shared = select(func.string_agg(label, text(", "), type_=Text)).where(asked).scalar_subquery()
    return _said("Has the label ", shared, ".", "Has none of the labels.")


def _created_at(row: Row, given: Given) -> Expression:
    return _said("Came on ", _day(row, row.c.created_at), ".", "")


def _last_purchase_at(row: Row, given: Given) -> Expression:
    return _said("Last bought on ", _day(row, row["stands_last_purchase_at"]), ".", "Has not bought yet.")


def _order_count(row: Row, given: Given) -> Expression:
    count = row["stands_order_count"]
    many = _said("Has placed ", func.nullif(count, number(0), type_=Integer), " orders.", "Has placed no order.")
    return case((count == number(1), text("Has placed 1 order.")), else_=many)


def _historic_net(row: Row, given: Given) -> Expression:
    return _said("Has brought ", _money(row, row["stands_historic_net"]), " so far.", "Has brought nothing so far.")


def _predicted_value(row: Row, given: Given) -> Expression:
    value = _money(row, row["stands_predicted_value"])
    unknown = "It is not known what is expected within twelve months."
    return _said("Is expected to bring ", value, " within twelve months.", unknown)


def _probability_active(row: Row, given: Given) -> Expression:
    share = func.round(cast(row["stands_probability_active"] * number(100), Numeric), type_=Numeric)
    unknown = "How likely something more comes within twelve months is not known."
    return _said("Something more comes within twelve months with a probability of ", share, " %.", unknown)


def _churn_band(row: Row, given: Given) -> Expression:
    band = func.lower(row["stands_churn_band"], type_=Text)
    unknown = "The risk that nothing more comes within twelve months is not known."
    return _said("The risk that nothing more comes within twelve months is ", band, ".", unknown)


def _is_active(row: Row, given: Given) -> Expression:
    return case((row["stands_active"], text("Counts as active.")), else_=text("Does not count as active."))


def _active_because(row: Row, given: Given) -> Expression:
    holding = [case((stands_by(row, code.lower()), text(_REASONS[code]))) for code in given.known()]
    reasons = func.nullif(func.concat_ws(text(" and "), *holding, type_=Text), text(""), type_=Text)
    return _said("Is active because of ", reasons, ".", "Is active for none of these reasons.")


def _active_until(row: Row, given: Given) -> Expression:
    is_active = case((row["stands_active"], text("Counts as active without an end.")))
    until = text("Counts as active until ").concat(_day(row, row["stands_until"])).concat(text("."))
    return func.coalesce(until, is_active, text("Does not count as active."), type_=Text)


def _lifecycle_stage(row: Row, given: Given) -> Expression:
    return _said("Is in the stage ", func.lower(row["lifecycle_stage"], type_=Text), ".", "Is in no stage.")


def _rfm_group(row: Row, given: Given) -> Expression:
    group = func.lower(func.replace(row["stands_rfm_group"], text("_"), text(" ")), type_=Text)
    return _said("Is in the group ", group, " by how lately, how often and for how much.", "Has not bought yet.")


def _nps_band(row: Row, given: Given) -> Expression:
    band = func.lower(row["nps_band"], type_=Text)
    return _said("Is a ", band, " by the latest score.", "Has not scored within twelve months.")


def _loyalty_enrolled(row: Row, given: Given) -> Expression:
    return case((row["loyalty_enrolled"], text("Collects points.")), else_=text("Does not collect points."))


def _loyalty_tier(row: Row, given: Given) -> Expression:
    return _said("Is in the tier ", row["loyalty_tier"], ".", "Is in no tier.")


def _has_marketing_consent(row: Row, given: Given) -> Expression:
    return _said("Agrees to be reached by ", agreed_in_words(row, given), ".", "Agrees to none of these ways.")


FACTS: Mapping[str, Fact] = {
    "kind": _kind,
    "country": _country,
    "tags": _tags,
    "createdAt": _created_at,
    "lastPurchaseAt": _last_purchase_at,
    "orderCount": _order_count,
    "historicNet": _historic_net,
    "predictedValue": _predicted_value,
    "probabilityActive": _probability_active,
    "churnBand": _churn_band,
    "isActive": _is_active,
    "activeBecause": _active_because,
    "activeUntil": _active_until,
    "lifecycleStage": _lifecycle_stage,
    "rfmGroup": _rfm_group,
    "npsBand": _nps_band,
    "loyaltyEnrolled": _loyalty_enrolled,
    "loyaltyTier": _loyalty_tier,
    "hasMarketingConsent": _has_marketing_consent,
}
"""What is said for each condition, by its name in the filter."""

OF_VALUES = frozenset({"tags", "activeBecause", "hasMarketingConsent"})
"""The conditions of which a sentence depends on what is asked for, too."""


def in_segment(name: Expression, is_member: Condition) -> Expression:
    """Return whether the customer is in a segment, in words."""
    within = case((is_member, text("Is in the segment ")), else_=text("Is not in the segment "))
    return within.concat(name).concat(text("."))


def listed(facts: Sequence[tuple[Expression, Condition | None]]) -> Expression:
    """Return sentences as a list: those with a condition only where it holds."""
    told = [sentence if when is None else case((when, sentence)) for sentence, when in facts]
    words: Any = array(told) if told else array([text("Everybody is in this segment.")])
    return func.array_remove(words, null(), type_=ARRAY(Text))
