"""Products that have been sold or named in a purchase."""

from __future__ import annotations

from api.reads.relation import Relation, Term
from api.reads.search import relevance
from api.tables import products as tables

products = Relation("products", tables.products, "product_id", "pro", recorded="recorded_at", order=(Term("name"),))
products.expression(relevance)
