"""Which leads' points other settings for acts of machines would change, without changing them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg

from leadops.db import Connection
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries
from leadops.scoring.active_rules import is_active
from leadops.scoring.decay import compute_decay, read_decayed_until
from leadops.scoring.differences import (
    classify_members,
    compute_differences,
    find_last_touched,
    list_members,
    prepare_tables,
)
from leadops.scoring.ledger import lock_ledger
from leadops.scoring.preview import ScorePreview, collect_changes
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__, topic="preview")

#: Leads in one transaction: few enough that what happens now is scored in between.
CHUNK_LEADS = 2_000


def preview_machines(
    connection: Connection,
    *,
    machines: MachineSettings,
    rules: RuleSet,
    zone: ZoneInfo,
    since: datetime,
    now: datetime,
    max_leads: int,
    chunk_leads: int = CHUNK_LEADS,
) -> ScorePreview:
    """Classify the acts of all leads with acts since `since` (UTC) by `machines`, and score these leads.

    Lists the first `max_leads` leads that would change and counts all. Each chunk of leads is one transaction
    that holds the ledger and is rolled back: nothing is written. Call it outside a transaction. Raises
    TransientError when another writer holds the ledger for too long.
    """
    preview = ScorePreview(rules_change=not is_active(connection, rules=rules, zone=zone))
    after: int | None = 0
    while after is not None:
        with connection.transaction() as transaction:
            lock_ledger(connection)
            prepare_tables(connection)
            queries.run(connection, "touch_leads_with_acts", since=since, after=after, chunk_size=chunk_leads)
            after = find_last_touched(connection)
            list_members(connection)
            classify_members(connection, machines, now=now)
            preview.leads += compute_differences(connection, rules=rules, zone=zone)
            compute_decay(connection, rules=rules, zone=zone, decayed_until=read_decayed_until(connection))
            collect_changes(connection, preview, rules=rules, max_leads=max_leads)
            raise psycopg.Rollback(transaction)
    return preview
