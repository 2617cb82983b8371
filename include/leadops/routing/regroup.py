"""Lets the places of leads in routing follow the person, when leads were joined or split."""

from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.delivery.enqueue import enqueue_effect


def regroup(connection: Connection, cycles: list[tuple[int, int, int]], *, now: datetime) -> None:
    """Move the places of `cycles` (lead, cycle, number of the regrouping) to whom they count for now.

    A person keeps the place of their oldest lead, else that of the lead that was MQL first; the others' wait
    aside and come back when the leads are split. Nobody is assigned anew. Where both are in the CRM, the
    person's owner is wanted for both. Runs in the caller's transaction; `now` is UTC.
    """
    if not cycles:
        return
    numbers = {(lead, cycle): number for lead, cycle, number in cycles}
    values = {"leads": [lead for lead, _ in numbers], "cycles": [cycle for _, cycle in numbers]}
    restored = connection.execute(load_sql("leadops.routing", "restore_places"), values).fetchall()
    connection.execute(load_sql("leadops.routing", "hand_back"), values)
    aside = connection.execute(load_sql("leadops.routing", "set_places_aside"), values).fetchall()
    owners = {(lead, cycle): rep for lead, cycle, rep in [*restored, *aside] if rep is not None}
    found = connection.execute(
        "select lead_id from delivery.external_ids where target = 'crm' and lead_id = any(%s)",
        [[lead for lead, _ in owners]],
    ).fetchall()
    in_crm = {lead for (lead,) in found}
    installation = connection.execute("select installation_id from delivery.installation").fetchone()
    for (lead, cycle), rep in owners.items():
        if lead not in in_crm:
            continue
        key = f"crm-set-owner-{lead}-{cycle}-regrouped-{numbers[lead, cycle]}"
        enqueue_effect(
            connection,
            target="crm",
            operation="set_owner",
            payload={"owner_id": rep, "idempotency_key": f"{installation[0] if installation else ''}-{key}"},
            idempotency_key=key,
            lead_id=lead,
            now=now,
        )
