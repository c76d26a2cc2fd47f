"""Files that are ready before anybody asks: in the coding the client likes best, and only where it lacks them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["ASK_AGAIN", "FOREVER", "ReadyFile", "ReadyText", "best_coding", "digest", "has_already", "send"]

GUARDS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
ASK_AGAIN = {"Cache-Control": "no-cache"}


class ReadyFile(Protocol):
    """A file in one or more codings; `etag` is a hash of its uncompressed content."""

    @property
    def content_type(self) -> str: ...

    @property
    def etag(self) -> str: ...

    @property
    def codings(self) -> Collection[str]:
        """Return the codings it can be read in, the best one first, `identity` last."""

    def read(self, coding: str) -> bytes:
        """Return the file in one of its codings."""


@dataclass(frozen=True, slots=True)
class ReadyText:
    """A text made when the server starts, compressed once."""

    content_type: str
    etag: str
    parts: Mapping[str, bytes]

    @classmethod
    def of(cls, content: bytes, content_type: str) -> ReadyText:
        """Return the file of a text."""
        return cls(content_type, digest(content), {"gzip": gzip.compress(content, mtime=0), "identity": content})

    @property
    def codings(self) -> Collection[str]:
        """Return the codings it can be read in."""
        return self.parts.keys()

    def read(self, coding: str) -> bytes:
        """Return the text as `gzip`, or as it is (`identity`)."""
        return self.parts[coding]

    def answer(self, request: Request) -> Response:
        """Answer a request for it; the client asks each time whether what it holds is still right."""
        return send(request, self, ASK_AGAIN)


def send(request: Request, file: ReadyFile, headers: Mapping[str, str]) -> Response:
    """Answer with the file in the coding that the client likes best, or with 304 if it has that already."""
    coding = best_coding(",".join(request.headers.getlist("accept-encoding")), file.codings)
    # It differs between codings because their bytes do.
    tag = f'"{file.etag}-{coding}"'
    sent = GUARDS | {**headers, "ETag": tag, "Vary": "Accept-Encoding"}
    if has_already(request.headers, tag):
        return Response(status_code=304, headers=sent)
    if coding != "identity":
        sent["Content-Encoding"] = coding
    return Response(file.read(coding), media_type=file.content_type, headers=sent)


def digest(content: bytes) -> str:
    """Return the hash by which contents are told apart."""
    return hashlib.sha256(content).hexdigest()[:20]


def best_coding(accepted: str, offered: Collection[str]) -> str:
    """Return which of the offered codings an Accept-Encoding header weighs highest; of equals the first."""
    weights = coding_weights(accepted)
    anything = weights.get("*", 0.0)
    wished = {coding: weights.get(coding, anything) for coding in offered}
    # Without a word about it the plain file is always acceptable, and never preferred.
    best = max(offered, key=lambda coding: wished[coding])
    return best if wished[best] > 0 else "identity"


def coding_weights(accepted: str) -> dict[str, float]:
    """Return the weight of each coding an Accept-Encoding header names, 0 where the weight is malformed."""
    weights = {}
    for entry in accepted.lower().split(","):
        coding, _, weight = entry.partition(";")
        number = weight.strip().removeprefix("q=")
        weights[coding.strip()] = (
            (float(number) if re.fullmatch(r"[01](\.\d{0,3})?", number) else 0.0) if weight else 1.0
        )
    return weights


def has_already(headers: Headers, tag: str) -> bool:
    """Return whether the client says that it holds the representation with this entity tag."""
    held = headers.get("if-none-match", "").split(",")
    return any(candidate.strip().removeprefix("W/") in (tag, "*") for candidate in held)
