"""Lets the places of leads in routing follow the person, when leads were joined or split."""

from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane


def regroup(connection: Connection, cycles: list[tuple[int, int, int]], *, now: datetime) -> None:
    """Move the places of `cycles` (lead, cycle, number of the regrouping) to whom they count for now.

    A person keeps, of each cycle, the place of their oldest lead, else that of the lead that was MQL first;
    the others' wait aside and come back when the leads are split. Nobody is assigned anew. The place of an
    MQL that was taken back is gone. The person's owner is wanted for each of their leads that the CRM knows
    or is about to; a salesperson whose lead it is not any more is not told of it, unless it
    comes back. Runs in the caller's
    transaction; `now` is UTC.
    """
    if not cycles:
        return
    leads = sorted({lead for lead, _, _ in cycles})
    gone = connection.execute(load_sql("leadops.routing", "move_places"), {"leads": leads}).fetchall()
    connection.execute(
        load_sql("leadops.routing", "drop_notices_aside"),
        {"leads": leads, "gone": [lead for (lead,) in gone], "now": now},
    )
    connection.execute(load_sql("leadops.routing", "reopen_notices"), {"leads": leads})
    _want_owners(connection, leads, number=max(each[2] for each in cycles), now=now)


def _want_owners(connection: Connection, leads: list[int], *, number: int, now: datetime) -> None:
    owners = connection.execute(
        load_sql("leadops.routing", "list_regrouped_owners"), {"leads": leads}
    ).fetchall()
    found = connection.execute(
        load_sql("leadops.routing", "list_in_crm"), {"leads": [row[0] for row in owners]}
    ).fetchall()
    in_crm = {lead for (lead,) in found}
    installation = connection.execute("select installation_id from delivery.installation").fetchone()
    for lead, cycle, rep, is_quiet in owners:
        if lead not in in_crm:
            continue
        key = f"crm-set-owner-{lead}-{cycle}-regrouped-{number}"
        enqueue_effect(
            connection,
            target="crm",
            operation="set_owner",
            payload={"owner_id": rep, "idempotency_key": f"{installation[0] if installation else ''}-{key}"},
            idempotency_key=key,
            lead_id=lead,
            now=now,
            lane=Lane.BACKFILL if is_quiet else Lane.LIVE,
        )
