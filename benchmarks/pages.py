"""Pages of active customers, by when they stop being active: a far one beside the first, and of many beside of few.

Lists read the projection of how customers stand, so the larger populations consist of nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import READY, Contender
from benchmarks.extras import Asked, costs
from benchmarks.population import Projection, data_folder, served
from benchmarks.rounds import Effort
from benchmarks.servers import Running
from benchmarks.systems import REGULARS

SIZE = 50
FAR = 1_000
"""Number of the far page, as far as the data goes."""
MOST = 2.0
"""How many times as long a page may take as the one it is compared with."""

_QUERY = """
query ActiveCustomers($first: Int!, $after: String) {
  customers(
    first: $first
    after: $after
    filter: { isActive: true }
    orderBy: [{ field: ACTIVE_UNTIL }]
  ) {
    nodes { id displayName email }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two pages that should take as long: their titles, and the milliseconds each takes."""

    near: str
    near_cost: float
    far: str
    far_cost: float

    @property
    def ratio(self) -> float:
        """How many times as long the farther one takes."""
        return self.far_cost / self.near_cost

    @property
    def verdict(self) -> str:
        """The ratio beside what is required, such as `1.1× (≤ 2×) ✓`."""
        return f"{self.ratio:.3g}× (≤ {MOST:g}×) {'✓' if self.ratio <= MOST else '✗'}"


def measured_pages(
    ours: Contender,
    customers: int,
    parent: Path,
    projections: Sequence[Projection],
    effort: Effort,
    tell: Callable[[str], None],
) -> list[Comparison]:
    """Measure the first page of our server and a far one, then the first pages of a few customers and of many.

    customers  how many our server has
    parent     folder in which the data of the others is kept
    """
    tell("Measuring: pages of active customers")
    number, cursor = far_page(ours.server)
    first, far = Asked(ours.server, request()), Asked(ours.server, request(cursor))
    with ExitStack() as stack:
        few, many = (Asked(stack.enter_context(_serving(size, parent, tell)), request()) for size in projections)
        found = costs({"first": first, "far": far, "few": few, "many": many}, effort)
    titles = [f"the first, of {size.customers:,} customers (projection only)" for size in projections]
    return [
        Comparison(f"the first, of {customers:,} customers", found["first"], f"the {number:,}th of them", found["far"]),
        Comparison(titles[0], found["few"], titles[1], found["many"]),
    ]


def far_page(server: Running) -> tuple[int, str]:
    """Return the number of a page far down and the cursor it begins behind, met by paging as a client does."""
    cursors = list[str]()
    for end in _ends(server):
        cursors.append(end)
        if len(cursors) == FAR - 1:
            return FAR, end
    return len(cursors), cursors[-2]  # behind the last one a page is not full


def _ends(server: Running) -> Iterator[str]:
    after: str | None = None
    while True:
        info = server.ask(REGULARS.path, request(after))["data"]["customers"]["pageInfo"]
        if not info["hasNextPage"]:
            return
        yield (after := str(info["endCursor"]))


def request(after: str | None = None) -> bytes:
    """Return the body that asks for the page behind a cursor."""
    return json.dumps({"query": _QUERY, "variables": {"first": SIZE, "after": after}}).encode()


@contextmanager
def _serving(size: Projection, parent: Path, tell: Callable[[str], None]) -> Iterator[Running]:
    """Run our server on a database of its own with so many customers; the data is made where it is missing."""
    with served(data_folder(parent, size), size, tell) as dsn, Running.start(REGULARS.program(dsn)) as server:
        server.wait_until_ready(REGULARS.path, READY)
        yield server
