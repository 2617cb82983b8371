"""Every night: does the MA have the scores that the ledger gives?"""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import nightly


@dag(**daily_dag(tags=["every-day", "delivery"], cron="30 4 * * *"))
def audit_scores() -> None:
    """
    ### Does the MA have the scores that the ledger gives?

    **What**: reads the score of every lead in the MA and compares it with the ledger, which is right. If only
    a few differ, because somebody changed them in the MA, it corrects them; `delivery.yaml` sets how many in
    a night. If more differ it changes nothing and opens the incident `audit_differences`. **When**: at 04:30
    of the company's zone. **Connections**: `leadops_ma` and `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. The usual cause is an MA that cannot
    be read. Nothing wrong was written; the next run compares everything again. `leadops audit` compares by
    hand and changes nothing; `leadops audit --correct` does what this DAG does. Each night's result is in
    `delivery.audits`, each correction in `delivery.score_corrections`.

    **Backfill**: of no use. It compares the present state.
    """
    leadops_task(nightly.audit)()


audit_scores()
