"""Whether customers agree to hear from the business: what they decided last of each way, and what is over since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    DateTime,
    Select,
    Text,
    and_,
    case,
    cast,
    column,
    false,
    func,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import array, distinct_on

from api.domain.consents import CHANNELS, GRANTED, WITHDRAWN
from api.reads.customers import customers
from api.reads.identity import Given
from api.reads.json import constant, number
from api.reads.relation import Condition, Expression, Link, PlainText, Relation, Row, Table, Term, rows
from api.reads.words import text
from api.tables import consents as tables

UNKNOWN, EXPIRED = "UNKNOWN", "EXPIRED"
"""How it stands where nothing was decided, and where a consent is over."""

IN_WORDS = {"EMAIL": "email", "SMS": "text message", "PHONE": "phone", "POST": "post"}

_LATEST_FIRST = (Term("decided_at", descending=True),)
_TOLD = ("channel", "decision", "decided_at", "expires_at", "source", "consent_id")

consents = Relation(
    "marketing_consents",
    tables.marketing_consents,
    "consent_id",
    "mco",
    owner="customer_id",
    happened="decided_at",
    recorded="recorded_at",
    planned=frozenset({"expires_at"}),
    order=_LATEST_FIRST,
)
consents_of_customer = Link(customers, consents, (("customer_id", "customer_id"),), order=_LATEST_FIRST)
customers.shown_by.append(consents_of_customer)
_merged_away = Link(customers, customers, (("customer_id", "merged_into"),))


def consents_by_channel(row: Row, given: Given) -> Table:
    """Return how a customer stands to each way of being reached, every one of them.

    returns  channel; state; since, null where nothing was decided; until, null where it has no end; source; place
    """
    channels: Any = array([constant(channel) for channel in CHANNELS], type_=Text)
    asked = func.unnest(channels)
    each = asked.table_valued(column("channel", Text), with_ordinality="place").render_derived("each")
    last = _last_decisions(row).subquery("last")
    state = _state(last, row.lens.moment)
    is_granted, is_over = state == constant(GRANTED), state == constant(EXPIRED)
    moment = DateTime(timezone=True)
    columns = {
        "channel": type_coerce(each.c.channel, PlainText(required=True)),
        "state": state,
        "since": case((is_over, last.c.expires_at), else_=last.c.decided_at),
        "until": case((is_granted, last.c.expires_at), else_=cast(null(), moment)),
        # Each decision has one, but not each channel a decision.
        "source": cast(last.c.source, Text),
        "place": each.c.place,
    }
    told = [of.label(name) for name, of in columns.items()]
    source = each.outerjoin(last, last.c.channel == each.c.channel)
    found: Table = select(*told).select_from(source).correlate_except(each, last).lateral()
    return found


def _state(last: Any, moment: Expression) -> Expression:
    found = case(
        (last.c.decision.is_(None), constant(UNKNOWN)),
        (last.c.decision == constant(WITHDRAWN), constant(WITHDRAWN)),
        (last.c.expires_at <= moment, constant(EXPIRED)),
        else_=constant(GRANTED),
    )
    return type_coerce(found, PlainText(required=True))


def _last_decisions(row: Row) -> Select[Any]:
    """Return the last decision of a customer on each channel; of two at one moment, a withdrawal is the last.

    Who turned out to be this customer has taken back what they took back, and agreed to nothing in their name.
    """
    own, joined = row.joined(consents_of_customer)
    decided = rows(own, [own.c[name] for name in _TOLD], joined)
    each = union_all(decided, _withdrawn_by_who_was_merged(row)).subquery("each_decision")
    withdrawn_first = (each.c.decision == constant(WITHDRAWN)).desc()
    order = [each.c.channel, each.c.decided_at.desc(), withdrawn_first, each.c.consent_id.desc()]
    return select(each).ext(distinct_on(each.c.channel)).order_by(*order).correlate_except(each)


def _withdrawn_by_who_was_merged(row: Row) -> Select[Any]:
    # They are one person: what they said no to is this customer's own, also through a lens that has an owner.
    everybody = row.through(replace(row.lens, owner=None))
    merged, is_same = everybody.joined(_merged_away)
    theirs = everybody.other(consents)
    of_them = theirs.c.customer_id.in_(rows(merged, [merged.key], is_same))
    withdrawn = [*theirs.visible(), theirs.c.decision == constant(WITHDRAWN), of_them]
    return rows(theirs, [theirs.c[name] for name in _TOLD], withdrawn)


def agrees_to_any(row: Row, given: Given) -> Condition:
    """Return whether a customer agrees to be reached by at least one of the ways that are asked for."""
    return _agrees(row, [(channel, true()) for channel in given.known()])


def agrees_to_be_reached(row: Row) -> Condition:
    """Return whether a customer agrees to a way by which they can be reached."""
    return _agrees(row, _reachable(row))


def _reachable(row: Row) -> Sequence[tuple[str, Condition]]:
    """Return by which ways a customer can be reached, each with whether that is so."""
    needed = {"EMAIL": row.c.email, "SMS": row.c.phone, "PHONE": row.c.phone, "POST": row.c.address1}
    return [(channel, contact.is_not(None)) for channel, contact in needed.items()]


def can_be_reached(row: Row) -> Condition:
    """Return whether there is any way to reach a customer."""
    return or_(*(is_known for _, is_known in _reachable(row)))


def _agrees(row: Row, ways: Sequence[tuple[str, Condition]]) -> Condition:
    last = _last_decisions(row).subquery("last")
    allowed = or_(false(), *(and_(last.c.channel == constant(channel), condition) for channel, condition in ways))
    holds = _state(last, row.lens.moment) == constant(GRANTED)
    return select(number(1)).select_from(last).where(holds, allowed).correlate_except(last).exists()


def agreed_in_words(row: Row, given: Given) -> Expression:
    """Return the ways among those asked for by which a customer agrees to be reached, null for none."""
    words = [case((_agrees(row, [(channel, true())]), text(IN_WORDS[channel]))) for channel in given.known()]
    return func.nullif(func.concat_ws(text(" and "), *words, type_=Text), text(""), type_=Text)
