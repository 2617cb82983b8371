"""Marks which of a lead's events are acts through mails: whoever reads these alone looks at no other events.

The resolver marks each event as it files it. `leadops.events.mail_events` says which are such acts.
"""

from leadops.db import Connection
from leadops.events.mail_events import MAIL_EVENTS
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__)


def follow_mail_events(connection: Connection) -> int:
    """Bring the marks of filed events in line with MAIL_EVENTS if it changed; return how many marks changed.

    Their leads are scored again in the backfill lane: other acts of theirs may be a machine's. Runs in the
    caller's transaction, which holds the identity lock.
    """
    events = list(MAIL_EVENTS)
    if queries.value(connection, "read_mail_events") == events:
        return 0
    queries.run(connection, "note_mail_events", mail_events=events)
    leads = queries.values(connection, "mark_again", mail_events=events)
    if leads:
        queries.run(connection, "enqueue_marked", lead_ids=sorted(set(leads)), lane=Lane.BACKFILL)
    return len(leads)
