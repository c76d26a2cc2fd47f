"""What must hold of referrals and of what was given for them, worked out again from their rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal_column, not_, or_, select, true, union_all

from api.reads.apart import apart
from api.reads.calendar import later_here
from api.reads.loyalty_lots import expired_of
from api.reads.relation import Condition, Expression
from api.tables.loyalty import loyalty_accounts, loyalty_entries, loyalty_lots, loyalty_transactions
from api.tables.orders import orders
from api.tables.referrals import SIDES, referral_codes, referral_programs, referral_rewards, referrals

_ONE: Expression = literal_column("1")
_NEWEST = referrals.c.superseded_at.is_(None)


def _text(word: str) -> Expression:
    return literal_column(f"'{word}'")


def _referred_twice() -> Select[Any]:
    r = referrals.c
    ways = func.count(r.referral_id.distinct())
    twice = select(r.referred_id).where(r.referred_id.is_not(None)).group_by(r.referred_id).having(ways > _ONE)
    return select(func.count()).select_from(twice.subquery("twice"))


def _circles() -> Select[Any]:
    """Return how many friends came, over however many others, by themselves."""
    r = referrals.c
    by = select(r.referred_id, r.customer_id).where(r.referred_id.is_not(None)).distinct().cte("came_by")
    above = select(by.c.referred_id.label("friend"), by.c.customer_id.label("above")).cte("above", recursive=True)
    step = select(above.c.friend, by.c.customer_id).join(by, by.c.referred_id == above.c.above)
    above = above.union(step)
    return select(func.count()).select_from(above).where(above.c.friend == above.c.above)


def _rewards() -> Select[Any]:
    """Return how many rewards are missing, or are others than the program promises to a side of what counts."""
    r, program, reward = referrals.c, referral_programs.c, referral_rewards.c
    has_counted = and_(r.status == _text("QUALIFIED"), not_(r.in_review))
    of_referral = (r.referral_id, r.customer_id, r.referred_id, r.program_id)
    counted = select(*of_referral).where(has_counted).distinct().subquery("counted")
    names = ("referral_id", "customer_id", "referred_id", "side", "recipient_id", "points", "money", "currency")
    sides = []
    for side, recipient in zip(SIDES, (counted.c.customer_id, counted.c.referred_id), strict=True):
        points, money = (program[f"{side.lower()}_{kind}"] for kind in ("points", "money"))
        promised = (points, money, case((money.is_not(None), program.currency)))
        whose = (counted.c.referral_id, counted.c.customer_id, counted.c.referred_id, _text(side), recipient)
        columns = [value.label(name) for name, value in zip(names, (*whose, *promised), strict=True)]
        found = select(*columns).join(referral_programs, program.program_id == counted.c.program_id)
        sides.append(found.where(or_(points.is_not(None), money.is_not(None))))
    promised_rows = union_all(*sides).subquery("promised")
    return apart(select(promised_rows), select(*[reward[name] for name in names]))


def _transaction(kind: str) -> tuple[Any, Condition]:
    """Return transactions of a kind, with the condition that one is that of a reward."""
    found = loyalty_transactions.alias()
    same = and_(found.c.source == referral_rewards.c.side, found.c.source_id == referral_rewards.c.referral_id)
    return found, and_(found.c.kind == _text(kind), same)


def _points() -> Select[Any]:
    """Return how many rewards in points are not on the account of who gets them as their referral says."""
    reward, account = referral_rewards.c, loyalty_accounts.c
    given, is_given = _transaction("EARN")
    taken, is_taken = _transaction("REVERSE")
    entry, lot = loyalty_entries.c, loyalty_lots.alias("lot")
    whose = (lot.c.customer_id == reward.recipient_id, lot.c.transaction_id == given.c.transaction_id)
    is_on_account = and_(
        entry.transaction_id == given.c.transaction_id,
        entry.customer_id == reward.recipient_id,
        entry.number.is_not(None),
    )
    posted = exists(_ONE).where(is_on_account, entry.points == reward.points)
    loss = loyalty_entries.alias("loss").c
    of_taking = (loss.transaction_id == taken.c.transaction_id, loss.customer_id == reward.recipient_id)
    within = exists(_ONE).where(*of_taking, loss.number.is_not(None), loss.owed - loss.points <= lot.c.points)
    counts, is_reversed = (referrals.c.status == _text(status) for status in ("QUALIFIED", "REVERSED"))
    was_given, was_taken = given.c.transaction_id.is_not(None), taken.c.transaction_id.is_not(None)
    is_open = and_(account.customer_id.is_not(None), account.closed_at.is_(None))
    wrong = or_(
        and_(was_given, not_(posted)),
        and_(reward.points.is_not(None), counts, is_open, not_(was_given)),
        # What expired unspent is not taken back.
        and_(is_reversed, is_open, was_given, not_(was_taken), lot.c.points > expired_of(lot)),
        and_(was_taken, not_(and_(was_given, is_reversed, within))),
        and_(reward.points.is_(None), was_given),
    )
    same = (referrals.c.customer_id == reward.customer_id, referrals.c.referral_id == reward.referral_id)
    source: Any = referral_rewards.join(referrals, and_(*same, _NEWEST))
    source = source.outerjoin(loyalty_accounts, account.customer_id == reward.recipient_id)
    source = source.outerjoin(given, is_given).outerjoin(taken, is_taken).outerjoin(lot, and_(*whose))
    return select(func.count()).select_from(source).where(wrong.is_not(False))


def _points_of_nothing() -> Select[Any]:
    t, reward = loyalty_transactions.c, referral_rewards.c
    same = (reward.side == t.source, reward.referral_id == t.source_id)
    of_referrals = t.source.in_([_text(side) for side in SIDES])
    return select(func.count()).where(of_referrals, not_(exists(_ONE).where(*same)))


def _codes() -> Select[Any]:
    """Return how many codes for one friend are of no invitation, and how many invitations have no code of their own."""
    r, code = referrals.c, referral_codes.c
    # One that was settled elsewhere may have come by a code that others came by, or that is the referrer's own.
    settled = and_(r.status == _text("CARRIED_OVER"), exists(_ONE).where(code.referral_id == r.referral_id))
    invited = [r.version == _ONE, or_(r.change == _text("INVITED"), settled)]
    made = select(code.customer_id, code.code, code.referral_id).where(code.referral_id.is_not(None))
    return apart(select(r.customer_id, r.code, r.referral_id).where(*invited), made)


def _steps() -> Select[Any]:
    """Return how many versions do not follow the one before, or have moments that their state does not allow."""
    r, program = referrals.c, referral_programs.c
    before, following = referrals.alias("before"), referrals.alias("following")
    source: Any = referrals.join(referral_programs, program.program_id == r.program_id)
    for other, number in ((before, r.version - _ONE), (following, r.version + _ONE)):
        source = source.outerjoin(other, and_(other.c.referral_id == r.referral_id, other.c.version == number))
    begins = and_(r.version == _ONE, r.changed_at == r.created_at)
    follows = and_(before.c.replaced_at == r.changed_at, before.c.superseded_at == r.recorded_at)
    agrees = and_(
        or_(begins, follows),
        r.superseded_at.is_(None) == following.c.version.is_(None),
        or_(r.status == r.change, r.change == _text("ACCEPTED")),
        _moments(before),
    )
    return select(func.count()).select_from(source).where(agrees.is_not(True))


def _moments(before: Any) -> Condition:
    """Return whether the moments of a version are those that its program allows, after the version before."""
    r, program = referrals.c, referral_programs.c
    held_until = later_here(r.qualified_at, program.hold)
    of_order = (orders.c.customer_id == r.referred_id, orders.c.order_id == r.order_id)
    placed_at = select(orders.c.placed_at).where(*of_order).correlate(referrals).scalar_subquery()
    in_time = or_(before.c.version.is_(None), r.changed_at < before.c.expires_at)
    may_buy_until = later_here(r.joined_at, program.qualify_within)
    qualifies = and_(r.qualified_at == func.greatest(placed_at, r.joined_at), r.qualified_at < before.c.expires_at)
    allowed = {
        "INVITED": r.expires_at == later_here(r.created_at, program.invitation_lifetime),
        "JOINED": and_(r.joined_at == r.changed_at, r.expires_at == may_buy_until, in_time),
        "QUALIFIED": and_(qualifies, r.release_at == held_until),
        "REVERSED": r.changed_at <= r.release_at,
    }
    of_change = case(*[(r.change == _text(name), holds) for name, holds in allowed.items()], else_=true())
    return and_(of_change, or_(r.qualified_at.is_(None), r.release_at >= held_until))


def _carried_over() -> Select[Any]:
    """Return how many versions of referrals that were settled elsewhere are not the only one, or bring something."""
    r, reward = referrals.c, referral_rewards.c
    rewarded = exists(_ONE).where(reward.customer_id == r.customer_id, reward.referral_id == r.referral_id)
    is_over = and_(r.version == _ONE, _NEWEST, r.changed_at == r.joined_at, not_(rewarded))
    return select(func.count()).where(r.status == _text("CARRIED_OVER"), is_over.is_not(True))


LAWS: dict[str, Select[Any]] = {
    "every friend came by one referral, for good": _referred_twice(),
    "nobody came by themselves, nor by anybody who came by them": _circles(),
    "every side of a referral that counted is given once what the program promises": _rewards(),
    "rewards in points are on the accounts of those who get them while the referral counts": _points(),
    "no points are given for a referral without a reward": _points_of_nothing(),
    "nothing follows on a referral that was settled elsewhere": _carried_over(),
    "every code for one friend is that of an invitation, and every invitation has one": _codes(),
    "referrals take one step after the other, at moments that the program allows": _steps(),
}
"""Each law with the number of rows that break it."""
