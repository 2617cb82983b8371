"""Puts a message on record that was posted while the database was down."""

from datetime import datetime

from leadops.alerts.alert_message import note_posted
from leadops.alerts.plan import add_message
from leadops.clients.chat import Posted
from leadops.db import Connection
from leadops.incidents.incident import assign_message


def adopt_message(connection: Connection, incident_id: int, place: Posted, *, now: datetime) -> None:
    """Record that the incident's message is at `place`; in the caller's transaction.

    From then on it is a message as any other: the next run edits it, and resolves it.
    """
    message_id = add_message(connection, "incident", None, now)
    assign_message(connection, message_id, [incident_id])
    note_posted(connection, message_id, place, now, None)
