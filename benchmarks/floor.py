"""What this machine needs at the least for a minute run: the plainest SQL, and the bare loop.

The waiting events are joined to their leads, matched, capped by one window and inserted with their key; the
bodies are then posted over one connection. No inbox is emptied, nothing is compared with what was there, no
sum is kept, no call is on record: all that leadops promises costs what it takes beyond this.
"""

import time
from dataclasses import dataclass

import orjson
from psycopg.rows import dict_row

from benchmarks.arena import Arena, ma_state
from benchmarks.calls import BATCH, open_session, post
from leadops.configuration import Config
from leadops.queries import Queries
from leadops.scoring.rule_parameters import award_parameters

queries = Queries(__file__)


@dataclass(frozen=True)
class Floor:
    """The seconds of the SQL and of the posts, and how many rows both handled."""

    sql: float
    posts: float
    rows: int

    @property
    def seconds(self) -> float:
        """What both take, one after the other."""
        return self.sql + self.posts


def measure_floor(arena: Arena, *, leads: int) -> Floor:
    """Time the floor of what waits in `arena`'s inbox, against an MA of its own that knows `leads` leads.

    Nothing of it stays in the database. Raises RuntimeError unless the MA applied every row.
    """
    with arena.connect() as connection:
        connection.autocommit = True
        queries.run(connection, "create")
        queries.run(connection, "list_rules", behaviour=award_parameters(Config().scoring).behaviour)
        queries.run(connection, "create_ledger")
        connection.execute("checkpoint")
        started = time.perf_counter()
        rows = queries.run(connection, "award", zone=Config().company.zone.key)
        sql = time.perf_counter() - started
        with connection.cursor(row_factory=dict_row) as cursor:
            deltas = cursor.execute(queries.statements["read_deltas"]).fetchall()
        queries.run(connection, "drop")
        bodies = [
            orjson.dumps({"updates": deltas[first : first + BATCH]}) for first in range(0, len(deltas), BATCH)
        ]
        connection.execute("checkpoint")
    with arena.sandbox(leads=leads) as endpoint:
        session = open_session(endpoint)
        started = time.perf_counter()
        for number, body in enumerate(bodies):
            post(session, endpoint, body, key=f"floor-{number}")
        posts = time.perf_counter() - started
        applied = ma_state(endpoint)["deltas_applied"]
    if applied != rows:
        raise RuntimeError(f"the floor has {rows} rows, the MA applied {applied}")
    return Floor(sql, posts, rows)
