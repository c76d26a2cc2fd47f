"""Points for tests, written straight into the tables: whole accounts, in one transaction at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.given import NEW_YEAR, Given, Made

AGAINST = {"EARN": "ISSUED", "REVERSE": "ISSUED", "REDEEM": "REDEEMED", "EXPIRE": "EXPIRED"}
"""The account of the business that stands against each kind of entry."""


@dataclass(slots=True)
class Lot:
    """Points that came together, and how many are left."""

    key: UUID
    points: int
    remaining: int
    available_at: datetime
    expires_at: datetime | None


@dataclass(slots=True)
class Entry:
    """An entry that was posted."""

    made: Made
    transaction: UUID
    lots: list[Lot]
    kind: str
    used: list[tuple[Lot, int]]


@dataclass(slots=True)
class Account:
    """An account in the making, and how it stands."""

    made: Made
    customer: Made
    columns: dict[str, Any]
    balance: int = 0
    owed: int = 0
    entries: int = 0
    latest_at: datetime | None = None
    lots: list[Lot] = field(default_factory=list)


@dataclass(slots=True)
class Points:
    """Collects accounts and entries; `write` puts them into the database."""

    given: Given
    accounts: list[Account] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def account(self, customer: Made, opened_at: datetime = NEW_YEAR, **columns: Any) -> Account:
        """Open an account; a floor lets its balance go below zero."""
        account = Account(Made("loy", self.given.key()), customer, {"opened_at": opened_at, "floor": 0} | columns)
        account.columns.setdefault("recorded_at", opened_at)
        self.accounts.append(account)
        return account

    def earn(self, account: Account, points: int, at: datetime, **more: Any) -> Entry:
        """Post points that a purchase brought, by default at once available and for a year."""
        times = {name: more.pop(name) for name in ("available_at", "expires_at") if name in more}
        counts: dict[str, Any] = {"counted": points, "counts_from": at, "source": "ORDER"}
        lot = self.lot(points, at, **times)
        return self.post(account, more.pop("kind", "EARN"), points, at, made=[lot], **counts | more)

    def lot(self, points: int, at: datetime, **times: Any) -> Lot:
        """Return points that are at once available, and for a year, unless times say otherwise."""
        return Lot(
            self.given.key(), points, points, **{"available_at": at, "expires_at": at + timedelta(days=365)} | times
        )

    def spend(self, account: Account, points: int, at: datetime, kind: str = "REDEEM", **more: Any) -> Entry:
        """Post points that go away, out of the first lots that have any."""
        left, used = points, list[tuple[Lot, int]]()
        for lot in account.lots:
            taken = min(lot.remaining, left)
            used += [(lot, taken)] if taken else []
            left -= taken
        assert left == 0, "there are not as many points"
        return self.post(account, kind, -points, at, used=used, **more)

    def take_back(self, account: Account, entry: Entry, points: int, at: datetime, **more: Any) -> Entry:
        """Post that points are taken back, from what is left of them; the rest is owed."""
        (lot,) = entry.lots
        taken = min(lot.remaining, points)
        used = [(lot, taken)] if taken else []
        said: dict[str, Any] = {
            "owed": points - taken,
            "counted": -points,
            "reverses": entry.transaction,
            "source": "REFUND",
        }
        return self.post(account, "REVERSE", -taken, at, used=used, **said | more)

    def give_back(self, account: Account, spending: Entry, at: datetime, **more: Any) -> Entry:
        """Post that points come back to the lots they were spent from."""
        used = [(lot, -points) for lot, points in spending.used]
        points = sum(points for _, points in spending.used)
        said: dict[str, Any] = {"source": "TRANSACTION", "source_id": spending.transaction}
        return self.post(account, "REVERSE", points, at, used=used, reverses=spending.transaction, **said | more)

    def post(
        self,
        account: Account,
        kind: str,
        points: int,
        at: datetime,
        *,
        made: Sequence[Lot] = (),
        used: Sequence[tuple[Lot, int]] = (),
        owed: int = 0,
        recorded_at: datetime | None = None,
        source: str = "REQUEST",
        source_id: UUID | None = None,
        reverses: UUID | None = None,
        reason: str = "Because",
        counted: int = 0,
        counts_from: datetime | None = None,
    ) -> Entry:
        """Post an entry with the lots it makes and uses."""
        transaction, entry = self.given.key(), Made("len", self.given.key())
        when = {"occurred_at": at, "recorded_at": recorded_at or at}
        account.balance, account.owed = account.balance + points, account.owed + owed
        account.entries, account.latest_at = account.entries + 1, at
        of = {"transaction_id": transaction, "kind": kind}
        said = {"source": source, "source_id": source_id or self.given.key(), "reverses": reverses, "reason": reason}
        self._add("loyalty_transactions", **of, **said, **when)
        mine = {"customer_id": account.customer.key, **of, **when}
        after = {"number": account.entries, "balance_after": account.balance, "owed_after": account.owed}
        counts = {"counted": counted, "counts_from": counts_from}
        own = {"account": "CUSTOMER", "entry_id": entry.key, "points": points, "owed": owed}
        self._add("loyalty_entries", **mine, **own, **counts, **after)
        against = "REDEEMED" if kind == "REVERSE" and points > 0 else AGAINST.get(kind, "ADJUSTED")
        other = {"account": against, "entry_id": self.given.key(), "points": -points}
        nothing = {"counted": 0, "counts_from": None, **dict.fromkeys(after)}
        self._add("loyalty_entries", **mine, **other, **nothing, owed=-owed)
        self._move(account, {"customer_id": account.customer.key, "transaction_id": transaction, **when}, made, used)
        return Entry(entry, transaction, list(made), kind, list(used))

    def _move(self, account: Account, of: dict[str, Any], made: Sequence[Lot], used: Sequence[tuple[Lot, int]]) -> None:
        for lot in made:
            times = {"available_at": lot.available_at, "expires_at": lot.expires_at}
            # What is left is known at the end.
            self._add("loyalty_lots", **of, lot_id=lot.key, points=lot.points, remaining=lot, **times)
        for lot, points in used:
            lot.remaining -= points
            self._add("loyalty_lot_uses", **of, lot_id=lot.key, points=points)
        account.lots += made

    def _add(self, table: str, **columns: Any) -> None:
        self.rows.setdefault(table, []).append(columns)

    async def write(self) -> None:
        """Put everything into the database that was not there yet."""
        for account in self.accounts:
            names = ("balance", "owed", "entries", "latest_at")
            keys = {"customer_id": account.customer.key, "account_id": account.made.key}
            stands = {name: getattr(account, name) for name in names}
            self._add("loyalty_accounts", **keys, **account.columns, **stands)
        for lot in self.rows.get("loyalty_lots", ()):
            lot["remaining"] = lot["remaining"].remaining
        async with self.given.connection.transaction():
            for table in TABLES:
                rows = self.rows.pop(table, [])
                columns = list(dict.fromkeys(name for row in rows for name in row))
                records = [[row.get(name) for name in columns] for row in rows]
                await self.given.connection.copy_records_to_table(table, records=records, columns=columns)
        self.accounts.clear()


TABLES = ("loyalty_accounts", "loyalty_transactions", "loyalty_entries", "loyalty_lots", "loyalty_lot_uses")
"""In the order in which rows refer to each other."""
