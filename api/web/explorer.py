"""The page on which developers explore the API.

GraphiQL is built from `explorer/` and shipped inside the package, compressed, so that it works without a network and
without Node. The documents that await a first-time visitor lie in `tabs/`, as data.
"""

import gzip
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.web.ready_files import ASK_AGAIN, FOREVER, ReadyText, send

__all__ = ["Tab", "explorer_routes", "load_tabs"]

# In order of preference where the client has none: brotli is a fifth smaller.
SUFFIXES = {"br": ".br", "gzip": ".gz", "identity": ""}

# A name or an IPv4 address, perhaps with a port; anything else would be no valid source in a policy.
PLAIN_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Tab:
    """A document that stands ready in the explorer, named after its operation."""

    name: str
    query: str
    variables: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Asset:
    """One file of the built page; `etag` is a hash of its uncompressed content, `size` the length of that in bytes."""

    path: str
    content_type: str
    etag: str
    size: int

    @property
    def codings(self) -> Collection[str]:
        """Return the codings it is kept in, and `identity`."""
        return SUFFIXES.keys()

    def read(self, coding: str) -> bytes:
        """Return the file as `br`, as `gzip`, or as it is (`identity`)."""
        if coding == "identity":
            return gzip.decompress(self.read("gzip"))
        return page_folder().joinpath(*f"{self.path}{SUFFIXES[coding]}".split("/")).read_bytes()


def explorer_routes(tabs: Sequence[Tab]) -> list[BaseRoute]:
    """Return the routes of the page (`/`), of its files (`/assets/…`) and of its ready documents (`/tabs.json`)."""
    assets = load_assets()
    document = ReadyText.of(tabs_document(tabs), "application/json")

    def page(request: Request) -> Response:
        policy = {"Content-Security-Policy": content_security_policy(request.headers.get("host", ""))}
        return send(request, assets["index.html"], ASK_AGAIN | policy)

    def asset(request: Request) -> Response:
        found = assets.get(f"assets/{request.path_params['path']}")
        if found is None:
            raise HTTPException(404)
        return send(request, found, FOREVER)

    return [Route("/", page), Route("/assets/{path:path}", asset), Route("/tabs.json", document.answer)]


def load_tabs() -> list[Tab]:
    """Return the documents shipped with the package, in the order of the numbers their file names begin with."""
    folder = files("api.web") / "tabs"
    documents = [file for file in folder.iterdir() if file.name.endswith(".graphql")]
    return [load_tab(folder, file) for file in sorted(documents, key=lambda file: int(file.name.partition("_")[0]))]


def load_tab(folder: Traversable, document: Traversable) -> Tab:
    """Return the tab of `3_Filter.graphql`, with `3_Filter.variables.json` where that lies beside it.

    Variables may hold words that the page puts values in for, as `fill.js` in the page's sources does.
    """
    stem = document.name.removesuffix(".graphql")
    beside = folder / f"{stem}.variables.json"
    variables = orjson.loads(beside.read_bytes()) if beside.is_file() else None
    return Tab(stem.partition("_")[2], document.read_text("utf-8"), variables)


def load_assets() -> dict[str, Asset]:
    """Return the files of the built page by their path below it."""
    manifest = orjson.loads((page_folder() / "manifest.json").read_bytes())
    return {path: Asset(path, **facts) for path, facts in manifest["files"].items()}


def page_folder() -> Traversable:
    """Return the folder of the built page."""
    return files("api.web") / "page"


def content_security_policy(host: str) -> str:
    """Return the policy under which the page talks to nobody but the server it came from.

    The sockets are named because not every browser counts them as 'self'; both kinds, because a server behind a proxy
    does not know whether its visitors use TLS. The editor writes its styles into the page, hence 'unsafe-inline' there.
    """
    sockets = f" ws://{host} wss://{host}" if PLAIN_HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"font-src 'self' data:; img-src 'self' data:; connect-src 'self'{sockets}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def tabs_document(tabs: Sequence[Tab]) -> bytes:
    """Return what the page reads at its start: [{name, query, variables?}]."""
    return orjson.dumps(
        [
            {"name": tab.name, "query": tab.query, **({"variables": dict(tab.variables)} if tab.variables else {})}
            for tab in tabs
        ]
    )
