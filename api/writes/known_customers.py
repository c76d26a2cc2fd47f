"""Who is a customer already: by what they bought or agreed to, or by the mailbox their mail goes to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, Uuid, bindparam, exists, func, literal_column, or_, select, union_all

from api.tables.contracts import contracts
from api.tables.customers import customers
from api.tables.orders import orders
from api.tables.subscriptions import subscriptions
from api.tables.support_plans import support_plans

_ONE: Any = literal_column("1")


def is_customer(customer_id: Any, *of_orders: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return whether somebody has bought, or has or had an agreement.

    of_orders  what must hold of an order for it to count
    """
    agreed = (subscriptions, support_plans, contracts)
    bought = exists(_ONE).where(orders.c.customer_id == customer_id, *of_orders)
    return or_(bought, *(exists(_ONE).where(table.c.customer_id == customer_id) for table in agreed))


def mailbox_is_known() -> ColumnElement[bool]:
    """Return whether somebody else who is a customer has the mailbox of a `friend`, or the one `invited` leads to.

    Either may be None. Whoever asks, all customers are compared: the answer is for the business alone.
    """
    friend = bindparam("friend", type_=Uuid)
    is_friend = or_(customers.c.customer_id == friend, customers.c.merged_into == friend)
    box = func.mailbox(customers.c.email).label("box")
    invited = select(func.mailbox(bindparam("invited", type_=Text)))
    boxes = union_all(select(box).where(is_friend), invited).subquery("boxes")
    other = customers.alias("other")
    survivor = func.coalesce(other.c.merged_into, other.c.customer_id)
    same = func.mailbox(other.c.email) == boxes.c.box
    found = select(_ONE).join_from(boxes, other, same)
    return exists(found.where(survivor.is_distinct_from(friend), is_customer(survivor)))
