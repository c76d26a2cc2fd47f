"""Signing, renewing and terminating contracts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, literal_column, select

from api.database import prepare
from api.domain.calendar import Duration
from api.domain.contract import NewContract, Renewal, Termination, renewed, terminated
from api.domain.identity import new_id
from api.tables.contracts import contract_numbers, contracts
from api.writes.change import Change, Outcome, refusing
from api.writes.lookups import customer_of
from api.writes.standing import stand_anew
from api.writes.terms import Versions, taken

_CONTRACTS = Versions(contracts, "contract_id")
_CONTRACT = ("input", "contract")
_NUMBER = prepare(select(literal_column("'C-'").concat(cast(contract_numbers.next_value(), Text)).label("number")))


async def sign_contract(change: Change, contract: NewContract) -> list[Outcome]:
    """Record a contract and return its identifiers; raise Refused where that cannot be."""
    with refusing():
        contract = contract.checked(change.now, change.business.time_zone, _CONTRACT)
        customer = await customer_of(change, contract.customer, (*_CONTRACT, "customer"))
        key, number = new_id(), contract.number or (await change.rows(_NUMBER))[0]["number"]
        named = {"customer_id": customer, "contract_id": key, "number": number}
        if not await _CONTRACTS.begin(change, named | contract.first_version(change.now)):
            raise taken("contract", (*_CONTRACT, "externalId"))
        return await _done(change, customer, key)


async def renew_contract(
    change: Change, contract_id: UUID | None, renewal: Renewal, expected_version: int | None
) -> list[Outcome]:
    """Let one more term of a contract follow the one that was agreed; raise Refused where that cannot be."""
    with refusing():
        newest = await _newest(change, contract_id, expected_version)
        values = renewed(newest, renewal, change.now, change.business.time_zone)
        await _CONTRACTS.follow(change, newest, values)
        return await _done(change, newest["customer_id"], newest["contract_id"])


async def terminate_contract(
    change: Change, contract_id: UUID | None, termination: Termination, expected_version: int | None
) -> list[Outcome]:
    """End a contract early; raise Refused where that cannot be."""
    with refusing():
        newest = await _newest(change, contract_id, expected_version)
        values = terminated(newest, termination.checked(), change.now, change.business.time_zone)
        await _CONTRACTS.follow(change, newest, values)
        return await _done(change, newest["customer_id"], newest["contract_id"])


async def _newest(change: Change, contract_id: UUID | None, expected_version: int | None) -> dict[str, Any]:
    newest = await _CONTRACTS.open(change, contract_id, ("input", "contractId"), "contract", expected_version)
    lengths = {name: Duration(*newest[name]) for name in ("renewal_interval", "notice")}
    return {**newest, **lengths}


async def _done(change: Change, customer: UUID, contract: UUID) -> list[Outcome]:
    await stand_anew(change, [customer])
    return [Outcome({"contract": contract, "customer": customer})]
