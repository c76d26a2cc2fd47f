"""Contracts with customers."""

from __future__ import annotations

from api.reads.customers import customers
from api.reads.relation import Link, Relation, Term
from api.tables import contracts as tables

_CUSTOMER = ("customer_id", "customer_id")
_LATEST_FIRST = (Term("starts_at", descending=True),)

contracts = Relation(
    "contracts",
    tables.contracts,
    "contract_id",
    "con",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset({"signed_at", "starts_at", "term_starts_at", "term_ends_at", "terminate_at", "ends_at"}),
    order=_LATEST_FIRST,
)
customer_of_contract = Link(contracts, customers, (_CUSTOMER,))
contracts_of_customer = Link(customers, contracts, (_CUSTOMER,), order=_LATEST_FIRST)
