"""Does the model do without a feature that seems to know the future?"""

from collections.abc import Set
from datetime import datetime

from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import KINDS
from leadops.db import Connection, load_sql


def watch_training(connection: Connection, *, open_now: Set[Key], now: datetime) -> list[Finding]:
    """Find the features that the newest training refused; each is over when a training does not refuse it."""
    kind = KINDS["feature_refused"]
    wrong = [
        Finding(kind.name, kind.form_subject(facts), "wrong", decided_at, facts)
        for decided_at, facts in connection.execute(
            load_sql("leadops.alerts", "list_refused_features")
        ).fetchall()
    ]
    return [*wrong, *find_ended({kind.name}, open_now=open_now, wrong=wrong, now=now)]
