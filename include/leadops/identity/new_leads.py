"""Makes leads of new emails, and announces new leads: their email domain, and the command for the MA."""

from collections.abc import Collection
from datetime import datetime

from leadops.db import Connection
from leadops.identity.identity_settings import IdentitySettings
from leadops.lanes import Lane
from leadops.normalization.blank_values import is_blank
from leadops.queries import Queries

queries = Queries(__file__)

#: Ends the key of the command that tells the MA of a lead again, once there is proof of it.
PROVEN = "-proven"


def create_leads(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Make a lead of every new email in the table `chunk`, and give its events their lead; return how many.

    Leads of whom there were only claims become leads with proof where an event proves their email.

    `now` (UTC) is when the leads were created.
    """
    lead_ids: list[int] = queries.values(connection, "insert_leads", now=now)
    queries.run(connection, "assign_claimed")
    proven: list[int] = queries.values(connection, "prove_leads", now=now)
    for leads, suffix in ((lead_ids, ""), (proven, PROVEN)):
        announce_leads(
            connection,
            leads,
            first_name=settings.first_name,
            last_name=settings.last_name,
            lane=Lane.LIVE,
            now=now,
            suffix=suffix,
        )
    return len(lead_ids)


def announce_leads(
    connection: Connection,
    lead_ids: Collection[int],
    *,
    first_name: Collection[str] = (),
    last_name: Collection[str] = (),
    lane: Lane,
    now: datetime,
    suffix: str = "",
) -> None:
    """Record the email domain of leads that have an email since now, and ask for them in the MA, once each.

    `first_name` and `last_name` are the property names of the lead's first event that may hold the names.
    A `suffix` of the commands' keys asks for leads once more.
    """
    if not lead_ids:
        return
    queries.run(connection, "record_email_domains", lead_ids=list(lead_ids))
    said: list[str] = queries.values(
        connection, "list_names", lead_ids=list(lead_ids), names=[*first_name, *last_name]
    )
    queries.run(
        connection,
        "enqueue_ma_lead",
        lead_ids=list(lead_ids),
        first_name=list(first_name),
        last_name=list(last_name),
        blanks=[name for name in said if is_blank(name)],
        lane=lane,
        now=now,
        suffix=suffix,
    )
