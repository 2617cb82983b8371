"""A visit: begun before anything is sent, so that one that is killed goes on where it was."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.canary.hops import DOORS, SLOW_HOPS, PlannedHop
from leadops.canary.visitors import Visitor
from leadops.db import Connection
from leadops.intake.form_hashes import hash_submission, load_hash_key
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class Visit:
    """A visit that has begun; event and form are sent under the same ids however often they are sent."""

    visit_id: int
    event_id: str
    form_id: str
    email: str
    started_at: datetime


def find_at_door(connection: Connection) -> Visit | None:
    """Return the newest visit while it has not got through both doors, to try them again."""
    return queries.first(connection, "find_at_door", Visit, doors=list(DOORS))


def begin_visit(
    connection: Connection,
    visitor: Visitor,
    hops: Sequence[PlannedHop],
    *,
    limits: Mapping[str, float],
    warehouses: Sequence[str] = (),
    now: datetime,
) -> Visit:
    """Put a visit of `hops` on record, in the caller's transaction; `limits` are minutes by hop."""
    event_id = f"canary-{secrets.token_hex(12)}"
    form_id = f"{event_id}-form"
    visit_id: int = queries.value(
        connection,
        "insert_visit",
        visitor_id=visitor.visitor_id,
        event_id=event_id,
        form_id=form_id,
        form_key=hash_submission(load_hash_key(connection), {"submission_id": form_id}),
        warehouses=list(warehouses),
        now=now,
    )
    planned = [asdict(hop) | {"limit_minutes": limits[hop.hop]} for hop in hops]
    queries.run(connection, "insert_hops", visit_id=visit_id, hops=Jsonb(planned), now=now)
    return Visit(visit_id, event_id, form_id, visitor.email, now)


def list_closed_doors(connection: Connection, visit: Visit) -> list[str]:
    """Return the doors that have not let this visit through yet, in the order in which they are tried."""
    closed = set(queries.values(connection, "list_closed_doors", visit_id=visit.visit_id, doors=list(DOORS)))
    return [door for door in DOORS if door in closed]


def note_door(connection: Connection, visit: Visit, door: str, problem: str | None, *, now: datetime) -> None:
    """Note that a door opened at `now` (UTC), or why it did not."""
    queries.run(connection, "note_door", visit_id=visit.visit_id, hop=door, problem=problem, now=now)


def is_on_its_way(connection: Connection, visit: Visit) -> bool:
    """Return whether a hop is open that takes minutes at most."""
    is_open: bool = queries.value(connection, "has_open_hop", visit_id=visit.visit_id, slow=sorted(SLOW_HOPS))
    return is_open
