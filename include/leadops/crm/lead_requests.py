"""Requests leads in the CRM, and tells it which are no longer for sales, and which are again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.dead_letters import discard_dead_letters, list_dead_letters
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lead_locks
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class LeadRequest:
    """A lead that the CRM shall create for one cycle; `idempotency_key` is what the CRM knows it by."""

    lead_id: int
    cycle: int
    email: str
    company: str
    source: str
    idempotency_key: str
    lane: Lane = Lane.LIVE


def request_leads(connection: Connection, requests: Sequence[LeadRequest], *, now: datetime) -> int:
    """Enqueue `requests` in the caller's transaction, each lead and cycle once; return how many are new."""
    if not requests:
        return 0
    rows = Jsonb([asdict(request) for request in requests])
    outbox_ids = queries.values(connection, "request_leads", requests=rows, now=now)
    return sum(outbox_id is not None for outbox_id in outbox_ids)


#: The record of what does not go out any more.
NOT_FOR_SALES = "it is no longer for sales"


@dataclass(frozen=True)
class WithdrawnLead:
    """A lead that is no longer for sales: the person's MQL was taken back, or the person is one of us.

    `because` is `machine`, `split` or `internal`. `since` is when the person's last cycle ended (UTC); None:
    none has ended.
    """

    person_id: int
    lead_id: int
    because: str
    since: datetime | None


def hold_crm_leads(connection: Connection, lead_ids: Sequence[int]) -> None:
    """Let no form ask for these leads in the CRM until the caller's transaction ends.

    What the caller reads afterwards is what every form before has committed.
    """
    hold_lead_locks(connection, Lock.CRM_LEADS, lead_ids)


def withdraw_leads(connection: Connection, leads: Sequence[WithdrawnLead], *, now: datetime) -> list[int]:
    """Take `leads` back from sales in the CRM; return those of which it has to hear.

    A request that was not sent, or certainly had no effect, does not go out any more. One that is under way,
    or was carried out, is followed by `withdraw_lead`. A person who filled in a form since is somebody whom
    sales should have: their leads stay, unless they are our own people. A lead that the CRM has by itself
    stays too. The caller holds `hold_crm_leads`; `now` is UTC.
    """
    in_forms = set(
        queries.values(
            connection,
            "list_form_people",
            people=[lead.person_id for lead in leads],
            leads=[lead.lead_id for lead in leads],
            since=[lead.since for lead in leads],
        )
    )
    taken = [lead for lead in leads if lead.because == "internal" or lead.person_id not in in_forms]
    lead_ids = [lead.lead_id for lead in leads]
    queries.run(connection, "drop_owners", leads=lead_ids, reason=NOT_FOR_SALES, now=now)
    if not taken:
        return []
    lead_ids = [lead.lead_id for lead in taken]
    # A claim that is being committed is waited for; then the request counts as sent.
    queries.run(connection, "drop_pending", leads=lead_ids, reason=NOT_FOR_SALES, now=now)
    queries.run(connection, "drop_released", leads=lead_ids, reason=NOT_FOR_SALES, now=now)
    _discard_refused(connection, lead_ids, now=now)
    return queries.values(
        connection,
        "withdraw",
        leads=lead_ids,
        because=[lead.because for lead in taken],
        since=[lead.since for lead in taken],
        now=now,
    )


def restore_leads(connection: Connection, lead_ids: Sequence[int], *, lane: Lane, now: datetime) -> int:
    """Give those of `lead_ids` back to sales that were withdrawn last; return how many calls that takes."""
    restored = queries.values(connection, "restore", leads=list(lead_ids), lane=lane, now=now)
    return sum(outbox_id is not None for outbox_id in restored)


def _discard_refused(connection: Connection, lead_ids: Sequence[int], *, now: datetime) -> None:
    """Discard the requests that the CRM refused: a person could send them again."""
    refused = set(queries.values(connection, "list_refused", leads=list(lead_ids)))
    if refused:
        letters = [
            letter
            for letter in list_dead_letters(connection, target="crm")
            if letter.kind == "effect" and letter.reference in refused
        ]
        discard_dead_letters(connection, letters, now=now)
        queries.run(connection, "free_keys", outbox_ids=sorted(refused), reason=NOT_FOR_SALES)
