"""Takes a visitor out of every table: whatever it did counted for nothing, so no row of it has to stay."""

from typing import NamedTuple

from leadops.consent import removal as consent
from leadops.crm import removal as crm
from leadops.db import Connection
from leadops.delivery import removal as delivery
from leadops.events import removal as events
from leadops.events.removal import FORM_PREFIX
from leadops.identity import removal as identity
from leadops.identity.apply_merges import lock_identity
from leadops.intake import removal as intake
from leadops.lifecycle import removal as lifecycle
from leadops.queries import Queries
from leadops.scoring import removal as scoring

queries = Queries(__file__)


class VisitIds(NamedTuple):
    """By what the event and the form of a visit are known."""

    event_id: str
    form_key: str


def remove_traces(connection: Connection, visitor_id: int, lead_id: int | None) -> None:
    """Delete what the visits of a visitor left, in the caller's transaction; nothing of them is under way.

    `lead_id` is None where its events never became a lead. Not an erasure of a person: no hash stays, and
    only rows that are known by these ids are looked at.
    """
    lock_identity(connection)
    visits = queries.all(connection, "list_visit_ids", VisitIds, visitor_id=visitor_id)
    event_ids = [visit.event_id for visit in visits]
    event_ids += [FORM_PREFIX + visit.form_key for visit in visits]
    seqs: list[int] = []
    if lead_id is not None:
        seqs = identity.list_canary_events(connection, lead_id)
        consent.remove_canary(connection, lead_id)
        lifecycle.remove_canary(connection, lead_id)
        crm.remove_canary(connection, lead_id)
        delivery.remove_canary(connection, lead_id)
        scoring.remove_canary(connection, lead_id)
    intake.remove_canary(connection, submission_ids=[visit.form_key for visit in visits])
    identity.empty_inbox(connection, event_ids=event_ids)
    events.remove_canary(connection, event_ids=event_ids, seqs=seqs)
    if lead_id is not None:
        identity.remove_canary(connection, lead_id)
