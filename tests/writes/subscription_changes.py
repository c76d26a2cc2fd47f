"""Inputs of changes of subscriptions, and the documents that send them."""

from __future__ import annotations

from typing import Any

from tests.writes.changes import new_key

SUBSCRIPTION = """id kind status planName version externalId { source value } price { amount currencyCode } interval
  grace startedAt trialEndsAt currentPeriod { startAt endAt } nextBillingAt pauseAt resumeAt cancelAt endsAt endedAt
  cancellationReason cancellationComment customer { id }
  payments { nodes { amount { amount currencyCode } paidAt period { startAt endAt } } }"""
MUTATIONS = ("start", "renew", "pause", "resume", "change", "cancel")


def document(verb: str, selection: str = f"subscription {{ {SUBSCRIPTION} }} customer {{ id }}") -> str:
    """Return the document of one of the mutations."""
    name = f"{verb}Subscription"
    return (
        f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {selection}"
        " userErrors { code field message currentVersion } idempotency { replayed } } }"
    )


def started(key: str | None = None, *, dry_run: bool = False, **more: Any) -> Any:
    """Return the input of startSubscription: by default Ann's, to tea for 9.90 EUR a month."""
    terms = {
        "customer": {"email": "ann@example.com"},
        "kind": "PRODUCT",
        "planName": "Tea of the month",
        "price": euros("9.90"),
        "interval": "P1M",
        **more,
    }
    return {"idempotencyKey": key or new_key(), "subscription": terms, **({"dryRun": True} if dry_run else {})}


def changed(subscription_id: str, key: str | None = None, **more: Any) -> Any:
    """Return the input of any of the others."""
    return {"idempotencyKey": key or new_key(), "subscriptionId": subscription_id, **more}


def euros(amount: str) -> Any:
    """Return an amount as inputs take it."""
    return {"amount": amount, "currencyCode": "EUR"}
