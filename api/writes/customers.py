"""Creating customers and changing what is known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Text, bindparam, column, func, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from api.database import prepare
from api.domain.customer import checked
from api.domain.customer_name import CustomerName, ExternalKey
from api.domain.identity import new_id
from api.domain.postal_address import PostalAddress
from api.errors import Rejection, UserErrorCode
from api.tables.customers import companies, customer_external_ids, customers
from api.writes.change import Change, Outcome, Overtaken, Refused, refusing
from api.writes.lookups import customers_named, rows_text, sent
from api.writes.standing import stand_anew

_ADDRESS = {
    **{name: name for name in ("address1", "address2", "city", "province_code", "postal_code")},
    "postal_country": "country_code",
}
"""Parts of a postal address by the columns in which they are kept."""
_PARTS = (
    *("kind", "first_name", "last_name", "email", "phone", "country", "locale", "company_id", "tags"),
    *_ADDRESS,
)
_LOCKED = prepare(
    select(customers).where(customers.c.customer_id == bindparam("which")).with_for_update(key_share=True)
)
_ADD = prepare(
    insert(customers)
    .values({name: bindparam(name) for name in ("customer_id", "created_at", "updated_at", *_PARTS)})
    .on_conflict_do_nothing()
    .returning(customers.c.customer_id)
)
_CHANGE = prepare(
    update(customers)
    .values({name: bindparam(name) for name in ("updated_at", *_PARTS)} | {"version": customers.c.version + 1})
    .where(customers.c.customer_id == bindparam("which"))
)
_ADD_COMPANY = prepare(
    insert(companies).values(company_id=bindparam("company_id"), name=bindparam("name")).on_conflict_do_nothing()
)
_COMPANY = prepare(select(companies.c.company_id).where(func.lower(companies.c.name) == func.lower(bindparam("name"))))
_ID = {"source": Text, "value": Text}
_GIVEN = sent("ids", _ID)
_DROP_IDS = prepare(
    update(customer_external_ids)
    .values(superseded_at=func.clock_timestamp())
    .where(
        customer_external_ids.c.customer_id == bindparam("which"),
        customer_external_ids.c.superseded_at.is_(None),
        tuple_(customer_external_ids.c.source, customer_external_ids.c.value).not_in(
            select(_GIVEN.c.source, _GIVEN.c.value)
        ),
    )
    .returning(customer_external_ids.c.source)
)
_NEW_IDS = insert(customer_external_ids).from_select(
    ["customer_id", "source", "value"],
    select(bindparam("which", type_=customers.c.customer_id.type), _GIVEN.c.source, _GIVEN.c.value),
)
# An identifier that the customer had before is its own again; one of another customer is found by the next statement.
_ADD_IDS = prepare(
    _NEW_IDS.on_conflict_do_update(
        index_elements=["source", "value"],
        set_={"superseded_at": null()},
        where=(customer_external_ids.c.customer_id == _NEW_IDS.excluded.customer_id)
        & customer_external_ids.c.superseded_at.is_not(None),
    ).returning(customer_external_ids.c.source)
)
_FOREIGN_IDS = prepare(
    select(column("ord"))
    .select_from(
        _GIVEN.join(
            customer_external_ids,
            (customer_external_ids.c.source == _GIVEN.c.source) & (customer_external_ids.c.value == _GIVEN.c.value),
        )
    )
    .where(customer_external_ids.c.customer_id != bindparam("which"))
)
_INPUT = ("input", "customer")
_UNIQUE = {"uq_customers_email": "email", "uq_customers_phone": "phone"}


async def set_customer(
    change: Change, name: CustomerName, given: Mapping[str, Any], expected_version: int | None
) -> list[Outcome]:
    """Create the customer that a name means, or change it; raise Refused where that cannot be.

    given  the parts to set, as `domain.customer.checked` takes them
    """
    try:
        with refusing():
            return [await _set(change, name.cleaned(("input", "identifier")), checked(given, _INPUT), expected_version)]
    except asyncpg.UniqueViolationError as error:
        raise Refused([Outcome({}, errors=(_taken(error.constraint_name),))]) from None


def _taken(constraint: str | None) -> Rejection:
    part = _UNIQUE.get(constraint or "")
    return Rejection(
        UserErrorCode.TAKEN, "Another customer is known by this already.", (*_INPUT, part) if part else _INPUT
    )


async def _set(change: Change, name: CustomerName, parts: dict[str, Any], expected_version: int | None) -> Outcome:
    (known,) = await customers_named(change, [name])
    if known is not None and known.merged:
        message = "This customer was merged into another; change that one."
        raise Rejection(UserErrorCode.ALREADY_MERGED, message, ("input", "identifier"))
    if known is None:
        return await _create(change, name, parts, expected_version)
    await _update(change, known.customer_id, _with_its_name(name, parts), expected_version)
    return Outcome({"customer": known.customer_id})


def _with_its_name(name: CustomerName, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts with the identifier that names the customer among them: what named it names it again."""
    if name.external_id is None or "external_ids" not in parts:
        return parts
    return {**parts, "external_ids": list(dict.fromkeys([name.external_id, *parts["external_ids"]]))}


async def _create(change: Change, name: CustomerName, parts: dict[str, Any], expected_version: int | None) -> Outcome:
    if name.key is not None or change.principal.customer_id is not None:
        message = "There is no such customer; name a new one by externalId, email or phone."
        raise Rejection(UserErrorCode.NOT_FOUND, message, ("input", "identifier"))
    if expected_version is not None:
        message = "There is no such customer yet, so there is no version to expect."
        raise Rejection(UserErrorCode.CONFLICT, message, ("input", "expectedVersion"))
    parts = _with_its_name(name, {"external_ids": [], **parts})
    parts |= {part: getattr(name, part) for part in ("email", "phone") if parts.get(part) is None}
    ids = parts.pop("external_ids")
    empty: dict[str, Any] = {**dict.fromkeys(_PARTS), "kind": "CONSUMER", "tags": []}
    key, elsewhere = new_id(), {**await _company(change, parts), **_address(parts)}
    row = {**empty, **parts, **elsewhere}
    added = await change.rows(_ADD, customer_id=key, created_at=change.now, updated_at=change.now, **row)
    if added and not (await _identified(change, key, ids)).foreign:
        await stand_anew(change, [key])
        return Outcome({"customer": key}, created=True)
    (other,) = await customers_named(change, [name])
    if other is not None and other.customer_id != key:
        raise Overtaken
    raise _foreign() if added else await _in_the_way(change, row)


async def _in_the_way(change: Change, row: Mapping[str, Any]) -> Rejection:
    (by_email,) = await customers_named(change, [CustomerName(email=row["email"])])
    return _taken("uq_customers_email" if by_email else "uq_customers_phone")


async def _update(change: Change, key: UUID, parts: dict[str, Any], expected_version: int | None) -> None:
    (kept,) = await change.rows(_LOCKED, which=key)
    if expected_version not in (None, kept["version"]):
        message = "The customer changed since it was read; read it again and decide anew."
        raise Rejection(UserErrorCode.CONFLICT, message, ("input", "expectedVersion"), kept["version"])
    ids: list[ExternalKey] | None = parts.pop("external_ids", None)
    elsewhere = {**await _company(change, parts), **_address(parts)}
    row = {name: kept[name] for name in _PARTS} | elsewhere | parts
    identified = Identified() if ids is None else await _identified(change, key, ids)
    if identified.foreign:
        raise _foreign()
    # Who sends what is known already has changed nothing, and nobody else's expected version goes stale.
    if identified.changed or any(row[name] != kept[name] for name in _PARTS):
        await change.rows(_CHANGE, which=key, updated_at=change.now, **row)
    # Rules may be for one kind of customer.
    if row["kind"] != kept["kind"]:
        await stand_anew(change, [key])


async def _company(change: Change, parts: dict[str, Any]) -> dict[str, UUID | None]:
    if "company_name" not in parts:
        return {}
    name = parts.pop("company_name")
    if name is None:
        return {"company_id": None}
    await change.rows(_ADD_COMPANY, company_id=new_id(), name=name)
    return {"company_id": (await change.rows(_COMPANY, name=name))[0]["company_id"]}


def _address(parts: dict[str, Any]) -> dict[str, str | None]:
    """Take the postal address out of the parts and return its columns: one replaces the whole of the one before."""
    if "postal_address" not in parts:
        return {}
    address: PostalAddress | None = parts.pop("postal_address")
    return {column: getattr(address, part) if address else None for column, part in _ADDRESS.items()}


@dataclass(frozen=True, slots=True)
class Identified:
    """Whether a customer's identifiers have changed, and whether one of those wanted is another customer's."""

    changed: bool = False
    foreign: bool = False


async def _identified(change: Change, key: UUID, ids: Sequence[ExternalKey]) -> Identified:
    """Make these the identifiers of a customer."""
    # Sorted, because two changes that add the same identifiers must meet at them in one order.
    ordered = sorted(ids, key=lambda each: (each.source, each.value))
    given = rows_text(_ID, ((each.source, each.value) for each in ordered))
    dropped = await change.rows(_DROP_IDS, which=key, ids=given)
    if not ids:
        return Identified(bool(dropped))
    added = await change.rows(_ADD_IDS, which=key, ids=given)
    return Identified(bool(dropped or added), bool(await change.rows(_FOREIGN_IDS, which=key, ids=given)))


def _foreign() -> Rejection:
    message = "Another customer is known by this identifier already."
    return Rejection(UserErrorCode.TAKEN, message, (*_INPUT, "externalIds"))
