"""Products that have been sold or named in a purchase."""

from __future__ import annotations

from sqlalchemy import Numeric, cast, func, literal_column

from api.reads.relation import Expression, Relation, Row, Term
from api.tables import products as tables

products = Relation("products", tables.products, "product_id", "pro", recorded="recorded_at", order=(Term("name"),))


@products.expression
def relevance(row: Row) -> Expression:
    """Return how well the row fits the words searched for, between 0 and 1; exact, so that a cursor can hold it."""
    if row.search is None:
        return literal_column("0::numeric", Numeric)
    return cast(func.similarity(row.c.search_text, row.search), Numeric)
