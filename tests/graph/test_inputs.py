"""Inputs are built as Strawberry builds them, only faster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLInputObjectType
from graphql.utilities import coerce_input_value
from strawberry.types.arguments import convert_argument

from api.graph.outcomes import plain
from api.graph.schema import executable, schema
from tests.writes.changes import batch, customer, line, one_purchase, purchase, refund

INPUTS: list[tuple[str, Any]] = [
    ("RecordPurchaseInput", one_purchase(line(name=None), line(category=None, durable=True, quantity=2))),
    ("RecordPurchaseInput", one_purchase(externalId=None, discount={"amount": "1.00", "currencyCode": "eur"})),
    ("RecordPurchaseInput", one_purchase(customer={"externalId": {"source": "crm", "value": "7"}}, dry_run=True)),
    ("RecordPurchasesInput", batch(purchase(), purchase(line(), line()), errorPolicy="REJECT_EVERYTHING")),
    ("RecordPurchasesInput", batch()),
    ("RecordRefundInput", refund("ord_1", "2.50", reason=None, refundedAt="2025-06-01T09:00:00+02:00")),
    ("SetCustomerInput", customer({"email": "a@b.c"}, kind="BUSINESS", tags=["a", "b"], phone=None, expected=3)),
    ("SetCustomerInput", customer({"phone": "+491"}, externalIds=[{"source": "crm", "value": "7"}], tags=[])),
    ("SetCustomerInput", customer({"phone": "+491"}, externalIds=None, tags=None)),
]


@pytest.mark.parametrize(("name", "value"), INPUTS)
def test_an_input_is_what_strawberry_makes_of_it(name, value, monkeypatch):
    named: Any = executable.type_map[name]
    definition = named.extensions["strawberry-definition"]
    coerced = coerce_input_value(value, named)
    given = (coerced, definition.origin, schema.schema_converter.scalar_registry, schema.config)
    ours: Any = convert_argument(*given)
    inputs = [type_ for type_ in executable.type_map.values() if isinstance(type_, GraphQLInputObjectType)]
    for each in inputs:
        assert each.extensions["strawberry-definition"].from_input is not None
        monkeypatch.setattr(each.extensions["strawberry-definition"], "from_input", None)
    theirs = convert_argument(*given)
    assert ours == theirs
    assert plain(ours) == plain(theirs)
    assert replace(ours, idempotency_key="another") != theirs
