"""Every day: the model, the threshold from which a lead goes to sales, and the SLA target."""

from datetime import timedelta

from airflow.sdk import dag

from leadops.orchestration.approval import ThresholdApproval
from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import thresholds, training

ANSWER_WITHIN = thresholds.ANSWER_WITHIN


@dag(**daily_dag(tags=["every-day", "scoring", "sales"], cron="30 3 * * *", waits=ANSWER_WITHIN))
def retrain_thresholds() -> None:
    """
    ### As many leads as salespeople can work on

    **What**: trains the model and gives its points to the leads; checks whether a watched change of the
    threshold proved bad, and reverts it if so; finds, from the outcomes of earlier leads, the threshold and
    the SLA target that give the most SQLs for the salespeople's time; and activates them. Each day is one row
    of `lifecycle.thresholds` with its reason. A step over the limit of `thresholds.yaml` waits for a human.
    **When**: 03:30 of the company's zone, once `refresh_funnel` has built the day. **Connections**: only
    `LEADOPS_DATABASE_URL`; `check_alerts` announces in Slack that a human is asked, that a change was
    reverted, and that a feature was refused.

    **When approve waits**: *Required actions* on the run's page shows the change and its expected effect.
    `Approve` activates it, `Reject` keeps the present threshold. Without an answer within 12 hours the
    threshold stays; the next nights do not ask again, and go towards it by steps within the limit. Without
    Airflow's page: `leadops thresholds approve` and `leadops thresholds apply`, or
    `leadops thresholds reject`.

    **When it is red**
    - *check_funnel*: `refresh_funnel` has not built the day. Fix that first; this task retries for an hour.
    - *retrain*: a setting is wrong; the log names it. The model in effect stays. (A feature that looks like
      target leakage makes nothing red: it is left out, and the incident `feature_refused` names it.)
    - *another task*: read the log below *Task failed with exception*. The active threshold stays active. Fix
      the cause, then clear the task. Re-running a day gives the same row and changes nothing twice.
    - *the active threshold is wrong*: `leadops thresholds show` says which it is and why;
      `leadops thresholds revert --reason "…"` takes the last change back. A new version in `kpi.yaml` begins
      with its own total.

    **Backfill**: computes past days again, for the record: only the last whole day is activated. Give
    `--from-date` and `--to-date` with the offset of the company's zone (`2026-05-01T00:00+09:00`): Airflow
    reads a bare date as midnight UTC, and a day at one end would be missing.
    """
    check_funnel = leadops_task(training.check_funnel, retries=30, retry_delay=timedelta(minutes=2))()
    retrain, points = leadops_task(training.retrain)(), leadops_task(training.points)()
    evaluate_rollback = leadops_task(thresholds.evaluate_rollback)()
    propose = leadops_task(thresholds.propose)()
    approve = ThresholdApproval(
        task_id="approve",
        subject="Change the threshold of {{ ti.xcom_pull(task_ids='propose')['day'] }}?",
        body="{{ ti.xcom_pull(task_ids='propose')['reason'] }}",
        defaults="Reject",
        response_timeout=ANSWER_WITHIN,
        doc_md="Ask a human about a step over the limit; skipped if there is none.",
    )
    apply = leadops_task(thresholds.apply, trigger_rule="none_failed")()

    check_funnel >> retrain >> points >> propose
    evaluate_rollback >> propose >> approve >> apply


retrain_thresholds()
