"""Publishes the clocks that warned, were held or ran out: to alerts in sla.breaches, to routing's inbox."""

from collections.abc import Iterable, Mapping, Sequence

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def write_breaches(connection: Connection, breaches: Iterable[Mapping[str, object]]) -> None:
    """Write rows of sla.breaches; a clock that was met without ever having warned gets none."""
    queries.run_many(connection, "upsert_breach", breaches)


def wake_routing(connection: Connection, leads: Sequence[int], cycles: Sequence[int]) -> None:
    """Let routing move on the leads whose clock has just run out; `leads` and `cycles` are parallel."""
    queries.run(connection, "wake_routing", leads=list(leads), cycles=list(cycles))
