"""Makes leads of new emails, and announces new leads: their email domain, and the command for the MA."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.mailboxes import record_new_mailboxes
from leadops.lanes import Lane
from leadops.normalization.blank_values import is_blank
from leadops.queries import Queries

queries = Queries(__file__)

#: Ends the key of the command that tells the MA of a lead again, once there is proof of it.
PROVEN = "-proven"


class NewLead(NamedTuple):
    """A lead that is new or newly proven, and the lane of the most urgent of the events that show it."""

    lead_id: int
    lane: Lane


def create_leads(connection: Connection, *, settings: IdentitySettings, now: datetime) -> int:
    """Make a lead of every new email in the table `chunk`, and give its events their lead; return how many.

    Leads of whom there were only claims become leads with proof where an event proves their email.

    The MA learns of them in the lane of their events, unless an older lead has their mailbox.
    `now` (UTC) is when the leads were created.
    """
    inserted = queries.all(connection, "insert_leads", NewLead, now=now)
    queries.run(connection, "assign_claimed")
    proven = queries.all(connection, "prove_leads", NewLead, now=now)
    held = set(record_new_mailboxes(connection, settings=settings))
    created = [lead for lead in inserted if lead.lead_id not in held]
    for leads, suffix in ((created, ""), (proven, PROVEN)):
        for lane in Lane:
            announce_leads(
                connection,
                [lead.lead_id for lead in leads if lead.lane == lane],
                first_name=settings.first_name,
                last_name=settings.last_name,
                lane=lane,
                now=now,
                suffix=suffix,
            )
    if held:
        queries.run(connection, "record_email_domains", lead_ids=sorted(held))
        younger = [lead.lead_id for lead in inserted if lead.lead_id in held]
        queries.run(connection, "note_unannounced", lead_ids=younger)
    queries.run(connection, "date_email_domains")
    return len(inserted)


def skip_lead_numbers(connection: Connection, *, until: int) -> None:
    """Give no new lead a number up to `until`: another system knows these by leads that are lost here."""
    queries.run(connection, "skip_numbers", until=until)


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
