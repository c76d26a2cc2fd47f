"""Points for purchases, in the transaction that records them: one or thousands cost the same handful of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, any_, bindparam, exists, func, literal_column, select, true

from api.database import Connection, prepare
from api.domain.loyalty.account import Account, earned
from api.domain.loyalty.earning import Program, Purchase, exact_points, lot_of
from api.domain.loyalty.posting import Cause, Posting
from api.reads.loyalty_tiers import tiers_before
from api.tables.loyalty import loyalty_accounts, loyalty_programs, loyalty_transactions
from api.tables.orders import order_lines, orders
from api.tables.products import products
from api.writes.loyalty_ledger import Locked, locked, post
from api.writes.loyalty_openings import is_opening
from api.writes.loyalty_programs import in_force_at, programs_with


def _purchases() -> Any:
    program = in_force_at(orders.c.placed_at, loyalty_programs.c.program_id).correlate(orders).lateral("program")
    account = loyalty_accounts.c
    columns = (orders.c.customer_id, orders.c.order_id, orders.c.placed_at, orders.c.gross, program.c.program_id)
    net = orders.c.business_gross - orders.c.business_discount
    same = (order_lines.c.customer_id == orders.c.customer_id) & (order_lines.c.order_id == orders.c.order_id)
    open_then = (account.opened_at <= orders.c.placed_at) & account.closed_at.is_(None)
    # What was bought before the moment of an opening balance is in it.
    in_opening = exists(
        select(literal_column("1"))
        .where(is_opening(loyalty_accounts), loyalty_transactions.c.occurred_at > orders.c.placed_at)
        .correlate(loyalty_accounts, orders)
    )
    return (
        select(*columns, net.label("net"), products.c.category, func.sum(order_lines.c.total).label("amount"))
        .select_from(orders)
        .join(loyalty_accounts, account.customer_id == orders.c.customer_id)
        .join(program, true())
        .join(order_lines, same)
        .join(products, products.c.product_id == order_lines.c.product_id)
        .where(orders.c.order_id == any_(bindparam("which", type_=ARRAY(Uuid))), open_then, ~in_opening)
        .group_by(*columns, net, products.c.category)
        .order_by(orders.c.placed_at, orders.c.order_id)
    )


_PURCHASES = prepare(_purchases())
_TIERS = prepare(tiers_before())


@dataclass(frozen=True, slots=True)
class Placed:
    """A purchase that may earn points: whose it is, which order, and the version of the program that judges it."""

    customer_id: UUID
    order_id: UUID
    program_id: UUID
    purchase: Purchase


async def earn(
    connection: Connection, zone: ZoneInfo, buyers: Iterable[UUID], order_ids: Sequence[UUID]
) -> dict[UUID, dict[str, UUID]]:
    """Post what orders earn that were added in this transaction, to those of their buyers' accounts that are open.

    Returns by order the `entry` that brought points, and the `settlement` that took some of them for what was owed.

    Who had no account when they bought, or bought before there was a program, earns nothing; nor does a purchase that
    is worth less than a point.
    """
    accounts = {key: found for key, found in (await locked(connection, buyers)).items() if not found.closed_at}
    placed = await _placed(connection, order_ids) if accounts else []
    programs = await programs_with(connection, [each.program_id for each in placed]) if placed else {}
    by_tiers = any(program.looks_at_tiers for program in programs.values())
    entries: dict[UUID, dict[str, UUID]] = {}
    for together in _rounds(placed) if by_tiers else [placed]:
        tiers = await _tiers(connection, together) if by_tiers else [None] * len(together)
        postings = []
        for each, tier in zip(together, tiers, strict=True):
            found, program = accounts[each.customer_id], programs[each.program_id]
            account, made = _earned(found, each, program, tier, zone)
            accounts[each.customer_id] = replace(found, account=account)
            postings += made
        moved = {posting.customer_id for posting in postings}
        posted = await post(connection, [accounts[key].account for key in moved], postings)
        entries |= _by_order(postings, posted)
    return entries


def _rounds(placed: Sequence[Placed]) -> list[list[Placed]]:
    """Return purchases in rounds, in each of which a customer has one: the points of one may lift the next."""
    rounds: list[list[Placed]] = []
    counts: dict[UUID, int] = defaultdict(int)
    for each in placed:
        if counts[each.customer_id] == len(rounds):
            rounds.append([])
        rounds[counts[each.customer_id]].append(each)
        counts[each.customer_id] += 1
    return rounds


async def _tiers(connection: Connection, placed: Sequence[Placed]) -> list[str | None]:
    """Return the code of each buyer's tier when they bought, before that purchase counted."""
    given = {
        "customer_ids": [each.customer_id for each in placed],
        "moments": [each.purchase.placed_at for each in placed],
    }
    found = {row["ord"]: row["code"] for row in await connection.fetch(_TIERS.sql, *_TIERS.values(given))}
    return [found.get(place) for place in range(1, len(placed) + 1)]


def _by_order(postings: Sequence[Posting], entries: Mapping[tuple[UUID, UUID], UUID]) -> dict[UUID, dict[str, UUID]]:
    orders_of = {each.cause.transaction_id: each.cause.source_id for each in postings if each.cause.source == "ORDER"}
    found: dict[UUID, dict[str, UUID]] = defaultdict(dict)
    for each in postings:
        entry = entries[each.cause.transaction_id, each.customer_id]
        if each.cause.source == "ORDER":
            found[each.cause.source_id]["entry"] = entry
        elif each.cause.source == "TRANSACTION":
            found[orders_of[each.cause.source_id]]["settlement"] = entry
    return found


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
    found: Locked, placed: Placed, program: Program, tier: str | None, zone: ZoneInfo
) -> tuple[Account, list[Posting]]:
    at, exact = placed.purchase.placed_at, exact_points(placed.purchase, program.rules, found.customer_kind, tier)
    lot = lot_of(placed.purchase, program, exact, zone)
    if lot.points == 0:
        return found.account, []
    return earned(found.account, Cause("EARN", "ORDER", placed.order_id, at, "Purchase", counts_from=at), lot)
