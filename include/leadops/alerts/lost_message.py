"""Finds the messages that Slack has and the database does not, so that they are edited.

A database posted them before it went back, or they were posted while it was down.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from leadops.alerts.alert_message import list_alert_nonces, note_posted, read_nonce
from leadops.alerts.plan import add_message
from leadops.clients.chat import Posted
from leadops.db import Connection
from leadops.incidents.incident import Incident, assign_message
from leadops.incidents.kinds import KINDS

#: So long after a hold, a problem may come on record again that a message in Slack is already about.
LOST_PROBLEMS_RETURN = timedelta(hours=1)
#: Set in what a message carries once it shows the end of its problem.
ENDED = "ended"
#: Characters of the hash by which a message says what it is about.
PROBLEM_HASH = 24


def name_problem(purpose: str, incidents: Sequence[Incident], *, installation: str) -> str:
    """Return a hash of what a message is about. It holds no number of ours: a backup gives them again."""
    first = incidents[0]
    about = KINDS[first.kind].group if len(incidents) > 1 else f"{first.kind} {first.subject}"
    return sha256(f"{installation} {purpose} {about}".encode()).hexdigest()[:PROBLEM_HASH]


def find_lost_message(connection: Connection, posted: Sequence[Posted], *, problem: str) -> Posted | None:
    """Return the newest of `posted`, the newest first, about `problem` that the database does not know.

    A message that shows the end of its problem is about an earlier one.
    """
    about = {
        nonce: message
        for message in reversed(posted)
        if message.payload.get("problem") == problem
        and ENDED not in message.payload
        and (nonce := read_nonce(message.payload.get("key", "")))
    }
    known = list_alert_nonces(connection, list(about))
    return next((about[nonce] for nonce in reversed(about) if nonce not in known), None)


def adopt_message(connection: Connection, incident_id: int, place: Posted, *, now: datetime) -> None:
    """Record that the incident's message is at `place`; in the caller's transaction.

    From then on it is a message as any other: the next run edits it, and resolves it.
    """
    message_id = add_message(connection, "incident", None, now)
    assign_message(connection, message_id, [incident_id])
    note_posted(connection, message_id, place, now, None)
