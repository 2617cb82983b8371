"""Claims: events of a chunk that name somebody without proof. They tie, merge and change nothing proven.

Of a claim only the browser counts, whose anonymous_id nobody else can know. In the browser of a lead it is
that lead's event, unless it names an email that is not the lead's own. Every other claim waits. A claim with
a new email makes a lead that is only claimed.
"""

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


def hold_claims(connection: Connection) -> None:
    """Take back the lead of events in `chunk` that a browser tied to it, and that name another's email."""
    queries.run(connection, "hold_adopted")


def file_claims(connection: Connection) -> int:
    """Keep the claims of `chunk` on record, and enqueue leads that are only claimed; return how many.

    Claims that have a lead by now leave the record.
    """
    queries.run(connection, "record_claims")
    queries.run(connection, "record_claimed_browsers")
    queries.run(connection, "delete_resolved")
    return queries.run(connection, "enqueue_claimed")
