"""Collects what the tables of a day are made from into temporary tables: it decides, the tables record."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.funnel.daily_table import DayBuild
from leadops.funnel.spans import list_clocks
from leadops.normalization.dimension_keys import make_dimension_key
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class ResponseBounds:
    """The first MQL and the last SAL (UTC) of the cycles whose response is measured; None without any."""

    first_mql: datetime | None
    last_sal: datetime | None


@contextmanager
def join_by_hash(connection: Connection) -> Iterator[None]:
    """Let the statements of the block compare a day's rows with one another by hash."""
    queries.run(connection, "forbid_loops")
    yield
    queries.run(connection, "allow_loops")


def collect_inputs(connection: Connection, build: DayBuild, *, only_looking_back: bool) -> None:
    """Fill day_transitions, day_origins, day_cycles and day_responses in the caller's transaction.

    With `only_looking_back` the first two stay empty: no table that looks back reads them.
    """
    queries.run(connection, "tune_planner")
    queries.run(connection, "create_day_transitions")
    queries.run(connection, "create_day_cycles")
    queries.run(connection, "create_day_responses")
    queries.run(connection, "create_day_origins")
    queries.run(connection, "sync_campaign_names", **build.parameters)
    if not only_looking_back:
        with join_by_hash(connection):
            queries.run(connection, "collect_transitions", **build.parameters)
        queries.run(connection, "collect_person_transitions", **build.parameters)
        queries.run(connection, "collect_origins", **build.parameters)
    queries.run(connection, "collect_cycles", **build.parameters)
    _measure_responses(connection, build)


def key_sent_names(connection: Connection, *, fold_case: bool) -> dict[str, str]:
    """Return the campaigns and sources of day_origins that name something, each with its key."""
    sent: list[str] = queries.values(connection, "list_sent_names")
    keys = {name: make_dimension_key(name, fold_case=fold_case) for name in sent}
    return {name: key for name, key in keys.items() if key is not None}


def _measure_responses(connection: Connection, build: DayBuild) -> None:
    """Fill day_responses, with the working time between the first MQL and the last SAL as arrays."""
    bounds = queries.one(connection, "find_response_bounds", ResponseBounds, **build.parameters)
    first = bounds.first_mql or build.day.start
    clocks = list_clocks(build.context.policy, since=first, until=max(first, bounds.last_sal or first))
    queries.run(connection, "measure_responses", **build.parameters, **clocks.values())
