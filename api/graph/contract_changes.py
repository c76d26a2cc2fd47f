"""Changes of contracts: inputs, payloads, and how one becomes the other."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from api.domain.calendar import Duration
from api.domain.contract import NewContract, Renewal, Termination
from api.graph.active_status import CustomerPayload, status_before
from api.graph.arguments import optional
from api.graph.contracts import Contract
from api.graph.customers import Customer
from api.graph.finding_customers import CustomerIdentifierInput
from api.graph.naming import amount, customer_name, external_key, key_named, or_none
from api.graph.outcomes import Caller, ChangeInput, idempotency, perform, reference, user_errors
from api.graph.shared import DateTimeIntervalInput, ExternalIdInput, MoneyInput
from api.writes.change import Change, Outcome
from api.writes.contracts import renew_contract, sign_contract, terminate_contract

_CONTRACT_ID = "The id of the contract, which begins with con_."
_EXPECTED = "The version you read; if somebody changed the contract since, nothing is done (CONFLICT)."


@strawberry.input(description="What was agreed, with whom and for how long.")
class ContractInput:
    customer: CustomerIdentifierInput = strawberry.field(
        description="With whom it was made; setCustomer creates a customer who is not known yet."
    )
    external_id: ExternalIdInput | None = optional(
        "What the system it comes from calls this contract; the same one is never taken twice."
    )
    number: str | None = optional("Number that people quote; left out, one is given, such as C-100001.")
    name: str = strawberry.field(description="What the contract is about, such as Maintenance.")
    value: MoneyInput = strawberry.field(description="What the whole term is worth, all payments together.")
    billing_interval: Duration | None = optional("How often a part is paid, such as P1M; left out, all at once.")
    term: DateTimeIntervalInput = strawberry.field(description="When its first term runs; both ends are needed.")
    signed_at: datetime | None = optional("When it was signed, not in the future; left out, now.")
    auto_renew: bool | None = strawberry.field(
        description="Whether one term follows another until somebody ends it.", default=False
    )
    renewal_interval: Duration | None = optional(
        "How long a further term is, a day or more, such as P12M; left out, as long as the first."
    )
    notice_period: Duration | None = optional(
        "How long before its end the contract must be given notice, such as P3M; left out, it can end at once."
    )

    def contract(self) -> NewContract:
        """Return the contract to record."""
        return NewContract(
            customer=customer_name(self.customer),
            external_id=external_key(or_none(self.external_id)),
            number=or_none(self.number),
            name=self.name,
            value=amount(self.value),
            billing_interval=or_none(self.billing_interval),
            starts_at=or_none(self.term.start_at),
            ends_at=or_none(self.term.end_at),
            signed_at=or_none(self.signed_at),
            auto_renew=bool(self.auto_renew),
            renewal_interval=or_none(self.renewal_interval),
            notice=or_none(self.notice_period) or Duration(),
        )


@strawberry.input(description="A contract to record, and the key that makes it count once.")
class SignContractInput(ChangeInput):
    contract: ContractInput = strawberry.field(description="What was agreed, with whom and for how long.")


@strawberry.input(description="A contract to renew, and the key that makes it count once.")
class RenewContractInput(ChangeInput):
    contract_id: strawberry.ID = strawberry.field(description=_CONTRACT_ID)
    end_at: datetime | None = optional(
        "When the further term ends, which begins where the last one agreed ends; left out, renewalInterval later."
    )
    value: MoneyInput | None = optional("What the further term is worth; left out, as much as the one before.")
    expected_version: int | None = optional(_EXPECTED)


@strawberry.input(description="A contract to end early, and the key that makes it count once.")
class TerminateContractInput(ChangeInput):
    contract_id: strawberry.ID = strawberry.field(description=_CONTRACT_ID)
    terminate_at: datetime | None = optional(
        "When the contract ends; left out, as soon as notice allows, which is never after its term."
    )
    reason: str = strawberry.field(description="Why it ends early, in words.")
    penalty: MoneyInput | None = optional(
        "What is owed for ending it, which may be 0; needed where terminateAt is before notice allows."
    )
    expected_version: int | None = optional(_EXPECTED)


@strawberry.type
class ContractPayload(CustomerPayload):
    contract: Contract | None = strawberry.field(
        description="The contract as it is afterwards, or would be on a dry run; null when something was wrong."
    )


@strawberry.type(description="What became of a contract to record: all that a screen has to draw anew.")
class SignContractPayload(ContractPayload):
    pass


@strawberry.type(description="What became of the renewal of a contract.")
class RenewContractPayload(ContractPayload):
    pass


@strawberry.type(description="What became of the early end of a contract.")
class TerminateContractPayload(ContractPayload):
    pass


P = TypeVar("P", bound=ContractPayload)


async def sign(caller: Caller, given: SignContractInput) -> SignContractPayload:
    """Record a contract."""

    async def work(change: Change) -> Sequence[Outcome]:
        return await sign_contract(change, given.contract.contract())

    return await _performed(SignContractPayload, caller, "signContract", given, work)


async def renew(caller: Caller, given: RenewContractInput) -> RenewContractPayload:
    """Let a contract go on for a further term."""
    renewal = Renewal(or_none(given.end_at), amount(given.value) if given.value else None)
    key, expected = key_named(given.contract_id, "con"), or_none(given.expected_version)

    async def work(change: Change) -> Sequence[Outcome]:
        return await renew_contract(change, key, renewal, expected)

    return await _performed(RenewContractPayload, caller, "renewContract", given, work)


async def terminate(caller: Caller, given: TerminateContractInput) -> TerminateContractPayload:
    """End a contract early."""
    penalty = amount(given.penalty) if given.penalty else None
    termination = Termination(or_none(given.terminate_at), given.reason, penalty)
    key, expected = key_named(given.contract_id, "con"), or_none(given.expected_version)

    async def work(change: Change) -> Sequence[Outcome]:
        return await terminate_contract(change, key, termination, expected)

    return await _performed(TerminateContractPayload, caller, "terminateContract", given, work)


async def _performed(
    payload: type[P], caller: Caller, mutation: str, given: Any, work: Callable[[Change], Awaitable[Sequence[Outcome]]]
) -> P:
    recorded = await perform(caller, mutation, given, work)
    outcome = recorded.outcomes[0]
    return payload(
        contract=reference(Contract, outcome, "contract", recorded),
        customer=reference(Customer, outcome, "customer", recorded),
        active_status_before=status_before(outcome, recorded),
        user_errors=user_errors(outcome.errors),
        idempotency=idempotency(given.idempotency_key, recorded),
    )
