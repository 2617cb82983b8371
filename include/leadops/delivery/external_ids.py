"""What a target calls leads that it had before leadops asked it for them."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection, load_sql


def register_external_ids(
    connection: Connection, *, target: str, leads: Sequence[tuple[int, str]], now: datetime
) -> None:
    """Record (lead_id, id in `target`) of each; what is known of a lead already stays."""
    connection.execute(
        load_sql("leadops.delivery", "know_leads"),
        {
            "target": target,
            "leads": [lead for lead, _ in leads],
            "ids": [external for _, external in leads],
            "now": now,
        },
    )
