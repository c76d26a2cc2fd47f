"""How long things with a term are kept, as rows for the table and for the page."""

from __future__ import annotations

from collections.abc import Iterator

from api.domain.lifetime_value.renewal_models import RenewalModel

HEAD = ("Kept for a time", "term", "model", "renewed 1st", "2nd", "3rd", "seen")
TOO_FEW = "~ Too few to speak for themselves: drawn towards those above, or towards what is usual in general."


def kept_rows(models: tuple[RenewalModel, ...]) -> Iterator[tuple[str, ...]]:
    """Yield what there is to tell of each kind, as texts under `HEAD`; a tilde marks those that rest on a prior."""
    for one in models:
        name = one.stream.replace("_", " ").lower() if one.stream else "all together"
        shares = (f"{share:.1%}" for share in one.told()["renewed"])
        seen = f"{'~ ' if one.rests_on_prior else ''}{one.seen:,}"
        yield name, one.term or "any", one.model.name, *shares, seen
