"""What of an error reaches the client: an allow-list; whatever is not on it becomes INTERNAL and goes to the log.

The log gets kinds and places of such an error, never its text: texts of drivers hold rows, addresses hold passwords.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, ValueNode

import api
from api.errors import ApiError, BadUserInput, DocumentTooLarge, ParseFailed, ValidationFailed

__all__ = [
    "TOO_DEEP",
    "execution_error",
    "log_unexpected",
    "refusal",
    "shown",
    "syntax_error",
    "too_large",
    "validation_error",
]

LOG = logging.getLogger("regulars")
TOO_DEEP = "This is nested too deeply; ask for fewer levels at once."
LONGEST_MESSAGE = 1_000
_ROOM = Path(api.__file__).parent


def refusal(error: ApiError) -> dict[str, Any]:
    """Return an error of ours in the form of GraphQL's `errors`."""
    return {
        "message": error.message,
        "extensions": {**_extensions(error.code, retryable=error.retryable), **error.details},
    }


def syntax_error(error: GraphQLSyntaxError) -> dict[str, Any]:
    """Return what is wrong with a document that is not GraphQL."""
    return _own_words(error, ParseFailed.code)


def too_large(error: GraphQLError) -> dict[str, Any]:
    """Return what a document has too much of."""
    return _own_words(error, DocumentTooLarge.code)


def validation_error(error: GraphQLError) -> dict[str, Any]:
    """Return what is wrong with a document that does not fit the schema."""
    return _own_words(error, ValidationFailed.code)


def execution_error(error: GraphQLError, request: str) -> dict[str, Any]:
    """Return an error met while an operation ran; log it under the request's id where it is none of ours."""
    cause = _cause(error)
    if isinstance(cause, RecursionError):
        cause = BadUserInput(TOO_DEEP)
    if isinstance(cause, ApiError):
        return {**_placed(error), **refusal(cause)}
    if _is_about_input(error, cause):
        return _own_words(error, BadUserInput.code)
    log_unexpected(cause, request)
    return {**_placed(error), **shown(request)}


def _is_about_input(error: GraphQLError, cause: BaseException) -> bool:
    """Return whether graphql-core speaks of what the caller sent: variables before any field runs, or an argument.

    What it says of values on their way out is not for clients: it quotes them.
    """
    if error.path is None:
        return isinstance(cause, GraphQLError | ValueError)
    nodes = cause.nodes if isinstance(cause, GraphQLError) else None
    return nodes is not None and isinstance(nodes[0], ValueNode | OperationDefinitionNode)


def shown(request: str) -> dict[str, Any]:
    """Return what a client sees of an unexpected error: the id under which the log has it."""
    return {"message": "Internal error", "extensions": {"code": ApiError.code, "requestId": request}}


def log_unexpected(error: BaseException, request: str) -> None:
    """Write one line of JSON about an unexpected error and its causes: kinds, places and SQLSTATEs."""
    entry = {"event": "unexpected error", "requestId": request, "errors": [_sketch(link) for link in _chain(error)]}
    LOG.error("%s", orjson.dumps(entry).decode())


def _extensions(code: str, *, retryable: bool = False) -> dict[str, Any]:
    return {"code": code, "retryable": True} if retryable else {"code": code}


def _own_words(error: GraphQLError, code: str) -> dict[str, Any]:
    # graphql-core quotes what it does not like, however long that is.
    message = error.message if len(error.message) <= LONGEST_MESSAGE else f"{error.message[:LONGEST_MESSAGE]}…"
    return {"message": message, **_placed(error), "extensions": _extensions(code)}


def _placed(error: GraphQLError) -> dict[str, Any]:
    """Return where in the document and in the answer an error lies, as far as that is known."""
    formatted = error.formatted
    return {key: formatted[key] for key in ("locations", "path") if key in formatted}


def _cause(error: GraphQLError) -> BaseException:
    """Return the first exception behind an error; graphql-core's own where it made the error itself."""
    found: BaseException = error
    while isinstance(found, GraphQLError) and found.original_error is not None:
        found = found.original_error
    return found


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(5):
        if found is None:
            return
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _sketch(error: BaseException) -> dict[str, Any]:
    sketch = {"kind": f"{type(error).__module__}.{type(error).__qualname__}", "at": _place(error)}
    state = getattr(error, "sqlstate", None)
    return {**sketch, "sqlstate": state} if isinstance(state, str) and len(state) == 5 else sketch


def _place(error: BaseException) -> str | None:
    """Return the innermost place in our own code on the way to an error, such as `plan/run.py:40`."""
    places = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(path, line) for path, line in places if path.is_relative_to(_ROOM)]
    if not ours:
        return f"{places[-1][0].name}:{places[-1][1]}" if places else None
    path, line = ours[-1]
    return f"{path.relative_to(_ROOM)}:{line}"
