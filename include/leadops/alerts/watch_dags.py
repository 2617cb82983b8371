"""Have DAGs that failed come to a good end since?"""

from leadops.alerts.findings import Finding
from leadops.db import Connection, load_sql

DAG_KINDS = ("dag_failed", "run_missed_deadline")


def watch_dags(connection: Connection) -> list[Finding]:
    """Return a good finding for each open incident of a DAG that has succeeded after its last failure."""
    rows = connection.execute(
        load_sql("leadops.alerts", "list_dag_successes"), {"kinds": list(DAG_KINDS)}
    ).fetchall()
    return [Finding(kind, subject, "good", succeeded_at) for kind, subject, succeeded_at in rows]
