"""Every night: does the MA have the scores that the ledger gives?"""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import nightly
from leadops.orchestration.defaults import daily_dag


@dag(**daily_dag(tags=["every-day", "delivery"], cron="30 4 * * *"))
def audit_scores() -> None:
    """
    ### Does the MA have the scores that the ledger gives?

    **What**: reads the score of every lead in the MA and compares it with the ledger, which is right. A few
    that differ, because somebody changed them in the MA, are put right by a correction; how many in a night
    is set in `delivery.yaml`. Where more differ nothing is changed, and the incident `audit_differences`
    says so. **When**: at 4:30 of the company's zone. **Connections**: `leadops_ma` and
    `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. An MA that cannot be read makes it
    red; nothing was changed that is not right, and the next run compares everything anew. `leadops audit`
    compares by hand and changes nothing, `leadops audit --heal` does what this does. What was found each
    night is in `delivery.audits`, each correction in `delivery.heals`.

    **Backfill**: of no use. It compares what is now.
    """

    @task
    @database_errors_in_one_line()
    def audit() -> dict[str, Any]:
        """Compare every score in the MA with the ledger; put a few right, tell of many."""
        return nightly.audit(get_current_context())

    audit()


audit_scores()
