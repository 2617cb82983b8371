"""The settings by which events and forms are read, in the database: whoever reads there reads by the same."""

from datetime import datetime

from leadops.consent.consent_settings import ConsentSettings
from leadops.db import Connection
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__, topic="read_consent")


def follow_settings(connection: Connection, settings: ConsentSettings, *, now: datetime) -> bool:
    """Put `settings` in force from `now` on (UTC), in the caller's transaction; return whether others were.

    Then the consent of everybody who said something in an event is looked at again, in the backfill lane.
    """
    is_changed = queries.run(
        connection,
        "note_settings",
        mail_purposes=settings.purpose_keys,
        form_no=settings.form_no,
        unsubscribe_by=settings.unsubscribe_by,
        unsaid_may_mail=settings.unsaid_may_mail,
        now=now,
    )
    if is_changed:
        queries.run(connection, "enqueue_speakers", lane=Lane.BACKFILL)
    return bool(is_changed)
