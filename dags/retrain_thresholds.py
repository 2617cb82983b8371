"""Every day: what a lead is worth, and from which score on, and how soon, salespeople get in touch."""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import training
from leadops.orchestration.approval import ThresholdApproval
from leadops.orchestration.defaults import daily_dag


@dag(**daily_dag(tags=["every-day", "scoring", "sales"], cron="30 3 * * *", waits=training.ANSWER_WITHIN))
def retrain_thresholds() -> None:
    """
    ### As many leads as salespeople can work on

    **What**: trains the model and gives its points to the leads; looks whether the last change of the
    threshold proved bad and takes it back then; works out the threshold and the SLA target that give the most
    SQLs under the salespeople's time, from what became of earlier leads; and puts them into force. Each day
    is one row of `lifecycle.thresholds` with its reason. A step over the
    limit of `thresholds.yaml` waits for a human. **When**: 03:30 of the company's zone, once `refresh_funnel`
    has built the day. **Connections**: none but `LEADOPS_DATABASE_URL`; `check_alerts` announces in Slack
    that a human is asked, that a change was taken back, and that a feature was refused.

    **When approve waits**: *Required actions* on the run's page shows the change and what it would bring.
    `Approve` puts it into force, `Reject` keeps what holds. Without an answer within 12 hours it is kept, and
    the next day asks again if it still pays.

    **When it is red**
    - *check_funnel*: `refresh_funnel` has not built the day. Mend that first; this one tries for an hour.
    - *retrain*: a setting is wrong; the log names it. The model in effect stays. (A feature that has seen
      the future makes nothing red: the model does without it, and the incident `feature_refused` names it.)
    - *another task*: read the log below *Task failed with exception*. The threshold in force stays in force;
      clear the task when the cause is mended. Done twice, a day gives the same row and changes nothing twice.
    - *a wrong threshold is in force*: `leadops thresholds show` says which and why. A new version in
      `kpi.yaml` begins with its own total.

    **Backfill**: works days of the past out again, for the record: only the last whole day is put into force.
    Give `--from-date` and `--to-date` with the offset of the company's zone (`2026-05-01T00:00+09:00`):
    Airflow reads a date alone as midnight in UTC, and a day at one end would be missing.
    """

    @task(retries=30, retry_delay=timedelta(minutes=2))
    @database_errors_in_one_line()
    def check_funnel() -> str:
        """Wait until the funnel of the day is built."""
        return training.check_funnel(get_current_context())

    @task
    @database_errors_in_one_line()
    def retrain() -> dict[str, Any]:
        """Train the model on what became of earlier leads; it takes over only where it is better."""
        return training.retrain(get_current_context())

    @task
    @database_errors_in_one_line()
    def points() -> dict[str, Any]:
        """Give each active lead the points of the model in effect."""
        return training.points()

    @task
    @database_errors_in_one_line()
    def guard() -> dict[str, Any]:
        """Take the last change back where leads wait longer or become SQL less often since."""
        return training.guard(get_current_context())

    @task
    @database_errors_in_one_line()
    def propose() -> dict[str, Any]:
        """Work out whether threshold and SLA target should change, and why."""
        return training.propose(get_current_context())

    approve = ThresholdApproval(
        task_id="approve",
        subject="Change the threshold of {{ ti.xcom_pull(task_ids='propose')['day'] }}?",
        body="{{ ti.xcom_pull(task_ids='propose')['reason'] }}",
        defaults="Reject",
        response_timeout=training.ANSWER_WITHIN,
        doc_md="Ask a human about a step over the limit; skipped where there is none.",
    )

    @task(trigger_rule="none_failed")
    @database_errors_in_one_line()
    def apply() -> dict[str, Any]:
        """Put the proposal into force where it is to be."""
        return training.apply(get_current_context())

    proposed = propose()
    check_funnel() >> retrain() >> points() >> proposed
    guard() >> proposed >> approve >> apply()


retrain_thresholds()
