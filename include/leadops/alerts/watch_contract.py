"""Does kpi.yaml still say what was agreed for the quarters that are frozen?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_contract(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find the frozen quarters that kpi.yaml changes, as the minute run noted them; one finding a quarter."""
    kind = KINDS["contract_changed"]
    wrong = [
        Finding(kind.name, kind.form_subject(facts), "wrong", found_at, facts)
        for found_at, facts in connection.execute(
            load_sql("leadops.alerts", "list_frozen_changes")
        ).fetchall()
    ]
    return [*wrong, *find_ended({kind.name}, open_now=open_now, wrong=wrong, now=now)]
