"""A ledger of points, kept as a book-keeper without any cleverness would keep it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from api.domain.loyalty.posting import MOST_POINTS

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Book:
    """What the entries of an account come to."""

    points: int = 0
    owed: int = 0
    counted: int = 0
    number: int = 0
    latest: datetime = LONG_AGO


class Ledger:
    """What was posted for some accounts; `post` fails where something does not add up."""

    def __init__(self, accounts):
        self.accounts = {account.customer_id: account for account in accounts}
        self.lots = {}
        self.books = {key: Book() for key in self.accounts}
        self.causes = set()
        self.reversed = defaultdict(int)
        self.expired = defaultdict(int)

    def post(self, accounts, postings):
        """Take postings over, checking each by itself, and then all accounts."""
        for posting in postings:
            self.check_posting(posting)
        for account in accounts:
            self.accounts[account.customer_id] = account
            self.check(account)

    def check_posting(self, posting):
        key = posting.customer_id
        book = self.books[key]
        before = max(book.points, 0)
        book.points += posting.points
        book.owed += posting.owed
        book.counted += posting.counted
        book.number += 1
        self.reversed[posting.cause.reverses] -= posting.counted
        assert posting.points or posting.owed
        cause = (posting.cause.kind, posting.cause.source, posting.cause.source_id.int, key.int)
        assert cause not in self.causes
        self.causes.add(cause)
        assert (posting.number, posting.balance_after) == (book.number, book.points)
        assert posting.owed_after == book.owed >= 0
        assert posting.occurred_at >= max(book.latest, posting.cause.at)
        book.latest = posting.occurred_at
        for lot in posting.made:
            self.lots[lot.lot_id] = [key, lot.points, lot]
        for use in posting.used:
            kept = self.lots[use.lot_id]
            assert kept[0] == key
            is_undone = posting.cause.kind == "REVERSE" and posting.points > 0
            assert use.points < 0 if is_undone else 0 < use.points <= kept[1]
            self.check_use(posting, kept[2])
            kept[1] -= use.points
            if posting.cause.kind == "EXPIRE":
                self.expired[use.lot_id] += use.points
            assert kept[1] <= kept[2].points
        moved = sum(lot.points for lot in posting.made) - sum(use.points for use in posting.used)
        assert moved == max(book.points, 0) - before
        if posting.cause.kind in ("REDEEM", "TRANSFER", "EXPIRE") and posting.points < 0:
            assert sum(use.points for use in posting.used) == -posting.points

    @staticmethod
    def check_use(posting, lot):
        if posting.cause.kind in ("REDEEM", "TRANSFER", "ADJUST") and posting.points < 0:
            assert lot.available_at <= posting.cause.at
        if posting.cause.kind == "EXPIRE" and posting.cause.reason == "Expired":
            assert lot.expires_at <= posting.occurred_at
        elif posting.cause.kind not in ("EXPIRE", "EARN") and posting.cause.source != "TRANSACTION":
            assert lot.expires_at is None or lot.expires_at > posting.occurred_at

    def check(self, account):
        key, book = account.customer_id, self.books[account.customer_id]
        left = {lot_id: rest for lot_id, (whose, rest, _) in self.lots.items() if whose == key and rest}
        assert (account.balance, account.owed, account.entries) == (book.points, book.owed, book.number)
        assert {lot.lot_id: lot.remaining for lot in account.lots} == left
        assert sum(left.values()) == max(account.balance, 0)
        assert account.balance >= account.floor
        assert 0 <= account.owed <= MOST_POINTS
