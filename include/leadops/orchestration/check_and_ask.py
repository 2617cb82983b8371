"""The task `check` of Airflow: the checks, and an event that starts a run where a human has to be asked."""

from airflow.sdk import Asset, AssetAlias, get_current_context

from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.orchestration.tasks import changes, checks

#: A change waits: the DAG approve_changes runs for it. The alias makes it an event only where one waits.
QUESTION, QUESTION_ALIAS = Asset("leadops_change_waits"), AssetAlias("leadops_changes")


def check(run: TaskRun) -> Counts:
    """Read every settings file, weigh what changed, ask the CDP for its lag, run every check.

    The incidents are up to date afterwards. Where a change waits for a human, `approve_changes` starts.
    """
    counts = checks.check(run)
    if changes.announce(run):
        get_current_context()["outlet_events"][QUESTION_ALIAS].add(QUESTION)
    return counts
