"""Referrals in versions, the codes they came by, the signs noticed about them, and their rewards.

A referral is the data of who recommended and of who came: through a lens with an owner, these two see it. Each of them
sees their own reward, and neither what was noticed about it, nor what whoever looked at it wrote.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, case, false, literal_column, not_, or_

from api.domain.referral_signals import WEIGHTS
from api.reads.customers import customers
from api.reads.json import constant
from api.reads.loyalty import accounts
from api.reads.referral_programs import referral_programs
from api.reads.relation import Expression, Link, Relation, Row, Term, rows
from api.reads.words import text
from api.tables import referrals as tables
from api.tables.loyalty import loyalty_transactions

_CUSTOMER, _REFERRAL = ("customer_id", "customer_id"), ("referral_id", "referral_id")
_LATEST_FIRST = (Term("created_at", descending=True),)
_PLANNED = {"created_at", "expires_at", "joined_at", "qualified_at", "release_at"}
_EXPLANATIONS = {
    "SAME_EMAIL": "The friend's email address leads to the same mailbox as that of the referrer or another friend.",
    "KNOWN_MAILBOX": "Mail to the friend, or to the address that was invited, reaches a mailbox of somebody who is a"
    " customer already.",
    "SAME_PHONE": "The friend has the phone number of the referrer or another friend.",
    "SAME_DEVICE": "The friend joined on a device that the referrer or another friend used.",
    "SAME_ADDRESS": "The friend lives at the address of the referrer, of another friend or of somebody before them.",
    "VELOCITY": "Many friends of the referrer joined within one day.",
    "CIRCLE": "The friend looks like somebody by whom the referrer came.",
}
_NOT_GIVEN = {
    "REVERSED": "The referral counts no longer.",
    "FORFEITED": "The account for points was closed before the reward came.",
}


def _of_both_sides(row: Row) -> ColumnElement[bool]:
    return or_(row.c.customer_id == row.lens.owner, row.c.referred_id == row.lens.owner)


def _of_nobody(row: Row) -> ColumnElement[bool]:
    return false()


def _of_the_recipient(row: Row) -> ColumnElement[bool]:
    return row.c.recipient_id == row.lens.owner


referrals = Relation(
    "referrals",
    tables.referrals,
    "referral_id",
    "rfl",
    owner="customer_id",
    happened="changed_at",
    recorded="recorded_at",
    superseded="superseded_at",
    replaced="replaced_at",
    planned=frozenset(_PLANNED),
    order=_LATEST_FIRST,
    owned=_of_both_sides,
)
codes = Relation(
    "referral_codes",
    tables.referral_codes,
    "referral_id",
    "rco",
    owner="customer_id",
    happened="created_at",
    recorded="recorded_at",
)
signals = Relation(
    "referral_signals",
    tables.referral_signals,
    "signal_id",
    "rsi",
    owner="customer_id",
    happened="noticed_at",
    recorded="recorded_at",
    order=(Term("weight", descending=True),),
    owned=_of_nobody,
)
rewards = Relation(
    "referral_rewards",
    tables.referral_rewards,
    "reward_id",
    "rew",
    owner="customer_id",
    happened="earned_at",
    recorded="recorded_at",
    planned=frozenset({"release_at"}),
    order=(Term("side", descending=True),),
    owned=_of_the_recipient,
)

transactions = Relation(
    "loyalty_transactions",
    loyalty_transactions,
    "transaction_id",
    "ltr",
    happened="occurred_at",
    recorded="recorded_at",
)

referrer_of_referral = Link(referrals, customers, (_CUSTOMER,))
friend_of_referral = Link(referrals, customers, (("referred_id", "customer_id"),))
program_of_referral = Link(referrals, referral_programs, (("program_id", "program_id"),))
signals_of_referral = Link(
    referrals, signals, (_CUSTOMER, _REFERRAL), order=(Term("weight", descending=True), Term("code")), total=True
)
rewards_of_referral = Link(
    referrals, rewards, (_CUSTOMER, _REFERRAL), order=(Term("side", descending=True),), total=True
)
referral_of_reward = Link(rewards, referrals, (_CUSTOMER, _REFERRAL))
recipient_of_reward = Link(rewards, customers, (("recipient_id", "customer_id"),))
referrals_by_customer = Link(customers, referrals, (_CUSTOMER,), order=_LATEST_FIRST)
referral_of_friend = Link(customers, referrals, (("customer_id", "referred_id"),))
points_of_reward = Link(rewards, transactions, (("side", "source"), ("referral_id", "source_id")))
account_of_recipient = Link(rewards, accounts, (("recipient_id", "customer_id"),))
codes_of_customer = Link(customers, codes, (_CUSTOMER,))


@referrals.expression
def status(row: Row) -> Expression:
    """Return how far a referral has come at the moment, as `domain.referral.status_at` says."""
    moment = row.lens.moment
    return case(
        (moment >= row.c.expires_at, constant("EXPIRED")),
        (and_(row.c.release_at <= moment, *counts_for_good(row)), constant("REWARDED")),
        else_=row.c.status,
    )


def counts_for_good(row: Row) -> list[ColumnElement[bool]]:
    """Return the conditions that a referral counts for good from its `release_at` on, which may lie ahead."""
    return [_is(row, "QUALIFIED"), ~row.c.in_review]


def _is(row: Row, status: str) -> ColumnElement[bool]:
    return row.c.status == literal_column(f"'{status}'")


@referrals.expression
def note(row: Row) -> Expression:
    """Return what was said when a referral was decided on; a customer is not told."""
    note: Expression = row.c.note
    return note if row.lens.owner is None else case((row.lens.owner.is_(None), note))


@referrals.expression
def held_for_review(row: Row) -> Expression:
    """Return whether somebody has to decide on a referral, which nobody has to once its time is over."""
    return and_(row.c.in_review, or_(row.c.expires_at.is_(None), row.c.expires_at > row.lens.moment))


@signals.expression
def explanation(row: Row) -> Expression:
    """Return what a sign means, in words."""
    return case(*[(row.c.code == constant(code), text(_EXPLANATIONS[code])) for code in WEIGHTS], else_=row.c.code)


@rewards.expression
def reward_status(row: Row) -> Expression:
    """Return how a reward stands at the moment: it is taken back together with its referral.

    Points wait until there is an account to hold them, and are lost where it was closed before they came.
    """
    points, earned = row.joined(points_of_reward)
    is_posted = rows(points, [literal_column("1")], [*earned, points.c.kind == literal_column("'EARN'")]).exists()
    is_held = or_(row.c.points.is_(None), is_posted)
    account, joined = row.joined(account_of_recipient)
    is_closed = rows(account, [literal_column("1")], [*joined, account["closed_at"].is_not(None)]).exists()
    return case(
        (_is_reversed(row), constant("REVERSED")),
        (and_(not_(is_held), is_closed), constant("FORFEITED")),
        (and_(row.c.release_at <= row.lens.moment, is_held), constant("ISSUED")),
        else_=constant("PENDING"),
    )


@rewards.expression
def reason(row: Row) -> Expression:
    """Return why a reward is not given, in words, null where it is or may yet be."""
    return case({status: text(words) for status, words in _NOT_GIVEN.items()}, value=row["reward_status"])


def _is_reversed(row: Row) -> ColumnElement[bool]:
    referral, joined = row.joined(referral_of_reward)
    return rows(referral, [literal_column("1")], [*joined, _is(referral, "REVERSED")]).exists()


@customers.expression
def referral_code(row: Row) -> Expression:
    """Return the code of a customer's own, null before there is one."""
    code, joined = row.joined(codes_of_customer)
    return rows(code, [code.c.code], [*joined, code.c.referral_id.is_(None)]).scalar_subquery()
