"""What becomes of a statement whose server cannot be reached, or takes too long."""

from __future__ import annotations

import asyncpg

from api.errors import Timeout, Unavailable

LOST = (
    OSError,
    asyncpg.InterfaceError,
    # What the driver says of a connection whose end has been announced and has not come yet.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)
SLOW = (TimeoutError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError)


class driver_errors_translated:  # noqa: N801  (a context manager reads as a verb phrase)
    """Turn the driver's errors about reaching the server into ours; its texts hold row values and are dropped."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            raise_translated(error)


def raise_translated(error: BaseException) -> None:
    """Raise ours for an error of the driver about reaching the server; do nothing for any other."""
    if isinstance(error, SLOW):
        raise Timeout("The database took too long; ask for less, or try again.") from None
    # A value that the driver cannot send is nothing that trying again would mend.
    if isinstance(error, LOST) and not isinstance(error, ValueError):
        raise Unavailable("The database cannot be reached at the moment; try again.") from None
