"""The tasks of keep_house: old rows and old runs are deleted."""

import json
import logging
import os
import subprocess
import sys
from datetime import timedelta

from leadops.errors import TransientError
from leadops.housekeeping import old_rows
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.retention import OLD_ROWS

log = logging.getLogger(__name__)

#: What is not done after so long is left for the next night.
LONGEST_PURGE, LONGEST_CLEAN = timedelta(minutes=20), timedelta(minutes=40)
AIRFLOW_DATABASE = "LEADOPS_AIRFLOW_DATABASE_URL"


def purge(run: TaskRun) -> Counts:
    """Delete rows of leadops' own tables that are older than retention.yaml says."""
    until = run.clock() + LONGEST_PURGE
    with run.open_database() as connection:
        return old_rows.purge(
            connection,
            OLD_ROWS,
            run.config.retention.tables.model_dump(),
            now=run.clock(),
            is_over=lambda: run.clock() >= until,
        )


def clean_airflow(run: TaskRun) -> Counts:  # noqa: ARG001  # every task takes its run
    """Delete old runs of these DAGs from Airflow's database, and their logs, as retention.yaml says."""
    url = os.environ.get(AIRFLOW_DATABASE, "")
    if not url:
        log.warning("%s is not set: Airflow's old runs and logs stay", AIRFLOW_DATABASE)
        return {}
    program = [sys.executable, "-m", "leadops.orchestration.clean_airflow"]
    env = os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    try:
        done = subprocess.run(
            program,
            env=env,
            capture_output=True,
            text=True,
            timeout=LONGEST_CLEAN.total_seconds(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TransientError("cleaning Airflow's database takes too long; the next night goes on") from None
    if done.returncode:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        raise TransientError(f"cleaning Airflow's database failed: {reason.split(':')[0][:200]}")
    counts: Counts = json.loads(done.stdout.splitlines()[-1])
    return counts
