"""Errors that are safe to show: one tree; anything outside it is a bug and is masked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar


class ApiError(Exception):
    """Something the caller's program or the system must handle; travels in the top-level `errors`."""

    code: ClassVar[str] = "INTERNAL"
    meaning: ClassVar[str] = "Something went wrong on our side; the request id finds it in the log."
    retryable: ClassVar[bool] = False
    details: Mapping[str, Any] = MappingProxyType({})
    """What else the error's `extensions` say."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(ApiError):
    code = "BAD_REQUEST"
    meaning = "The request is not HTTP, or not one that GraphQL over HTTP describes."


class UnknownDocument(ApiError):
    code = "UNKNOWN_DOCUMENT"
    meaning = "Documents are not kept here under a name; send the document itself in `query`."


class PersistedQueryNotSupported(ApiError):
    """Its code is the one that clients of automatic persisted queries look for."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    meaning = "Documents are not kept here by their hash; send the document itself in `query`."


class ParseFailed(ApiError):
    code = "PARSE_FAILED"
    meaning = "The document is not GraphQL."


class DocumentTooLarge(ApiError):
    code = "DOCUMENT_TOO_LARGE"
    meaning = (
        "The document has more in it than is taken; the message says of what, where, and which setting allows more."
    )


class CostExceeded(ApiError):
    """The operation may ask for too much; `cost` says how many points, and how many are allowed."""

    code = "COST_EXCEEDED"
    meaning = "The operation may ask for more than is given at once; `cost` and the message say how much less will do."

    def __init__(self, message: str, *, requested: int, limit: int) -> None:
        super().__init__(message)
        self.details = {"cost": {"requested": requested, "limit": limit}}


class ValidationFailed(ApiError):
    code = "VALIDATION_FAILED"
    meaning = "The document asks for something the schema does not have."


class BadUserInput(ApiError):
    code = "BAD_USER_INPUT"
    meaning = "An argument or a variable has a value that cannot be used; the message says which and why."


class SegmentOutdated(ApiError):
    code = "SEGMENT_OUTDATED"
    meaning = "A segment was saved with a condition that is not known any more; set its filter anew, or delete it."


class BusinessNotSet(ApiError):
    code = "BUSINESS_NOT_SET"
    meaning = "Nothing can be recorded before the business has a name, a currency and a time zone: run `regulars init`."


class IdempotencyInFlight(ApiError):
    code = "IDEMPOTENCY_IN_FLIGHT"
    meaning = "The same key is being worked on right now; send the same request again in a moment."
    retryable = True


class IdempotencyKeyReused(ApiError):
    code = "IDEMPOTENCY_KEY_REUSED"
    meaning = "The key was used with another input before; choose a new key for a new change."


class IdempotencyKeyExpired(ApiError):
    code = "IDEMPOTENCY_KEY_EXPIRED"
    meaning = "The key is older than 30 days, so whether it was used is no longer known; choose a new key."


class OutcomeUnknown(ApiError):
    code = "OUTCOME_UNKNOWN"
    meaning = "The connection broke while the change was being committed; send it again with the same key."
    retryable = True


class Timeout(ApiError):
    code = "TIMEOUT"
    meaning = "The database took too long; ask for less, or send a change again with the same key."
    retryable = True


class Unavailable(ApiError):
    code = "UNAVAILABLE"
    meaning = "The database cannot be reached at the moment; try again."
    retryable = True


class Overloaded(ApiError):
    code = "OVERLOADED"
    meaning = "The server has more to do than it can; try again in a moment, a change with the same key."
    retryable = True


class ResponseTooLarge(ApiError):
    code = "RESPONSE_TOO_LARGE"
    meaning = (
        "The answer would be larger than the server sends; ask for less at once. A change that was asked for is made."
    )


class RequestTimeout(ApiError):
    code = "REQUEST_TIMEOUT"
    meaning = "The request took too long to arrive, its head or its body."
    retryable = True


class PayloadTooLarge(ApiError):
    code = "PAYLOAD_TOO_LARGE"
    meaning = "The request body is larger than the server takes."


class UnsupportedMediaType(ApiError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    meaning = "The request body must be `application/json`."


class NotAcceptable(ApiError):
    code = "NOT_ACCEPTABLE"
    meaning = "The header `Accept` takes neither `application/graphql-response+json` nor `application/json`."


class NotFound(ApiError):
    code = "NOT_FOUND"
    meaning = "There is nothing at this address; GraphQL is at `/graphql`, without a slash at the end."


class HeadersTooLarge(ApiError):
    code = "HEADERS_TOO_LARGE"
    meaning = (
        "The address and the headers of the request are larger than the server takes; put long queries into a body."
    )


class MethodNotAllowed(ApiError):
    """allowed: the methods to use instead, as the header `Allow` lists them."""

    code = "METHOD_NOT_ALLOWED"
    meaning = "The address does not take this method for this; the header `Allow` names those it takes."

    def __init__(self, message: str, allowed: str = "POST") -> None:
        super().__init__(message)
        self.allowed = allowed


class UserErrorCode(Enum):
    """What can be wrong with an input."""

    BLANK = "BLANK"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INVALID_STATE = "INVALID_STATE"
    ALREADY_MERGED = "ALREADY_MERGED"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    MISSING_EXCHANGE_RATE = "MISSING_EXCHANGE_RATE"
    EXCEEDS_REMAINING = "EXCEEDS_REMAINING"
    INSUFFICIENT_POINTS = "INSUFFICIENT_POINTS"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    SELF_REFERRAL = "SELF_REFERRAL"
    ALREADY_CUSTOMER = "ALREADY_CUSTOMER"
    ALREADY_REFERRED = "ALREADY_REFERRED"
    CODE_UNKNOWN = "CODE_UNKNOWN"
    CODE_EXPIRED = "CODE_EXPIRED"
    EXPIRED = "EXPIRED"
    CIRCULAR = "CIRCULAR"


class Rejection(Exception):
    """Something in an input that a person can put right; travels in the payload's `userErrors`.

    field: path of the input field at fault, such as ("input", "purchase", "lines", "0", "quantity").
    current_version: for CONFLICT, the version to read again.
    """

    def __init__(
        self,
        code: UserErrorCode,
        message: str,
        field: tuple[str, ...] | None = None,
        current_version: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.current_version = current_version


def codes() -> dict[str, str]:
    """Return every top-level error code with its meaning in one line."""

    def tree(error: type[ApiError]) -> dict[str, str]:
        found = {error.code: error.meaning}
        for child in error.__subclasses__():
            found |= tree(child)
        return found

    return tree(ApiError)
