"""Whose the CRM's ids are, for leads of an export that the CRM has had all along."""

from collections.abc import Collection, Sequence
from datetime import datetime

from leadops.db import Connection, load_sql


def find_linked_leads(connection: Connection, crm_ids: Collection[str]) -> dict[str, int]:
    """Return the lead_id of each of `crm_ids` that is known to mean a lead."""
    rows = connection.execute(load_sql("leadops.lifecycle", "find_linked"), {"ids": sorted(set(crm_ids))})
    return {str(crm_id): int(lead) for crm_id, lead in rows}


def link_leads(connection: Connection, leads: Sequence[tuple[int, str]], *, now: datetime) -> None:
    """Let the CRM's activities of each (lead_id, CRM id) count as the lead's; a known link stays."""
    connection.execute(
        load_sql("leadops.lifecycle", "link_history"),
        {"leads": [lead for lead, _ in leads], "ids": [crm_id for _, crm_id in leads], "now": now},
    )
