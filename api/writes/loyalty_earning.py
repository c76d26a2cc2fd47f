"""Points for purchases, in the transaction that records them: one or thousands cost the same handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, select, true

from api.database import Connection, prepare
from api.domain.loyalty.account import Account, Cause, Posting, earned
from api.domain.loyalty.earning import Program, Purchase, exact_points, lot_of
from api.tables.loyalty import loyalty_accounts, loyalty_programs
from api.tables.orders import order_lines, orders
from api.tables.products import products
from api.writes.loyalty_ledger import locked, post
from api.writes.loyalty_programs import in_force_at, programs_with


def _purchases() -> Any:
    program = in_force_at(orders.c.placed_at, loyalty_programs.c.program_id).correlate(orders).lateral("program")
    account = loyalty_accounts.c
    columns = (orders.c.customer_id, orders.c.order_id, orders.c.placed_at, orders.c.gross, program.c.program_id)
    net = orders.c.business_gross - orders.c.business_discount
    same = (order_lines.c.customer_id == orders.c.customer_id) & (order_lines.c.order_id == orders.c.order_id)
    open_then = (account.opened_at <= orders.c.placed_at) & account.closed_at.is_(None)
    return (
        select(*columns, net.label("net"), products.c.category, func.sum(order_lines.c.total).label("amount"))
        .select_from(orders)
        .join(loyalty_accounts, account.customer_id == orders.c.customer_id)
        .join(program, true())
        .join(order_lines, same)
        .join(products, products.c.product_id == order_lines.c.product_id)
        .where(orders.c.order_id == any_(bindparam("which", type_=ARRAY(Uuid))), open_then)
        .group_by(*columns, net, products.c.category)
        .order_by(orders.c.placed_at, orders.c.order_id)
    )


_PURCHASES = prepare(_purchases())


@dataclass(frozen=True, slots=True)
class Placed:
    """A purchase that may earn points: whose it is, which order, and the version of the program that judges it."""

    customer_id: UUID
    order_id: UUID
    program_id: UUID
    purchase: Purchase


async def earn(connection: Connection, zone: ZoneInfo, buyers: Sequence[UUID], order_ids: Sequence[UUID]) -> None:
    """Post what orders earn that were added in this transaction, to those of their buyers' accounts that are open.

    Who had no account when they bought, or bought before there was a program, earns nothing; nor does a purchase
    that is worth less than a point.
    """
    accounts = await locked(connection, buyers)
    placed = await _placed(connection, order_ids) if accounts else []
    programs = await programs_with(connection, [each.program_id for each in placed]) if placed else {}
    state = {key: found.account for key, found in accounts.items()}
    postings: list[Posting] = []
    for each in placed:
        program, kind = programs[each.program_id], accounts[each.customer_id].customer_kind
        state[each.customer_id], made = _earned(state[each.customer_id], each, program, kind, zone)
        postings += made
    await post(connection, [state[key] for key in {posting.customer_id for posting in postings}], postings)


async def _placed(connection: Connection, order_ids: Sequence[UUID]) -> list[Placed]:
    rows = await connection.fetch(_PURCHASES.sql, *_PURCHASES.values({"which": sorted(order_ids)}))
    sums: dict[UUID, dict[str | None, Decimal]] = defaultdict(dict)
    for row in rows:
        sums[row["order_id"]][row["category"]] = row["amount"]
    return [_purchase(row, sums[row["order_id"]]) for row in {row["order_id"]: row for row in rows}.values()]


def _purchase(row: Any, by_category: dict[str | None, Decimal]) -> Placed:
    purchase = Purchase(row["placed_at"], by_category, row["gross"], row["net"])
    return Placed(row["customer_id"], row["order_id"], row["program_id"], purchase)


def _earned(
    account: Account, placed: Placed, program: Program, customer_kind: str, zone: ZoneInfo
) -> tuple[Account, list[Posting]]:
    at = placed.purchase.placed_at
    lot = lot_of(placed.purchase, program, exact_points(placed.purchase, program.rules, customer_kind, None), zone)
    if lot.points == 0:
        return account, []
    return earned(account, Cause("EARN", "ORDER", placed.order_id, at, "Purchase", counts_from=at), lot)
