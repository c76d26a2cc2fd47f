"""Members of a points program in a table: one row for each, with the points they had at a moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on, insert

from api.database import Connection
from api.domain import file_rows, term_rows
from api.domain.file_rows import Reason, RowRejected
from api.domain.loyalty.account import added
from api.domain.loyalty.earning import Program
from api.domain.loyalty.posting import Cause, Lot, Posting
from api.tables.loyalty import loyalty_accounts, loyalty_lots, loyalty_programs, loyalty_transactions
from api.writes.importing.brought import Brought, change_on, staged_rows, undecided, waiting
from api.writes.importing.expressions import new_ids
from api.writes.importing.fields import NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.staging import fetch, run
from api.writes.loyalty_ledger import locked, post
from api.writes.loyalty_openings import OPENING, is_opening
from api.writes.loyalty_programs import in_force_at, programs_with
from api.writes.referral_points import give_waiting_points
from api.writes.standing import take_turns

_PEOPLE = ("customer",)
_STAGED = staged_rows(
    "staged_members",
    _PEOPLE,
    Column("points", BigInteger),
    *(Column(name, DateTime(timezone=True)) for name in ("balance_at", "joined_at", "expires_at")),
    Column("program_id", Uuid),
)
_ROWS = _STAGED.c
_CHUNK: ColumnElement[int] = bindparam("chunk", type_=BigInteger)


def _read(row: NamedCells, books: Books) -> Mapping[str, object]:
    points = term_rows.points(row.of("points"))
    at = file_rows.moment(row.of("balance_at"), books.zone, now=books.now)
    joined_at = term_rows.past(row.of("joined_at"), books.zone, now=books.now)
    expires_at = term_rows.planned(row.of("expires_at"), books.zone)
    if joined_at is not None and joined_at > at:
        raise RowRejected(Reason.BAD_TERM, "The customer joined after the moment of the balance.")
    if expires_at is not None and expires_at <= at:
        message = "The points had expired by the moment of the balance; give those that were left."
        raise RowRejected(Reason.BAD_TERM, message)
    return {"points": points, "balance_at": at, "joined_at": joined_at, "expires_at": expires_at}


_OPENED = loyalty_accounts.join(loyalty_transactions, is_opening(loyalty_accounts))


def _is_known() -> ColumnElement[bool]:
    """Say whether account and balance are recorded as a row has them; what it leaves out is not compared."""
    account, lot = loyalty_accounts.c, loyalty_lots.c
    made = and_(lot.customer_id == account.customer_id, lot.transaction_id == loyalty_transactions.c.transaction_id)
    told = ((account.opened_at, _ROWS.joined_at), (lot.expires_at, _ROWS.expires_at))
    same = [or_(said.is_(None), recorded.is_not_distinct_from(said)) for recorded, said in told]
    same += [lot.points == _ROWS.points, lot.available_at == _ROWS.balance_at]
    return _account(*same, source=_OPENED.join(loyalty_lots, made))


def _is_otherwise() -> ColumnElement[bool]:
    """Say whether an account was opened at another moment than told, or after that of the balance."""
    opened_at = loyalty_accounts.c.opened_at
    return or_(opened_at > _ROWS.balance_at, opened_at != _ROWS.joined_at)


def _account(*which: ColumnElement[bool], source: FromClause = loyalty_accounts) -> ColumnElement[bool]:
    """Say whether the customer of a row has an account for which some conditions hold."""
    mine = loyalty_accounts.c.customer_id == _ROWS.customer_id
    return exists(select(literal_column("1")).select_from(source).where(mine, *which).correlate(_STAGED))


async def _ready(connection: Connection, chunk: int) -> None:
    """Open the accounts that there are not yet, and lock them all, after the customers' turns."""
    which = [row["customer_id"] for row in await fetch(connection, waiting(_STAGED), chunk=chunk)]
    await take_turns(await change_on(connection), which)
    found = in_force_at(_ROWS.balance_at, loyalty_programs.c.program_id).scalar_subquery()
    await run(connection, update(_STAGED).where(_ROWS.chunk == _CHUNK).values(program_id=found), chunk=chunk)
    await run(connection, _accounts(), chunk=chunk)
    await locked(connection, which)


def _accounts() -> Any:
    """Return the insertion of accounts, in the order in which they are locked."""
    opened_at = func.coalesce(_ROWS.joined_at, _ROWS.balance_at)
    first = (
        select(_ROWS.customer_id, opened_at.label("opened_at"), loyalty_programs.c.floor)
        .join(loyalty_programs, loyalty_programs.c.program_id == _ROWS.program_id)
        .where(_ROWS.chunk == _CHUNK, undecided(_STAGED))
        .ext(distinct_on(_ROWS.customer_id))
        .order_by(_ROWS.customer_id, _ROWS.row)
        .subquery()
    )
    rows = select(first.c.customer_id, new_ids(), first.c.opened_at, first.c.floor).order_by(first.c.customer_id)
    into = ["customer_id", "account_id", "opened_at", "floor"]
    return insert(loyalty_accounts).from_select(into, rows).on_conflict_do_nothing(index_elements=["customer_id"])


async def _write(connection: Connection, rows: Sequence[Any]) -> Collection[int]:
    """Post the opening balances, one for a customer, and what has waited for the accounts."""
    rows = list({row["customer_id"]: row for row in reversed(rows)}.values())
    which = [row["customer_id"] for row in rows]
    change = await change_on(connection)
    accounts = await locked(connection, which)
    programs = await programs_with(connection, [row["program_id"] for row in rows])
    postings, after = list[Posting](), []
    for row in rows:
        found = accounts[row["customer_id"]]
        lot = _lot(row, programs[row["program_id"]], change.business.time_zone)
        cause = Cause(*OPENING, found.account_id, row["balance_at"], "Opening balance")
        account, made = added(found.account, cause, lot)
        after.append(account)
        postings += made
    await post(connection, after, postings)
    await give_waiting_points(change, which)
    return [row["row"] for row in rows]


def _lot(row: Any, program: Program, zone: ZoneInfo) -> Lot:
    at = row["balance_at"]
    return Lot(row["points"], row["points"], at, row["expires_at"] or program.expiry(at, zone))


LOYALTY = Brought(
    counted="members",
    people=_PEOPLE,
    required=("points", "balance_at"),
    optional=("source", "joined_at", "expires_at"),
    read=_read,
    staged=_STAGED,
    is_known=_is_known(),
    refused=(
        (_account(source=_OPENED), Reason.CONFLICT),
        (_account(loyalty_accounts.c.closed_at.is_not(None)), Reason.ACCOUNT_CLOSED),
        (_account(loyalty_accounts.c.entries > literal_column("0")), Reason.HAS_POINTS),
        (_account(_is_otherwise()), Reason.CONFLICT),
        (~exists(in_force_at(_ROWS.balance_at, loyalty_programs.c.program_id)), Reason.NO_PROGRAM),
    ),
    ready=_ready,
    write=_write,
)
