"""Tables: what is kept, and what the database itself refuses.

Facts (orders, lines, refunds, exchange rates) are append-only: triggers refuse to change or delete them. Every
customer-owned table leads its primary key with `customer_id`, so that the data can be distributed by customer.
"""

from api.tables import business, customers, demo, idempotency, orders, products
from api.tables.schema import metadata

__all__ = ["business", "customers", "demo", "idempotency", "metadata", "orders", "products"]
