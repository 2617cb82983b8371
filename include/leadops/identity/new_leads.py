"""Makes leads of new emails and of claims, and announces new leads to the MA.

Claims are events of a chunk that name somebody without proof. They tie, merge and change nothing proven. Of a
claim only the browser counts, whose anonymous_id nobody else can know. In the browser of a lead it is that
lead's event, unless it names an email that is not the lead's own. Every other claim waits. A claim with a new
email makes a lead that is only claimed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class NewLeads:
    """How many leads a chunk made, those of them that the MA learns of, and the newly proven ones."""

    count: int
    created: Sequence[NewLead]
    proven: Sequence[NewLead]


def create_leads(connection: Connection, *, settings: IdentitySettings, now: datetime) -> NewLeads:
    """Make a lead of every new email in the table `chunk`, and give its events their lead.

    Leads of whom there were only claims become leads with proof where an event proves their email.
    `announce_new_leads` makes them known, once it is clear who of them counts. `now` (UTC) is when the leads
    were created.
    """
    inserted = queries.all(connection, "insert_leads", NewLead, now=now)
    queries.run(connection, "assign_claimed")
    proven = queries.all(connection, "prove_leads", NewLead, now=now)
    held = set(record_new_mailboxes(connection, settings=settings))
    created = [lead for lead in inserted if lead.lead_id not in held]
    if inserted or proven:
        shown = sorted({lead.lead_id for lead in (*inserted, *proven)})
        queries.run(connection, "record_email_domains", lead_ids=shown)
    if held:
        younger = [lead.lead_id for lead in inserted if lead.lead_id in held]
        queries.run(connection, "note_unannounced", lead_ids=younger)
    queries.run(connection, "date_email_domains")
    return NewLeads(len(inserted), created, proven)


def announce_new_leads(
    connection: Connection, leads: NewLeads, *, settings: IdentitySettings, now: datetime
) -> None:
    """Make known in the MA what `create_leads` made, in the lane of their events.

    Leads of whom an older one has the mailbox are left out, and those that count for nothing.
    """
    for new, suffix in ((leads.created, ""), (leads.proven, PROVEN)):
        for lane in Lane:
            announce_leads(
                connection,
                [lead.lead_id for lead in new if lead.lane == lane],
                first_name=settings.first_name,
                last_name=settings.last_name,
                lane=lane,
                now=now,
                suffix=suffix,
            )


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
