"""Every minute: run every check, and bring Slack in line with the incidents."""

from airflow.sdk import TriggerRule, dag

from leadops.orchestration import check_and_ask
from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import checks


@dag(**minute_dag(tags=["every-minute", "watch"]))
def check_alerts() -> None:
    """
    ### Is anything wrong?

    **What**: weighs changed settings (and starts `approve_changes` where a human has to decide), asks the CDP
    for its lag, runs every check (SLA clocks, queues, deliveries, dead letters, the funnel, training …),
    records incidents, and brings Slack and PagerDuty up to date: one problem, one message. **When**: every
    minute. **Connections**: `leadops_cdp`, `leadops_slack`, `leadops_pagerduty` if there is one, and
    `LEADOPS_DATABASE_URL`.

    **When it is red**
    - *check red*: no new incident opens. `notify` still runs, so Slack shows what is on record, this failure
      included. Read the log below *Task failed with exception*; usually the database does not answer.
    - *notify red*: on-call gets no messages. `leadops incidents list` shows what is on record; the messages
      follow with the next good run.
    - *green, and the incident `check_failed` is open*: one check is broken and the others run. Its
      [page](docs/runbooks/check_failed.md) says what to do.

    A CDP, MA, CRM, Slack or PagerDuty that is down does not make this DAG red. By hand: `leadops check`,
    `leadops notify`.
    """
    check = leadops_task(check_and_ask.check, outlets=[check_and_ask.QUESTION_ALIAS])()
    notify = leadops_task(checks.notify, trigger_rule=TriggerRule.ALL_DONE)()

    check >> notify


check_alerts()
