"""Referrals of the past in a table: one row for each friend who came, with who recommended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from api.database import Connection
from api.domain import file_rows
from api.domain.file_rows import Reason, RowRejected
from api.domain.identity import new_id
from api.domain.referral import CARRIED_OVER, JOINED
from api.domain.referral_code import chosen_code
from api.domain.referral_import import Told, judged
from api.errors import Rejection
from api.tables.referrals import referral_codes, referrals
from api.writes.importing.brought import Brought, change_on, staged_rows, waiting
from api.writes.importing.fields import NamedCells
from api.writes.importing.lines import Books
from api.writes.importing.staging import fetch, run
from api.writes.lookups import rows_text, sent
from api.writes.referral_joining import join_in_turn
from api.writes.standing import take_turns

_PEOPLE = ("referrer", "referred")
_STAGED = staged_rows("staged_referrals", _PEOPLE, Column("joined_at", DateTime(timezone=True)), Column("code", Text))
_ROWS = _STAGED.c
_MOMENT = DateTime(timezone=True)
_NEWEST = referrals.c.superseded_at.is_(None)
_NEW = {
    "referral": {"customer_id": Uuid, "referral_id": Uuid, "code": Text, "referred_id": Uuid, "joined_at": _MOMENT},
    "code": {"customer_id": Uuid, "code": Text, "referral_id": Uuid, "created_at": _MOMENT},
}
_REFUSED = {"row": BigInteger, "reason": Text}


def _read(row: NamedCells, books: Books) -> Mapping[str, object]:
    written = row.text("code")
    try:
        code = written and chosen_code(written, ())
    except Rejection:
        raise RowRejected(Reason.BAD_CODE) from None
    return {"joined_at": file_rows.moment(row.of("joined_at"), books.zone, now=books.now), "code": code}


def _came(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say whether the friend of a row came by a referral for which some conditions hold."""
    same = referrals.c.referred_id == _ROWS.referred_id
    return exists(select(literal_column("1")).where(same, _NEWEST, *which).correlate(_STAGED))


_CARRIED_OVER = and_(
    referrals.c.customer_id == _ROWS.referrer_id, referrals.c.status == literal_column(f"'{CARRIED_OVER}'")
)
_AS_TOLD = and_(
    referrals.c.joined_at == _ROWS.joined_at,
    or_(_ROWS.code.is_(None), referrals.c.code.is_not_distinct_from(_ROWS.code)),
)


async def _ready(connection: Connection, chunk: int) -> None:
    """Make everybody wait who joins, and the purchases of the friends."""
    friends = [row["referred_id"] for row in await fetch(connection, waiting(_STAGED), chunk=chunk)]
    change = await change_on(connection)
    await take_turns(change, friends)
    await join_in_turn(change, None)


async def _write(connection: Connection, rows: Sequence[Any]) -> Collection[int]:
    """Record the referrals that can be, with codes that are new, and say why others cannot."""
    told = [Told(row["referrer_id"], row["referred_id"], row["code"]) for row in rows]
    referrers = sorted({each.referrer for each in told})
    codes = await fetch(connection, _codes(), codes=[each.code for each in told], whose=referrers)
    came_by = await fetch(connection, _above(), whose=referrers)
    owners = {row["code"]: row["customer_id"] for row in codes}
    can_be, wrong = judged(told, {row["referred_id"]: row["customer_id"] for row in came_by}, owners)
    reasons = ((rows[place]["row"], why.name) for place, why in wrong.items())
    await run(connection, _refusals(), refused=rows_text(_REFUSED, reasons))
    good = [(rows[place], new_id()) for place in can_be]
    personal = {row["customer_id"] for row in codes if row["referral_id"] is None}
    await run(connection, _insertion(referral_codes, "code"), code=_new_codes(good, set(owners), personal))
    values = [(row["referrer_id"], key, row["code"], row["referred_id"], row["joined_at"]) for row, key in good]
    await run(connection, _insertion(referrals, "referral"), referral=rows_text(_NEW["referral"], values))
    return [row["row"] for row, _ in good]


def _new_codes(good: Sequence[tuple[Any, UUID]], known: set[str], personal: set[UUID]) -> str:
    """Return codes that are new: a referrer's first becomes their own, which others can join by from now on."""
    values = []
    for row, key in good:
        if row["code"] is not None and row["code"] not in known:
            is_own = row["referrer_id"] not in personal
            values.append((row["referrer_id"], row["code"], None if is_own else key, row["joined_at"]))
            known.add(row["code"])
            personal.add(row["referrer_id"])
    return rows_text(_NEW["code"], values)


def _insertion(table: Any, name: str) -> Any:
    given = sent(name, _NEW[name])
    values: dict[str, Any] = {column: given.c[column] for column in _NEW[name]}
    if table is referrals:
        at = given.c.joined_at
        values |= {"version": literal_column("1"), "status": literal_column(f"'{CARRIED_OVER}'")}
        values |= {"in_review": literal_column("false"), "change": literal_column(f"'{JOINED}'")}
        values |= {"created_at": at, "changed_at": at}
    return insert(table).from_select(list(values), select(*(value.label(f"new_{n}") for n, value in values.items())))


def _refusals() -> Any:
    given = sent("refused", _REFUSED)
    return update(_STAGED).where(_ROWS.row == given.c.row).values(reason=given.c.reason)


def _codes() -> Any:
    """Select the codes of a list, and those of their own that referrers have."""
    c = referral_codes.c
    own = and_(c.customer_id == any_(bindparam("whose", type_=ARRAY(Uuid))), c.referral_id.is_(None))
    return select(c.code, c.customer_id, c.referral_id).where(
        or_(c.code == any_(bindparam("codes", type_=ARRAY(Text))), own)
    )


def _above() -> Any:
    """Select by whom referrers came, and by whom these came, and so on."""
    r = referrals.c
    edge = select(r.referred_id, r.customer_id).where(_NEWEST)
    above = edge.where(r.referred_id == any_(bindparam("whose", type_=ARRAY(Uuid)))).cte("above", recursive=True)
    return select(above.union(edge.join(above, r.referred_id == above.c.customer_id)))


REFERRALS = Brought(
    counted="referrals",
    people=_PEOPLE,
    required=("joined_at",),
    optional=("source", "code"),
    read=_read,
    staged=_STAGED,
    is_known=_came(_CARRIED_OVER, _AS_TOLD),
    refused=(
        (_came(_CARRIED_OVER), Reason.CONFLICT),
        (_came(), Reason.ALREADY_REFERRED),
    ),
    ready=_ready,
    write=_write,
)
