"""How the calls to each target ended: counted in the transaction that settles a round or a poll."""

from collections.abc import Mapping

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="targets")


def record_outcomes(connection: Connection, target: str, outcomes: Mapping[str, int]) -> None:
    """Add calls to `target` by how they ended, as ProductClient counts them; in the caller's transaction."""
    if outcomes:
        queries.run(
            connection,
            "add_outcomes",
            target=target,
            outcomes=list(outcomes),
            calls=list(outcomes.values()),
        )
